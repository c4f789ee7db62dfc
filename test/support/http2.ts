/** HTTP/2 for tests: node's own client for what is well-formed, and frames by hand for what is not. */
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import type { TestContext } from 'node:test';
import tls, { type TLSSocket } from 'node:tls';
import type { KeyPair } from '../../src/config/certificate.ts';
import { makeCertificate } from './certificate.ts';
import { findProgram, skipFor } from './needs.ts';
import type { Origin, Script } from './origin.ts';
import { type ProxyOptions, start, type TestProxy } from './proxy.ts';

let keyPair: KeyPair | undefined;

/** A certificate for 127.0.0.1, made once a process; null (and the test skipped) where openssl is missing. */
export function testKeyPair(t: TestContext): KeyPair | null {
  const openssl = findProgram('openssl');
  if (skipFor(t, openssl === null ? 'no openssl here' : null)) return null;
  keyPair ??= makeCertificate(openssl!, 'IP:127.0.0.1');
  return keyPair;
}

export type TlsStart = { origin: Origin; proxy: TestProxy; port: number; keyPair: KeyPair };

/** As `start`, over TLS. */
export async function startTls(
  t: TestContext,
  script?: Script | string,
  options?: ProxyOptions,
): Promise<TlsStart | null> {
  const pair = testKeyPair(t);
  if (pair === null) return null;
  return { ...(await start(t, script, { keyPair: pair, ...options })), keyPair: pair };
}

/** A session that ends with the test; its errors are the test's to see in what its streams do. */
export function connectHttp2(
  t: TestContext,
  port: number,
  settings: http2.Settings = {},
): ClientHttp2Session {
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, settings });
  session.on('error', () => {});
  t.after(() => session.destroy());
  return session;
}

export type Http2Answer = {
  status: number;
  headers: IncomingHttpHeaders;
  /** Flat, as they came. */
  raw: string[];
  body: Buffer;
  text: string;
  trailers: IncomingHttpHeaders;
  informational: IncomingHttpHeaders[];
};

/** Sends a request and reads its whole answer; rejects where the stream was reset. */
export function ask(
  session: ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders = {},
  body: Buffer | string | null = null,
): Promise<Http2Answer> {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: body === null });
  const answer = answerOf(stream);
  if (body !== null) stream.end(body);
  return answer;
}

export function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  const informational: IncomingHttpHeaders[] = [];
  let head: { headers: IncomingHttpHeaders; raw: string[] } = { headers: {}, raw: [] };
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('headers', (headers) => informational.push(headers));
  stream.on('response', (headers, _flags, raw) => {
    head = { headers, raw: raw as unknown as string[] };
  });
  stream.on('trailers', (headers) => {
    trailers = headers;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('close', () => {
      if (stream.rstCode !== 0) return reject(new Error(`reset with ${stream.rstCode}`));
      if (!stream.readableEnded) return reject(new Error('the stream closed before its end'));
      const body = Buffer.concat(chunks);
      const status = Number(head.headers[':status']);
      resolve({ status, ...head, body, text: body.toString('latin1'), trailers, informational });
    });
  });
}

export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const ENHANCE_YOUR_CALM = 0xb;

/** RFC 9113 §4.1. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literals without indexing (RFC 7541 §6.2.2), names and values up to 16,510 bytes. */
export function headerBlock(headers: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const rest = bytes.length - 127;
  const length = rest < 128 ? [127, rest] : [127, (rest & 127) | 128, rest >> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
}

export const GET_HEADERS = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a'],
  [':path', '/'],
] as const;

export type FrameClient = {
  readonly socket: TLSSocket;
  send(...bytes: Buffer[]): void;
  /** Resolves with the error code of the GOAWAY that came. */
  goaway(): Promise<number>;
  /** Resolves with the error code of the stream's RST_STREAM. */
  reset(stream: number): Promise<number>;
  /** Resolves with the payload of the stream's first HEADERS. */
  headers(stream: number): Promise<Buffer>;
  ended(): Promise<void>;
};

/** A connection that has chosen h2 and sent its preface and empty settings. */
export async function connectFrames(
  t: TestContext,
  port: number,
  options: { allowHalfOpen?: boolean } = {},
): Promise<FrameClient> {
  const address = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket = tls.connect({ ...address, ALPNProtocols: ['h2'], ...options } as tls.ConnectionOptions);
  t.after(() => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  const frames: { type: number; stream: number; payload: Buffer }[] = [];
  const waiting = new Set<() => void>();
  let bytes: Buffer = Buffer.alloc(0);
  let ended = false;
  const changed = () => {
    for (const check of [...waiting]) check();
  };
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const length = bytes.readUIntBE(0, 3);
      const payload = bytes.subarray(9, 9 + length);
      frames.push({ type: bytes[3]!, stream: bytes.readUInt32BE(5), payload });
      bytes = bytes.subarray(9 + length);
    }
    changed();
  });
  const end = () => {
    ended = true;
    changed();
  };
  socket.on('error', end).on('close', end).on('end', end);

  function wait<T>(read: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        waiting.delete(check);
        settle();
      };
      const seen = () => frames.map(({ type, stream }) => `${type}/${stream}`).join(' ');
      const timer = setTimeout(() => finish(() => reject(new Error(`no ${what}; had ${seen()}`))), 10_000);
      const check = () => {
        const value = read();
        if (value !== undefined) finish(() => resolve(value));
        else if (ended) finish(() => reject(new Error(`the end instead of ${what}; had ${seen()}`)));
      };
      waiting.add(check);
      check();
    });
  }
  const payloadOf = (type: number, stream: number) =>
    frames.find((one) => one.type === type && one.stream === stream)?.payload;

  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)]));
  return {
    socket,
    send: (...parts) => void socket.write(Buffer.concat(parts)),
    goaway: () => wait(() => payloadOf(FRAME.goaway, 0)?.readUInt32BE(4), 'GOAWAY'),
    reset: (stream) => wait(() => payloadOf(FRAME.reset, stream)?.readUInt32BE(0), 'RST_STREAM'),
    headers: (stream) => wait(() => payloadOf(FRAME.headers, stream), 'HEADERS'),
    ended: () => wait(() => (ended ? true : undefined), 'end').then(() => {}),
  };
}
