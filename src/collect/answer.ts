/** What collect writes back (protocol: "Answers"). No answer of ours may be stored by anybody. */
import type { Exchange } from '../http/exchange.ts';
import { answerAndClose } from '../http/read-body.ts';
import type { IssuedToken } from '../token/tokens.ts';
import { type EventRejection, type Rejection, statusOf } from './reject.ts';
import type { Site } from './same-site.ts';

/** What became of the events of a body. */
export type Accepted = {
  readonly accepted: number;
  readonly duplicates: number;
  /** Left out on purpose: by consent or EVENTS_EXCLUDE. */
  readonly dropped: number;
  readonly rejected: readonly EventRejection[];
};

/** What an answer may carry besides. */
export type Extras = {
  readonly site: Site;
  readonly token?: IssuedToken | null;
  /** A Set-Cookie value. */
  readonly cookie?: string | null;
};

const EXPOSED = 'X-GoTrack-Accepted, Retry-After';

export function answerAccepted({ clientRes }: Exchange, result: Accepted, extras: Extras): void {
  const { accepted, duplicates, dropped, rejected } = result;
  const body = toAscii({
    status: 'ok',
    accepted,
    duplicates,
    ...(dropped > 0 && { dropped }),
    ...(rejected.length > 0 && { rejected }),
    ...extras.token,
  });
  const headers = headersOf(body, extras.site);
  headers.push('X-GoTrack-Accepted', String(accepted));
  if (extras.cookie && extras.site === 'own') headers.push('Set-Cookie', extras.cookie);
  clientRes.writeHead(202, headers).end(body, 'latin1');
}

/** To `hello`. */
export function answerToken({ clientRes }: Exchange, token: IssuedToken, site: Site): void {
  const body = JSON.stringify(token);
  clientRes.writeHead(200, headersOf(body, site)).end(body);
}

/** To a GET or HEAD of our own site. */
export function answerJson({ clientReq, clientRes }: Exchange, value: object): void {
  const body = toAscii(value);
  clientRes.writeHead(200, headersOf(body, 'own'));
  if (clientReq.method === 'HEAD') clientRes.end();
  else clientRes.end(body);
}

/**
 * `unread`: how much of the body was not read. What is short is left to node, which reads it to the end and
 * keeps the connection; else the connection closes.
 */
export function answerRejection(
  { clientRes }: Exchange,
  rejection: Rejection,
  extras: Extras & { readonly unread: 'nothing' | 'little' | 'much' },
): void {
  const { reason, field, retryAfter } = rejection;
  const status = statusOf(reason);
  const body = toAscii({ error: reason, ...(field && { field }), ...extras.token });
  const headers = headersOf(body, extras.site);
  if (retryAfter !== undefined) headers.push('Retry-After', String(retryAfter));
  if (status === 405) headers.push('Allow', 'POST');
  if (reason === 'bad-ingest-token') headers.push('WWW-Authenticate', 'Bearer'); // RFC 9110 §15.5.2
  if (extras.unread === 'much') answerAndClose(clientRes, { status, headers, body });
  else clientRes.writeHead(status, headers).end(body);
}

/** To a method that a path of ours does not have; a body that came with it is read to its end by node. */
export function answerWrongMethod({ clientRes }: Exchange, allow: string): void {
  const body = JSON.stringify({ error: 'wrong-method' });
  clientRes.writeHead(405, [...headersOf(body, null), 'Allow', allow]).end(body);
}

/** To a preflight that may be followed by a POST. */
export function answerPreflight({ clientRes }: Exchange, origin: string): void {
  const headers = [
    ...['Access-Control-Allow-Origin', origin],
    ...['Access-Control-Allow-Methods', 'POST'],
    ...['Access-Control-Allow-Headers', 'Content-Type, X-GoTrack-HMAC'],
    ...['Access-Control-Max-Age', '7200'],
    ...['Vary', 'Origin', 'Cache-Control', 'no-store'],
  ];
  clientRes.writeHead(204, headers).end();
}

/** A field's name may hold any character; as ASCII, an answer goes out with its head in one write. */
function toAscii(value: object): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function headersOf(body: string, site: Site): string[] {
  const headers = [
    ...['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
    ...['Content-Length', String(body.length)],
  ];
  if (site !== null && site !== 'own') {
    headers.push('Access-Control-Allow-Origin', site.cors, 'Access-Control-Expose-Headers', EXPOSED);
    headers.push('Vary', 'Origin');
  }
  return headers;
}
