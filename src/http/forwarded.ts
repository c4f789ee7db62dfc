/** What a proxy says of the client to the origin: X-Forwarded-*, Via, X-Request-Id. */
import type { ClientAddress, RequestSide } from './exchange.ts';
import { headerList, type RawHeaders } from './raw-headers.ts';

/** Our name in `Via` (RFC 9110 §7.6.3). */
const PSEUDONYM = 'gotrack';
const VIA = `1.1 ${PSEUDONYM}`;

/** Whether a request has been through us already: a loop (RFC 9110 §7.6.3). */
export function isOurVia(value: string): boolean {
  return (
    value.includes(PSEUDONYM) && value.split(',').some((hop) => hop.trim().split(/[ \t]+/)[1] === PSEUDONYM)
  );
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
const NOTHING: RawHeaders = [];
const LETTER_X = 0x78;
const LETTER_F = 0x66;

/**
 * Whether a request header is replaced or withheld on the way to the origin. `X_Forwarded_For` too: to an
 * origin that reads headers as CGI variables (RFC 3875 §4.1.18) it is the same name.
 */
export function isReplaced(name: string, address: ClientAddress, ipHeaders: ReadonlySet<string>): boolean {
  const first = name.charCodeAt(0) | 0x20;
  if (first !== LETTER_X && first !== LETTER_F && ipHeaders.size === 0) return false; // most names
  let lower = name.toLowerCase();
  if (lower.includes('_')) lower = lower.replaceAll('_', '-');
  if (OURS.has(lower)) return true;
  return !address.peerTrusted && (ONLY_FROM_TRUSTED.has(lower) || ipHeaders.has(lower));
}

/** Adds our own lines to the headers that go to the origin. `clientHeaders` are those that came. */
export function addForwarded(headers: RawHeaders, clientHeaders: RawHeaders, exchange: RequestSide): void {
  const { address, scheme, host, requestId } = exchange;
  const said = address.peerTrusted ? clientHeaders : NOTHING;
  const before = headerList(said, 'x-forwarded-for');
  headers.push('X-Forwarded-For', before === undefined ? address.peer : `${before}, ${address.peer}`);
  headers.push('X-Forwarded-Proto', headerList(said, 'x-forwarded-proto') ?? scheme);
  const forwardedHost = headerList(said, 'x-forwarded-host') ?? host;
  if (forwardedHost !== '') headers.push('X-Forwarded-Host', forwardedHost);
  headers.push('X-Forwarded-Port', headerList(said, 'x-forwarded-port') ?? portOf(host, scheme));
  headers.push('X-Request-Id', requestId);
}

/**
 * The port that the client sees. Not the one that we listen on: behind a mapped port (containers) the origin
 * would make links to a port that nobody can reach.
 */
function portOf(host: string, scheme: 'http' | 'https'): string {
  const colon = host.lastIndexOf(':');
  const port = colon > host.lastIndexOf(']') ? host.slice(colon + 1) : '';
  if (port !== '') return port;
  return scheme === 'https' ? '443' : '80';
}

/** The first entry of a list-valued header, which is what the client's own side said (`a, b` gives `a`). */
export function firstOfList(value: string | undefined): string | undefined {
  const comma = value?.indexOf(',') ?? -1;
  return comma === -1 ? value?.trim() : value!.slice(0, comma).trim();
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
