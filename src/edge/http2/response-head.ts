/** The heads that go out over HTTP/2: what node and RFC 9113 §8.2.2 do not let through stays behind. */
import type { RawHeaders } from '../../http/raw-headers.ts';

export type ResponseHead = {
  /** Flat, `:status` first. */
  readonly lines: RawHeaders;
  /** RFC 9110 §6.4.1: this head is all there is of the response. */
  readonly bodiless: boolean;
  readonly hasLength: boolean;
};

/** In HTTP/1.1 these say something about the connection; here node throws on them. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'http2-settings',
]);

export function responseHead(status: number, headers: RawHeaders, method: string): ResponseHead {
  const lines: RawHeaders = [':status', statusText(status)];
  let hasLength = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (OF_THE_CONNECTION.has(name)) continue;
    if (name === 'content-length') {
      if (status === 204) continue; // RFC 9110 §8.6; clients of HTTP/2 reset such a stream
      hasLength = true;
    }
    lines.push(name, headers[i + 1]!);
  }
  const bodiless = method === 'HEAD' || status === 204 || status === 205 || status === 304;
  return { lines, bodiless, hasLength };
}

/**
 * Node refuses to send a status over 599, though sites have them (999) and RFC 9110 §15 lets a proxy pass them.
 * It checks the number of this value and sends its text.
 */
function statusText(status: number): string {
  if (status <= 599) return String(status);
  return { valueOf: () => 599, toString: () => String(status) } as unknown as string;
}

/** For the calls of node that take no flat list: the order of different names holds, and so do duplicates. */
export function headersObject(headers: RawHeaders): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {};
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (OF_THE_CONNECTION.has(name)) continue;
    const before = object[name];
    if (before === undefined) object[name] = headers[i + 1]!;
    else object[name] = [before, headers[i + 1]!].flat();
  }
  return object;
}
