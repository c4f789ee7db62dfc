/**
 * The head of a request of HTTP/2 in the form that rooms know (RFC 9113 §8.3): pseudo-headers become method,
 * target and Host, everything else keeps its order. nghttp2 has refused what is malformed: names in upper case,
 * headers of a connection, pseudo-headers twice or in the wrong place, no authority at all. A header that no one
 * could write in HTTP/1.1 it leaves out.
 */
import type { IncomingHttpHeaders as Http2Headers, IncomingHttpHeaders } from 'node:http2';
import type { RawHeaders } from '../../http/raw-headers.ts';
import { isSameHost } from '../host.ts';

export type RequestHead = {
  readonly method: string;
  /** Empty for an ordinary CONNECT, which has no path. */
  readonly target: string;
  readonly rawHeaders: RawHeaders;
  readonly headers: IncomingHttpHeaders;
  /** Of an extended CONNECT (RFC 8441 §4), such as `websocket`. */
  readonly protocol: string | undefined;
  /** RFC 9113 §6.5.2: the text, and 32 for each header. */
  readonly bytes: number;
};

const COLON = 0x3a;
/** For each of its two parts. */
const LINE_BYTES = 16;

/**
 * A Host that differs from `:authority` stays beside it, and two Hosts are refused (RFC 9113 §8.3.1).
 * `raw` is flat; `parsed` is node's reading of the same and becomes the head's own.
 */
export function readRequestHead(raw: readonly string[], parsed: Http2Headers): RequestHead {
  const rawHeaders: RawHeaders = [];
  const head = {
    method: '',
    target: '',
    rawHeaders,
    headers: parsed,
    protocol: undefined as string | undefined,
    bytes: raw.length * LINE_BYTES,
  };
  let crumbs = -1;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    head.bytes += name.length + value.length;
    if (name.charCodeAt(0) === COLON) readPseudo(head, name, value);
    else if (name === 'host' && isSameHost(value, head.headers[':authority'] ?? '', 'https')) continue;
    else if (name !== 'cookie') rawHeaders.push(name, value);
    else if (crumbs === -1) crumbs = rawHeaders.push(name, value) - 1;
    else rawHeaders[crumbs] += `; ${value}`; // RFC 9113 §8.2.3
  }
  return head;
}

type Draft = { method: string; target: string; protocol: string | undefined } & Pick<
  RequestHead,
  'rawHeaders' | 'headers'
>;

/** Pseudo-headers come first, so Host stands before all others, as it does where browsers speak HTTP/1.1. */
function readPseudo(head: Draft, name: string, value: string): void {
  switch (name) {
    case ':method':
      head.method = value;
      break;
    case ':path':
      head.target = value;
      break;
    case ':authority':
      head.rawHeaders.push('host', value);
      head.headers.host = value;
      break;
    case ':protocol':
      head.protocol = value;
      break;
  }
}
