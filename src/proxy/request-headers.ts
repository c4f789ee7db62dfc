/** The headers that go to the origin: the client's end-to-end ones in their order, then ours. */
import type { RequestSide } from '../http/exchange.ts';
import { addForwarded, addVia, isReplaced } from '../http/forwarded.ts';
import { connectionListed, isHopByHop } from '../http/hop-by-hop.ts';
import { isName, type RawHeaders } from '../http/raw-headers.ts';

export type RequestHeaderOptions = {
  /** Lower-case names of CLIENT_IP_HEADERS: an untrusted peer's are withheld. */
  clientIpHeaders: ReadonlySet<string>;
  /** Takes our own cookie off a Cookie value; the same value where it holds none that verifies. */
  withoutOurCookie(cookie: string): string;
};

export function originHeaders(exchange: RequestSide, options: RequestHeaderOptions): RawHeaders {
  const raw = exchange.clientReq.rawHeaders;
  const listed = connectionListed(raw);
  const headers: RawHeaders = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (isHopByHop(name) || isName(name, 'expect')) continue;
    if (listed?.has(name.toLowerCase())) continue;
    if (isReplaced(name, exchange.address, options.clientIpHeaders)) continue;
    const value = isName(name, 'cookie') ? options.withoutOurCookie(raw[i + 1]!) : raw[i + 1]!;
    if (value !== '' || raw[i + 1] === '') headers.push(name, value);
  }
  addForwarded(headers, raw, exchange);
  addVia(headers, exchange.clientReq.httpVersion);
  return headers;
}

/** The origin's end-to-end headers in their order, with our `Via`. */
export function clientHeaders(raw: RawHeaders): RawHeaders {
  const listed = connectionListed(raw);
  const headers: RawHeaders = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (isHopByHop(raw[i]!) || listed?.has(raw[i]!.toLowerCase())) continue;
    headers.push(raw[i]!, raw[i + 1]!);
  }
  addVia(headers, '1.1');
  return headers;
}
