/** The room with small but real neighbours, a client that remembers what it got, and visits to pages. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import type { Exchange } from '../../src/http/exchange.ts';
import { headerValue, type RawHeaders } from '../../src/http/raw-headers.ts';
import type { ResponseHead, ResponseWriter } from '../../src/http/response-writer.ts';
import {
  createInject,
  type Inject,
  type InjectDeps,
  type InjectOptions,
  type ServedDocument,
} from '../../src/inject/inject.ts';

export const SCRIPT = 'var tracker = 1 < 2 && "$& \\u2603";';
const SECRET = 'a secret of at least thirty-two characters';
const hmac = (text: string) => createHmac('sha256', SECRET).update(text).digest();

export const OPTIONS: InjectOptions = {
  script: SCRIPT,
  pathPrefix: '',
  collectUrl: '',
  identity: 'visitor',
  trackHash: false,
  frames: false,
  consentRequired: false,
  injectAt: 'tail',
  tracking: true,
  injectPaths: [],
  injectExclude: [],
  bufferBytes: 256 << 10,
  vary: true,
  debugHeaders: false,
  csp: 'edit',
  documentEvents: 'all',
};

export type TestRoom = {
  readonly inject: Inject;
  readonly documents: ServedDocument[];
  readonly outcomes: string[];
  readonly faults: string[];
  readonly logged: string[];
  /** Milliseconds of the room's clock. */
  readonly clock: { ms: number };
};

export function createTestRoom(
  options: Partial<InjectOptions> = {},
  deps: Partial<InjectDeps> = {},
): TestRoom {
  const clock = { ms: 1_000 };
  const documents: ServedDocument[] = [];
  const outcomes: string[] = [];
  const faults: string[] = [];
  const logged: string[] = [];
  const inject = createInject(
    { ...OPTIONS, ...options },
    {
      clock: { monotonic: () => clock.ms },
      randomBytes,
      newDocumentId: () => `0197${randomUUID().slice(4)}`,
      newSessionId: () => randomUUID(),
      mintPage(ipKey, documentId) {
        const token = Buffer.concat([Buffer.from(documentId), hmac(`ip:${ipKey}`).subarray(0, 8)]).toString(
          'base64url',
        );
        return { token, key: hmac(`key:${token}`).toString('base64url'), now: 1_700_000_000_000, ttl: 3600 };
      },
      documentProof: (id, ipKey) => `${id}.${hmac(`${id}.${ipKey}`).toString('base64url').slice(0, 11)}`,
      sessionOf: () => null,
      consentOf: () => ({ analytics: 'unknown', security: 'unknown' }),
      recordDocument: (document) => void documents.push(document),
      metrics: {
        injections: { inc: ({ outcome }) => void outcomes.push(outcome) },
        faults: { inc: ({ room }) => void faults.push(room) },
      },
      log: { error: (_fields, message) => void logged.push(message) },
      ...deps,
    },
  );
  return { inject, documents, outcomes, faults, logged, clock };
}

/** Time goes by in the room, a turn of the event loop each millisecond; for tests that mock setTimeout. */
export function pass(t: TestContext, { clock }: TestRoom, ms: number): void {
  for (let passed = 0; passed < ms; passed++) {
    clock.ms += 1;
    t.mock.timers.tick(1);
  }
}

/** The end of the chain: keeps what it got, and checks that it got it in order. */
export class Client implements ResponseWriter {
  gotHead: ResponseHead | null = null;
  readonly chunks: Buffer[] = [];
  trailers: RawHeaders = [];
  state: 'open' | 'ended' | 'aborted' = 'open';
  /** It takes no more: `data` returns false until `drain`. */
  full = false;
  #resume: () => void = () => {};
  readonly #over = Promise.withResolvers<void>();

  onDrain(resume: () => void): void {
    this.#resume = resume;
  }

  head(head: ResponseHead): void {
    if (this.gotHead !== null || this.state !== 'open') throw new Error('a second head');
    this.gotHead = { ...head, headers: [...head.headers] };
  }

  data(chunk: Buffer): boolean {
    if (this.gotHead === null || this.state !== 'open') throw new Error('data at the wrong time');
    if (chunk.length === 0) throw new Error('an empty chunk');
    this.chunks.push(Buffer.from(chunk));
    return !this.full;
  }

  isHolding(): boolean {
    return this.full;
  }

  end(trailers: RawHeaders): void {
    if (this.gotHead === null || this.state !== 'open') throw new Error('end at the wrong time');
    this.trailers = trailers;
    this.state = 'ended';
    this.#over.resolve();
  }

  abort(): void {
    this.state = 'aborted';
    this.#over.resolve();
  }

  drain(): void {
    this.full = false;
    this.#resume();
  }

  /** When the response has ended or was cut. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  header(name: string): string | undefined {
    return headerValue(this.gotHead?.headers ?? [], name.toLowerCase());
  }
}

export type Request = {
  method?: string;
  target?: string;
  headers?: RawHeaders;
  scheme?: 'http' | 'https';
  host?: string;
};

/** As a browser sends it for a page that it is about to show. */
export const NAVIGATION: RawHeaders = [
  'Accept-Encoding',
  'gzip, deflate, br, zstd',
  'Sec-Fetch-Dest',
  'document',
  'Sec-Fetch-Mode',
  'navigate',
];

export function exchangeOf({
  method = 'GET',
  target = '/p?x=1',
  headers = NAVIGATION,
  ...rest
}: Request = {}): Exchange & { clientRes: ServerResponse } {
  const clientReq = { method, url: target, rawHeaders: headers } as IncomingMessage;
  return {
    clientReq,
    clientRes: new EventEmitter() as ServerResponse,
    address: { ip: '203.0.113.7', ipKey: '203.0.113.7', peer: '203.0.113.7', peerTrusted: false },
    requestId: 'request-1',
    receivedAt: 1_700_000_000_000,
    scheme: rest.scheme ?? 'https',
    host: rest.host ?? 'shop.example',
  };
}

export type Visit = {
  readonly exchange: ReturnType<typeof exchangeOf>;
  readonly client: Client;
  readonly writer: ResponseWriter;
  /** What the origin was sent. */
  readonly originHeaders: RawHeaders;
  /** How often the origin was told to go on. */
  readonly resumed: { times: number };
};

/** Up to where the origin has to answer. */
export function ask(room: TestRoom, request: Request = {}): Visit {
  const exchange = exchangeOf(request);
  const originHeaders = [...exchange.clientReq.rawHeaders];
  const client = new Client();
  const writer = room.inject.begin(exchange, originHeaders)?.wrap(client) ?? client;
  const resumed = { times: 0 };
  writer.onDrain(() => resumed.times++);
  return { exchange, client, writer, originHeaders, resumed };
}

export type Answer = {
  status?: number;
  headers?: RawHeaders;
  chunks?: readonly (string | Buffer)[];
  trailers?: RawHeaders;
};

export const HTML: RawHeaders = ['Content-Type', 'text/html; charset=utf-8'];
export const PAGE =
  '<!doctype html><html><head><title>t</title></head><body><p>hello</p>\n</body>\n</html>\n';

export function headOf({ status = 200, headers = HTML }: Answer = {}): ResponseHead {
  return { status, reason: 'OK', headers: [...headers] };
}

/** The origin answers all at once. */
export function answer(visit: Visit, { chunks = [PAGE], trailers = [], ...head }: Answer = {}): Visit {
  visit.writer.head(headOf(head));
  for (const chunk of chunks) visit.writer.data(Buffer.from(chunk));
  visit.writer.end(trailers);
  return visit;
}

export const visit = (room: TestRoom, request: Request = {}, response: Answer = {}): Visit =>
  answer(ask(room, request), response);

const SNIPPET =
  /(<img src="\/\/[^"]*" width="1" height="1" alt="" hidden>)?<script([^>]*)>var tracker = 1 < 2 && "\$& \\u2603";<\/script>/g;

export type Taken = {
  /** The page without our run. */
  readonly page: string;
  /** Where it stood. */
  readonly at: number;
  readonly img: string | null;
  readonly attributes: ReadonlyMap<string, string>;
};

/** Takes our one run out of a page; null where there is none. */
export function takeSnippet(body: Buffer | string): Taken | null {
  const text = typeof body === 'string' ? body : body.toString('latin1');
  const found = [...text.matchAll(SNIPPET)];
  if (found.length === 0) return null;
  if (found.length > 1) throw new Error('two snippets');
  const [whole, img, attributes] = found[0]! as unknown as [string, string | undefined, string];
  const at = found[0]!.index;
  return {
    page: text.slice(0, at) + text.slice(at + whole.length),
    at,
    img: img ?? null,
    attributes: new Map(
      [...attributes.matchAll(/ ([a-z-]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name!, value ?? '']),
    ),
  };
}
