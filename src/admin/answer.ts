/** Which request gets what; the order of the checks is the room's invariant. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReadinessReport } from '../telemetry/readiness.ts';
import { isAllowedHost } from './host-check.ts';
import type { LiveFeed } from './live-feed.ts';
import type { PageFile } from './page-files.ts';

export type AnswerDeps = {
  metrics: { text(): Promise<string>; readonly contentType: string };
  readiness(): { httpStatus: 200 | 503; body: ReadinessReport };
  feed: LiveFeed;
  files: ReadonlyMap<string, PageFile>;
};

/** Our pages load their own files and nothing else; no script can be put into them, by text least of all. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const COMMON_HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

const MISDIRECTED = 'This listener is not known by that name. Add the name to METRICS_HOSTS to let it in.\n';

export function createAnswer(options: { allowedHosts: readonly string[] }, deps: AnswerDeps) {
  const allowedHosts = new Set(options.allowedHosts.map((name) => name.toLowerCase()));

  return async function answer(clientReq: IncomingMessage, clientRes: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) clientRes.setHeader(name, value);
    if (!isAllowedHost(clientReq, allowedHosts)) return answerText(clientRes, 421, MISDIRECTED);
    if (isForeign(clientReq)) return answerText(clientRes, 403, 'Another site may not ask for this.\n');
    if (clientReq.method !== 'GET' && clientReq.method !== 'HEAD') {
      clientRes.setHeader('Allow', 'GET, HEAD');
      return answerText(clientRes, 405, 'There is nothing to change here.\n');
    }
    return answerPath(clientReq, clientRes);
  };

  async function answerPath(clientReq: IncomingMessage, clientRes: ServerResponse): Promise<void> {
    const [path = '/', query = ''] = (clientReq.url ?? '/').split('?', 2);
    switch (path) {
      case '/metrics':
        return answerBody(clientRes, deps.metrics.contentType, await deps.metrics.text());
      case '/healthz':
        return answerJson(clientRes, 200, { status: 'ok' });
      case '/readyz': {
        const { httpStatus, body } = deps.readiness();
        return answerJson(clientRes, httpStatus, body);
      }
      case '/events':
        return answerEvents(clientReq, clientRes, query);
      default: {
        const file = deps.files.get(path);
        if (!file) return answerText(clientRes, 404, 'There is no such page.\n');
        return answerBody(clientRes, file.type, file.bytes);
      }
    }
  }

  function answerEvents(clientReq: IncomingMessage, clientRes: ServerResponse, query: string): void {
    const lastId = clientReq.headers['last-event-id'] ?? new URLSearchParams(query).get('after');
    const outcome = deps.feed.open(clientRes, {
      after: typeof lastId === 'string' ? lastId : null,
      headOnly: clientReq.method === 'HEAD',
    });
    if (outcome.ok) return;
    clientRes.setHeader('Retry-After', '10');
    answerText(clientRes, 503, 'As many viewers as there may be are watching already.\n');
  }
}

/** A page of another site that asks by itself; a link that a person followed (a navigation) is none. */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  return headers['sec-fetch-mode'] !== 'navigate';
}

function answerText(clientRes: ServerResponse, status: number, text: string): void {
  clientRes.statusCode = status;
  answerBody(clientRes, 'text/plain; charset=utf-8', text);
}

function answerJson(clientRes: ServerResponse, status: number, value: unknown): void {
  clientRes.statusCode = status;
  answerBody(clientRes, 'application/json', JSON.stringify(value));
}

/** node leaves the body of an answer to HEAD out by itself. */
function answerBody(clientRes: ServerResponse, type: string, body: string | Buffer): void {
  clientRes.setHeader('Content-Type', type);
  clientRes.setHeader('Content-Length', Buffer.byteLength(body));
  clientRes.end(body);
}
