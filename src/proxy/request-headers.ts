/** The headers that go to the origin: the client's end-to-end ones in their order, then ours. */
import type { RequestSide } from '../http/exchange.ts';
import { addForwarded, addVia, isReplaced } from '../http/forwarded.ts';
import { connectionListed, isHopByHop } from '../http/hop-by-hop.ts';
import { headerValue, isName, type RawHeaders } from '../http/raw-headers.ts';

export type RequestHeaderOptions = {
  /** Lower-case names of CLIENT_IP_HEADERS: an untrusted peer's are withheld. */
  clientIpHeaders: ReadonlySet<string>;
  /** Stands in where a client of HTTP/1.0 named no host: `shop.internal:3000`. */
  originHost: string;
  /** Takes our own cookie off a Cookie value; the same value where it holds none that verifies. */
  withoutOurCookie(cookie: string): string;
};

export function originHeaders(exchange: RequestSide, options: RequestHeaderOptions): RawHeaders {
  const raw = exchange.clientReq.rawHeaders;
  const listed = connectionListed(raw);
  const headers: RawHeaders = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    // The one hop-by-hop word that is worth passing on: we do pass trailers to the client.
    if (isName(name, 'te') && ACCEPTS_TRAILERS.test(value)) headers.push(name, 'trailers');
    if (isHopByHop(name) || listed?.has(name.toLowerCase()) || isNotSendable(name)) continue;
    if (isReplaced(name, exchange.address, options.clientIpHeaders)) continue;
    const kept = isName(name, 'cookie') ? options.withoutOurCookie(value) : value;
    if (kept !== '' || value === '') headers.push(name, kept);
  }
  // HTTP/1.0 needs no Host, what we send does (RFC 9112 §3.2)
  if (headerValue(headers, 'host') === undefined) headers.push('Host', options.originHost);
  addForwarded(headers, raw, exchange);
  addVia(headers, exchange.clientReq.httpVersion);
  return headers;
}

/** RFC 9110 §10.1.4. Linear: nothing before or after the word can match in two ways. */
const ACCEPTS_TRAILERS = /(?:^|[,;\s])trailers(?:$|[,;\s])/i;

/** What the origin client cannot do is not announced: it sends no trailers and waits for no 100. */
function isNotSendable(name: string): boolean {
  return isName(name, 'expect') || isName(name, 'trailer');
}

/** The origin's end-to-end headers in their order, with our `Via`. */
export function clientHeaders(raw: RawHeaders): RawHeaders {
  const headers = endToEndHeaders(raw);
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
