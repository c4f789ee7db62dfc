import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * A small collector for the tracker's tests. It checks what arrives by the protocol's own definitions
 * (protocol: token and signature, answers) and shares no code with the server: two implementations that
 * agree by mistake would prove nothing.
 */
export type SentEvent = {
  event_id: string;
  type: string;
  ts: string;
  page: { page_id: string; seq: number; sent_at: number; [flag: string]: unknown };
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every type.
  [group: string]: any;
};

export type Post = { path: string; header: string; body: string; status: number };

export type Answer = 'ok' | 'busy' | 'lost' | 'foreign' | 'hang' | 'stale';

const SECRET = 'a secret of the tests, and at least 32 characters long';
const REPLAY_MS = 600_000;

export function createCollector() {
  const events: SentEvent[] = [];
  const posts: Post[] = [];
  const faults: string[] = [];
  const seen = new Map<string, number>();
  let answers: Answer[] = [];
  let tokenLifeS = 3600;
  let clockMs = 0;

  const now = (): number => Date.now() + clockMs;

  function issue(): { token: string; key: string; now: number; ttl: number } {
    const issuedAt = Buffer.alloc(6);
    issuedAt.writeUIntBE(now(), 0, 6);
    const token = Buffer.concat([Buffer.from([1, 1, 1, 0x30]), issuedAt, randomBytes(24)]).toString(
      'base64url',
    );
    return { token, key: keyOf(token).toString('base64url'), now: now(), ttl: tokenLifeS };
  }

  function isStale(token: string): boolean {
    return now() - Buffer.from(token, 'base64url').readUIntBE(4, 6) > tokenLifeS * 1000;
  }

  /** The reason why a signed body may not be accepted. */
  function check(clientReq: IncomingMessage, header: string, body: Buffer): string | undefined {
    const parts = /^v1;tok=([\w-]+);t=(\d+);n=(\d+);s=([0-9a-f]{64})$/.exec(header);
    if (!parts) return 'malformed';
    const [, token = '', t = '', n = '', s] = parts;
    if (Number(n) >= 2 ** 48) return 'malformed';
    if (isStale(token)) return 'stale-token';
    if (Math.abs(now() - Number(t)) > 300_000) return 'stale-timestamp';
    const text = `GT1\nPOST\n${clientReq.url}\n${t}\n${n}\n${createHash('sha256').update(body).digest('hex')}`;
    const right = createHmac('sha256', keyOf(token)).update(text).digest('hex');
    return s === right ? undefined : 'bad-signature';
  }

  function accept(clientRes: ServerResponse, header: string, body: Buffer): number {
    const batch = JSON.parse(body.toString()) as SentEvent[];
    const repeated = now() - (seen.get(header) ?? Number.NEGATIVE_INFINITY) < REPLAY_MS;
    if (!repeated) events.push(...batch);
    seen.set(header, now());
    const accepted = repeated ? 0 : batch.length;
    clientRes.setHeader('X-GoTrack-Accepted', String(accepted));
    return send(clientRes, 202, { status: 'ok', accepted, duplicates: batch.length - accepted });
  }

  function answer(clientReq: IncomingMessage, clientRes: ServerResponse, body: Buffer): number {
    const header = String(clientReq.headers['x-gotrack-hmac']);
    const how = answers.shift() ?? 'ok';
    if (how === 'hang') return 0;
    if (how === 'lost') return clientReq.socket.destroy() && 0;
    if (how === 'foreign') return send(clientRes, 200, { some: 'answer of the site' });
    if (how === 'busy') return send(clientRes.setHeader('Retry-After', '1'), 503, { error: 'busy' });
    if (how === 'stale') return send(clientRes, 401, { error: 'stale-token', ...issue() });
    if (clientReq.headers['content-type'] !== 'application/json') faults.push('not announced as JSON');
    if (header === 'hello') return send(clientRes, 200, issue());
    const reason = check(clientReq, header, body);
    if (!reason) return accept(clientRes, header, body);
    if (reason.startsWith('stale')) return send(clientRes, 401, { error: reason, ...issue() });
    faults.push(reason);
    return send(clientRes, 401, { error: reason });
  }

  return {
    events,
    posts,
    /** What no tracker may ever do; empty at the end of each test. */
    faults,
    issue,
    /** How the next POSTs are answered, one after the other; then as they deserve. */
    answerNext(...next: Answer[]): void {
      answers = next;
    },
    setTokenLife(seconds: number): void {
      tokenLifeS = seconds;
    },
    /** Puts the server's clock off the browser's. */
    setClock(offsetMs: number): void {
      clockMs = offsetMs;
    },
    /** True if the request was a POST to us. */
    handle(clientReq: IncomingMessage, clientRes: ServerResponse): boolean {
      if (clientReq.method !== 'POST' || clientReq.headers['x-gotrack-hmac'] === undefined) return false;
      const chunks: Buffer[] = [];
      clientReq.on('data', (chunk: Buffer) => chunks.push(chunk));
      clientReq.on('end', () => {
        const body = Buffer.concat(chunks);
        const status = answer(clientReq, clientRes, body);
        const header = String(clientReq.headers['x-gotrack-hmac']);
        posts.push({ path: String(clientReq.url), header, body: body.toString(), status });
      });
      return true;
    },
  };
}

export type Collector = ReturnType<typeof createCollector>;

function keyOf(token: string): Buffer {
  return createHmac('sha256', SECRET).update(`gt1-key:${token}`).digest();
}

function send(clientRes: ServerResponse, status: number, body: unknown): number {
  clientRes.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  clientRes.end(JSON.stringify(body));
  return status;
}
