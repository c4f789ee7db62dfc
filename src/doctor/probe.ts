/** One request of the doctor's: on a connection of its own, bounded in time and bytes, never following anything. */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import type { RawHeaders } from '../http/raw-headers.ts';
import { errorCode, errorText } from '../lib/fs.ts';
import { readTls, type TlsFacts } from './tls-facts.ts';

/** Where to connect. */
export type Place = {
  readonly protocol: 'http:' | 'https:';
  /** A name or an address, IPv6 in brackets or not. */
  readonly hostname: string;
  readonly port: number;
  readonly socketPath?: string | undefined;
  /** Certificates (PEM) that take the place of the public ones. */
  readonly ca?: string | undefined;
  /** What we show to an origin that asks for a certificate. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
};

export type Ask = {
  readonly method: 'GET' | 'POST';
  /** Path and query, byte for byte. */
  readonly path: string;
  /** All of them, Host included. */
  readonly headers: RawHeaders;
  readonly body?: string;
  /** Local address to connect from. */
  readonly from?: string;
  /** Of the body; what is longer is cut. */
  readonly maxBytes: number;
};

export type Answered = {
  readonly ok: true;
  readonly status: number;
  readonly headers: RawHeaders;
  /** Empty where the body was cut. */
  readonly trailers: RawHeaders;
  readonly body: Buffer;
  readonly cut: boolean;
  /** The address that answered, or the socket's path; and ours. */
  readonly address: string;
  readonly localAddress: string;
  /** Milliseconds to the connection, and to the head. */
  readonly connectMs: number;
  readonly headMs: number;
  /** Epoch milliseconds when the head came. */
  readonly at: number;
  /** Null over plain TCP. A certificate that does not verify is looked at all the same, and said here. */
  readonly tls: TlsFacts | null;
};

export type FailReason = 'unresolvable' | 'refused' | 'timeout' | 'tls' | 'reset' | 'invalid';

export type Unanswered = { readonly ok: false; readonly reason: FailReason; readonly detail: string };

export type Answer = Answered | Unanswered;

/** Never rejects. */
export type Probe = (place: Place, ask: Ask) => Promise<Answer>;

export type ProbeOptions = {
  /** Of one request, from the connection to the last byte. */
  readonly timeoutMs: number;
  /** Ends everything. */
  readonly signal: AbortSignal;
};

export type ProbeDeps = { readonly clock: { now(): number; monotonic(): number } };

export function createProbe({ timeoutMs, signal }: ProbeOptions, { clock }: ProbeDeps): Probe {
  return (place, ask) =>
    new Promise((settle) => {
      const bound = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const fail = (cause: unknown) => settle(failureOf(cause, bound.aborted));
      const times = { start: clock.monotonic(), connected: clock.monotonic() };
      try {
        const request = open(place, ask, bound);
        request.once('socket', (socket) => {
          socket.once('connect', () => {
            times.connected = clock.monotonic();
          });
        });
        request.once('error', fail);
        request.once('response', (response) => {
          const { socket } = response;
          const head = {
            status: response.statusCode!,
            headers: response.rawHeaders,
            ...addressesOf(place, socket),
            connectMs: times.connected - times.start,
            headMs: clock.monotonic() - times.start,
            at: clock.now(),
            tls: place.protocol === 'https:' ? readTls(socket as TLSSocket, place.hostname) : null,
          };
          readBody(response, ask.maxBytes).then((body) => settle({ ok: true, ...head, ...body }), fail);
        });
        request.end(ask.body);
      } catch (cause) {
        fail(cause);
      }
    });
}

function open(place: Place, ask: Ask, signal: AbortSignal): http.ClientRequest {
  const hostname = place.hostname.replace(/^\[|\]$/g, '');
  const options: https.RequestOptions = {
    ...{ method: ask.method, path: ask.path, headers: ask.headers, agent: false, signal },
    ...(place.socketPath === undefined ? { hostname, port: place.port } : { socketPath: place.socketPath }),
    ...(ask.from !== undefined && { localAddress: ask.from }),
  };
  if (place.protocol === 'http:') return http.request(options);
  // What does not verify is a finding, not a reason to see nothing.
  const { ca, cert, key } = place;
  return https.request({ ...options, ca, cert, key, rejectUnauthorized: false, checkServerIdentity });
}

function addressesOf({ socketPath }: Place, socket: Socket) {
  const { remoteAddress = '', remotePort = 0, localAddress = '' } = socket;
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  return { address: socketPath ?? `${host}:${remotePort}`, localAddress };
}

type Body = Pick<Answered, 'body' | 'trailers' | 'cut'>;

function readBody(response: http.IncomingMessage, maxBytes: number): Promise<Body> {
  return new Promise((settle, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (cut: boolean) =>
      settle({ body: Buffer.concat(chunks), trailers: cut ? [] : response.rawTrailers, cut });
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= maxBytes) return;
      finish(true);
      response.destroy();
    });
    response.once('end', () => finish(false));
    response.once('error', reject);
    response.once('aborted', () => reject(new Error('the connection closed within the body')));
  });
}

const REASONS: Readonly<Record<string, FailReason>> = {
  ENOTFOUND: 'unresolvable',
  EAI_AGAIN: 'unresolvable',
  ECONNREFUSED: 'refused',
  ENOENT: 'refused',
  EACCES: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EADDRNOTAVAIL: 'refused',
  ETIMEDOUT: 'timeout',
  EPROTO: 'tls',
};

function failureOf(cause: unknown, timedOut: boolean): Unanswered {
  if (timedOut) return { ok: false, reason: 'timeout', detail: 'no whole answer in time' };
  // Of several addresses that were tried, the first says enough.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = errorCode(first) ?? '';
  const byName = code.startsWith('HPE_') ? 'invalid' : code.startsWith('ERR_SSL') ? 'tls' : 'reset';
  return { ok: false, reason: REASONS[code] ?? byName, detail: errorText(first) };
}
