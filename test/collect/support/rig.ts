/** A real http server with collect in it; time, journal and settings belong to the test. */
import { randomUUID, randomUUIDv7 } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AppendOutcome } from '../../../src/collect/append-outcome.ts';
import { type Collect, createCollect } from '../../../src/collect/collect.ts';
import type { CollectOptions } from '../../../src/collect/parts.ts';
import { createEnrich } from '../../../src/enrich/enrich.ts';
import type { Envelope } from '../../../src/event/envelope.ts';
import { NO_EXCLUSIONS } from '../../../src/event/exclude.ts';
import { createResolveAddress } from '../../../src/http/client-address.ts';
import type { Exchange } from '../../../src/http/exchange.ts';
import type { BodyReader } from '../../../src/http/read-body.ts';
import { createPrivacy, type PrivacyOptions } from '../../../src/privacy/privacy.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createTokens, type Tokens } from '../../../src/token/tokens.ts';
import { type Answer, type RequestText, request } from './raw-request.ts';
import { type Issued, type SignOptions, sign } from './signer.ts';

export const SECRET = 'a secret of the tests, 32 characters at least';
export const START = Date.UTC(2026, 10, 21, 10, 0, 0);

export type RigSettings = {
  options?: Partial<CollectOptions>;
  privacy?: Partial<PrivacyOptions>;
  secrets?: { kid: string; secret: string }[];
  ttlSeconds?: number;
  secure?: boolean;
  tokens?: (tokens: Tokens) => Tokens;
  bodies?: BodyReader;
};

export type Rig = {
  port: number;
  collect: Collect;
  tokens: Tokens;
  /** Every event in the journal, parsed. */
  events: Envelope[];
  /** Moves the clocks, milliseconds. */
  advance(ms: number): void;
  now(): number;
  journal: { outcome: AppendOutcome | Error; fill: number; held: (() => void)[] | null };
  state: { draining: boolean };
  faults: unknown[];
  /** The value of a counter, all labels together or one. */
  count(
    metric: 'accepted' | 'duplicates' | 'rejections' | 'drops' | 'faults',
    label?: string,
  ): Promise<number>;
  /** A signed POST from an address. */
  post(body: unknown, settings?: PostSettings): Promise<Answer>;
  send(text: RequestText): Promise<Answer>;
  hello(ip?: string): Promise<Issued>;
  close(): Promise<void>;
};

export type PostSettings = {
  issued?: Issued;
  ip?: string;
  path?: string;
  header?: string;
  headers?: [string, string][];
  sign?: SignOptions;
};

export const SCRIPTS = { 'hmac.js': 'hmac', 'pixel.js': 'pixel', 'pixel.esm.js': 'esm' };
export const IP = '203.0.113.42';
const json: [string, string] = ['Content-Type', 'application/json'];

export async function createRig(settings: RigSettings = {}): Promise<Rig> {
  let offset = 0;
  const clock = { now: () => START + offset, monotonic: () => offset };
  const metrics = createMetrics({ processMetrics: false });
  const own = createTokens(
    { secrets: settings.secrets ?? [{ kid: '0', secret: SECRET }], ttlSeconds: settings.ttlSeconds ?? 3_600 },
    { clock, uuidV7: randomUUIDv7 },
  );
  const tokens = settings.tokens?.(own) ?? own;
  const journal: Rig['journal'] = { outcome: { ok: true }, fill: 0, held: null };
  const state = { draining: false };
  const events: Envelope[] = [];
  const faults: unknown[] = [];

  async function append(records: readonly Buffer[]): Promise<AppendOutcome> {
    if (journal.held !== null) await new Promise<void>((go) => journal.held!.push(go));
    const { outcome } = journal;
    if (outcome instanceof Error) throw outcome;
    if (outcome.ok) for (const record of records) events.push(JSON.parse(record.toString('utf8')));
    return outcome;
  }

  const privacy = createPrivacy({
    mode: 'optional',
    cookie: null,
    respectGpc: true,
    respectDnt: true,
    scrub: true,
    ipHashSecret: undefined,
    ipHashDaily: false,
    userIdSecret: 'the key of user ids',
    ...settings.privacy,
  });
  const collect = createCollect(
    {
      tracking: true,
      collectPath: '/collect',
      maxBodyBytes: 2 ** 20,
      ipBinding: 'soft',
      hmacRequire: 'any',
      ingestToken: null,
      corsOrigins: [],
      rates: { collect: 0, hello: 0, pixel: 0, document: 0 },
      exclusions: NO_EXCLUSIONS,
      ...settings.options,
    },
    {
      clock,
      uuidV4: randomUUID,
      uuidV7: randomUUIDv7,
      tokens,
      privacy,
      append,
      fill: () => journal.fill,
      isDraining: () => state.draining,
      scripts: SCRIPTS,
      enrich: createEnrich({ scrubParameter: privacy.scrub.parameter }),
      ...(settings.bodies && { bodies: settings.bodies }),
      metrics,
      log: { error: (details) => void faults.push(details) },
    },
  );

  const resolve = createResolveAddress({ trust: true, clientIpHeaders: [] });
  const server = http.createServer((clientReq, clientRes) => {
    const exchange: Exchange = {
      clientReq,
      clientRes,
      address: resolve(clientReq.socket.remoteAddress, clientReq.rawHeaders),
      requestId: 'request-1',
      receivedAt: clock.now(),
      scheme: settings.secure ? 'https' : 'http',
      host: clientReq.headers.host ?? '',
    };
    if (clientReq.url === '/hmac/public-key') collect.publicKey(exchange);
    else if (clientReq.url === '/pixel.js') collect.script(exchange, 'pixel.js');
    else if (clientReq.url!.startsWith('/px.gif')) void collect.pixel(exchange);
    else if (clientReq.method !== 'OPTIONS') void collect.post(exchange);
    else if (!collect.preflight(exchange)) clientRes.writeHead(418).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;

  async function count(metric: Parameters<Rig['count']>[0], label?: string): Promise<number> {
    const { values } = await metrics[metric].get();
    return values
      .filter(({ labels }) => label === undefined || Object.values(labels).includes(label))
      .reduce((sum, { value }) => sum + value, 0);
  }

  async function post(body: unknown, post: PostSettings = {}): Promise<Answer> {
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const path = post.path ?? '/page';
    const ip = post.ip ?? IP;
    const issued = post.issued ?? tokens.mintHello(ip);
    const header = post.header ?? sign(issued, bytes, { path, ...post.sign });
    const headers: [string, string][] = [
      ['X-Forwarded-For', ip],
      ['X-GoTrack-HMAC', header],
      ...(post.headers ?? []),
    ];
    if (!headers.some(([name]) => name === 'Content-Type')) headers.push(json);
    return request(port, { path, body: bytes, headers });
  }

  async function hello(ip = IP): Promise<Issued> {
    const answer = await request(port, {
      headers: [
        ['X-GoTrack-HMAC', 'hello'],
        ['X-Forwarded-For', ip],
      ],
    });
    return answer.json as Issued;
  }

  return {
    ...{ port, collect, tokens, events, journal, state, faults, count, post, hello },
    advance(ms) {
      offset += ms;
    },
    now: clock.now,
    send: (text) => request(port, text),
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
