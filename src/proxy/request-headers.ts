/** The headers that go to the origin: the client's end-to-end ones in their order, then ours. */
import type { RequestSide } from '../http/exchange.ts';
import { addForwarded, addVia, isReplaced } from '../http/forwarded.ts';
import { connectionListed, isHopByHop } from '../http/hop-by-hop.ts';
import { headerValue, isName, type RawHeaders } from '../http/raw-headers.ts';
import type { AddCorrelation } from './correlation.ts';
import { isCorrelation } from './correlation.ts';
import type { OriginName } from './origin-name.ts';

export type RequestHeaderOptions = {
  /** Lower-case names of CLIENT_IP_HEADERS: an untrusted peer's are withheld. */
  clientIpHeaders: ReadonlySet<string>;
  /** Stands in where a client of HTTP/1.0 named no host: `shop.internal:3000`. */
  originHost: string;
  /** HOST_HEADER=origin; null: the client's Host goes on, and answers come back as they are. */
  originName: OriginName | null;
  /** CORRELATION_HEADERS=true; null: the client's own pass. */
  addCorrelation: AddCorrelation | null;
  /** Takes our own cookie off a Cookie value; the same value where it holds none that verifies. */
  withoutOurCookie(cookie: string): string;
};

export function originHeaders(exchange: RequestSide, options: RequestHeaderOptions): RawHeaders {
  const { rawHeaders: raw, httpVersion } = exchange.clientReq;
  const listed = connectionListed(raw);
  const headers: RawHeaders = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    // The one hop-by-hop word that is worth passing on: we do pass trailers to the client.
    if (isName(name, 'te') && ACCEPTS_TRAILERS.test(value)) headers.push(name, 'trailers');
    if (isHopByHop(name) || listed?.has(name.toLowerCase())) continue;
    if (isWithheld(name, exchange, options)) continue;
    if (isName(name, 'expect') && !mayExpect(raw, httpVersion)) continue;
    const kept = isName(name, 'cookie') ? options.withoutOurCookie(value) : value;
    if (kept !== '' || value === '') headers.push(name, kept);
  }
  // HTTP/1.0 needs no Host, what we send does (RFC 9112 §3.2)
  if (headerValue(headers, 'host') === undefined) headers.push('Host', options.originHost);
  options.originName?.toOrigin(headers, exchange);
  addForwarded(headers, raw, exchange);
  options.addCorrelation?.(headers, raw);
  addVia(headers, httpVersion);
  return headers;
}

/** Whether what a client says by this name stays with us: ours to say, or not this client's. */
export function isWithheld(name: string, exchange: RequestSide, options: RequestHeaderOptions): boolean {
  if (isReplaced(name, exchange.address, options.clientIpHeaders)) return true;
  return options.addCorrelation !== null && isCorrelation(name);
}

/** RFC 9110 §10.1.4. Linear: nothing before or after the word can match in two ways. */
const ACCEPTS_TRAILERS = /(?:^|[,;\s])trailers(?:$|[,;\s])/i;

/** RFC 9110 §10.1.1: HTTP/1.0 knows no expectation, and without a body there is nothing to hold back. */
function mayExpect(raw: RawHeaders, httpVersion: string): boolean {
  if (httpVersion === '1.0') return false;
  if (headerValue(raw, 'transfer-encoding') !== undefined) return true;
  return (headerValue(raw, 'content-length') ?? (httpVersion === '2' ? '' : '0')) !== '0';
}

/** The origin's end-to-end headers in their order, with our `Via`. */
export function clientHeaders(
  raw: RawHeaders,
  exchange: RequestSide,
  { originName }: RequestHeaderOptions,
): RawHeaders {
  const headers = endToEndHeaders(raw);
  originName?.toClient(headers, exchange);
  addVia(headers, '1.1');
  return headers;
}

/** What goes beyond us: all but the hop-by-hop headers and those that `Connection` lists. */
export function endToEndHeaders(raw: RawHeaders): RawHeaders {
  const listed = connectionListed(raw);
  const headers: RawHeaders = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (isHopByHop(raw[i]!) || listed?.has(raw[i]!.toLowerCase())) continue;
    headers.push(raw[i]!, raw[i + 1]!);
  }
  return headers;
}

/** The request target at the origin. The asterisk means the whole server, which no path can (RFC 9112 §3.2.4). */
export function originTarget(target: string, basePath: string): string {
  return target === '*' ? target : basePath + target;
}
