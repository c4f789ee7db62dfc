/** The edge's own small answers. */
import type { ClientRes } from '../http/client-message.ts';
import type { Refusal } from './refuse.ts';

/** A cache may keep a 405 or a 501 of its own accord (RFC 9110 §15.1). */
const NO_STORE = ['Cache-Control', 'no-store'];

/** A refused request's connection is closed: what follows on it may be read in two ways. */
export function answerRefusal(clientRes: ClientRes, refusal: Refusal): void {
  const body = JSON.stringify({ error: refusal.reason });
  const headers = ['Content-Type', 'application/json', ...NO_STORE, 'Content-Length', String(body.length)];
  clientRes.shouldKeepAlive = false;
  if (refusal.status === 405) headers.push('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  clientRes.writeHead(refusal.status, headers).end(body);
}

/** A fault of ours. Where the head has gone out already, only a cut tells that the rest is missing. */
export function answerFault(clientRes: ClientRes): void {
  if (clientRes.headersSent) clientRes.destroy();
  else answerJson(clientRes, 500, { error: 'internal' });
}

/** A body that stopped coming (RFC 9110 §15.5.9). */
export function answerSlowBody(clientRes: ClientRes): void {
  clientRes.shouldKeepAlive = false;
  answerJson(clientRes, 408, { error: 'slow body' });
}

/** Headers over the bound (RFC 6585 §5). */
export function answerTooLarge(clientRes: ClientRes): void {
  clientRes.shouldKeepAlive = false;
  answerJson(clientRes, 431, { error: 'headers too large' });
}

export function answerJson(clientRes: ClientRes, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  const length = String(Buffer.byteLength(body));
  const headers = ['Content-Type', 'application/json', ...NO_STORE, 'Content-Length', length];
  clientRes.writeHead(status, headers).end(body);
}

export function answerWrongMethod(clientRes: ClientRes, allow: string): void {
  clientRes.writeHead(405, ['Allow', allow, ...NO_STORE, 'Content-Length', '0']).end();
}
