/** What a proxy says of the client to the origin: X-Forwarded-*, Via, X-Request-Id. */
import type { ClientAddress, RequestSide } from './exchange.ts';
import { headerList, type RawHeaders } from './raw-headers.ts';

/** Our name in `Via` (RFC 9110 §7.6.3). */
const PSEUDONYM = 'gotrack';
const VIA = `1.1 ${PSEUDONYM}`;

/** Whether a request has been through us already: a loop (RFC 9110 §7.6.3). */
export function isOurVia(value: string): boolean {
  return value.split(',').some((hop) => hop.trim().endsWith(` ${PSEUDONYM}`));
}

/**
 * Names that we set, or that only a trusted peer may set. Removed from what a client sent before ours are
 * added; the verdict headers never come from a client.
 */
const OURS = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-request-id',
  'x-gotrack-score',
  'x-gotrack-label',
  'x-gotrack-reasons',
]);
const ONLY_FROM_TRUSTED = new Set(['forwarded', 'x-real-ip']);

/** Whether a request header is replaced or withheld on the way to the origin. */
export function isReplaced(name: string, address: ClientAddress, ipHeaders: ReadonlySet<string>): boolean {
  const lower = name.toLowerCase();
  if (OURS.has(lower)) return true;
  return !address.peerTrusted && (ONLY_FROM_TRUSTED.has(lower) || ipHeaders.has(lower));
}

/** Adds our own lines to the headers that go to the origin. `clientHeaders` are those that came. */
export function addForwarded(headers: RawHeaders, clientHeaders: RawHeaders, exchange: RequestSide): void {
  const { address } = exchange;
  const before = address.peerTrusted ? headerList(clientHeaders, 'x-forwarded-for') : undefined;
  const port = address.peerTrusted ? headerList(clientHeaders, 'x-forwarded-port') : undefined;
  headers.push('X-Forwarded-For', before === undefined ? address.peer : `${before}, ${address.peer}`);
  headers.push('X-Forwarded-Proto', exchange.scheme, 'X-Forwarded-Host', exchange.host);
  headers.push('X-Forwarded-Port', port ?? String(exchange.clientReq.socket.localPort ?? ''));
  headers.push('X-Request-Id', exchange.requestId);
}

/** Our own `Via`, joined to what was there: one line, so that the order of the hops is plain. */
export function addVia(headers: RawHeaders, httpVersion: string): void {
  const ours = httpVersion === '1.1' ? VIA : `${httpVersion} ${PSEUDONYM}`;
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.length !== 3 || headers[i]!.toLowerCase() !== 'via') continue;
    headers[i + 1] = `${headers[i + 1]}, ${ours}`;
    return;
  }
  headers.push('Via', ours);
}
