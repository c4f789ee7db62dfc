/** The edge's own small answers. */
import type { ServerResponse } from 'node:http';
import type { Refusal } from './refuse.ts';

/** A refused request's connection is closed: what follows on it may be read in two ways. */
export function answerRefusal(clientRes: ServerResponse, refusal: Refusal): void {
  const body = JSON.stringify({ error: refusal.reason });
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
  clientRes.shouldKeepAlive = false;
  if (refusal.status === 405) headers.push('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  clientRes.writeHead(refusal.status, headers).end(body);
}

/** A fault of ours. Where the head has gone out already, only a cut tells that the rest is missing. */
export function answerFault(clientRes: ServerResponse): void {
  if (clientRes.headersSent) clientRes.destroy();
  else answerJson(clientRes, 500, { error: 'internal' });
}

export function answerJson(clientRes: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  const length = String(Buffer.byteLength(body));
  const headers = ['Content-Type', 'application/json', 'Cache-Control', 'no-store', 'Content-Length', length];
  clientRes.writeHead(status, headers).end(body);
}

export function answerWrongMethod(clientRes: ServerResponse, allow: string): void {
  clientRes.writeHead(405, ['Allow', allow, 'Content-Length', '0']).end();
}
