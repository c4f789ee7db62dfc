/** Requests that are answered at the door: what they mean is not the same to every reader, or we never do it. */
import type { ClientReq } from '../http/client-message.ts';
import { connectionListed, listsFraming } from '../http/hop-by-hop.ts';
import { isHost } from './host.ts';
import type { RequestFacts } from './request-facts.ts';

export type Refusal = { status: 400 | 405 | 417 | 431 | 501 | 505 | 508; reason: string };

const MAX_HEADER_BYTES = 64 * 1024;

/** `2` is ours to say (edge/http2): what calls itself `HTTP/2.0` on a connection of HTTP/1 is another text. */
const VERSIONS = new Set(['1.0', '1.1', '2']);

/** Null: the request may go on. The first rule that it breaks is its reason. */
export function refusalOf(clientReq: ClientReq, facts: RequestFacts): Refusal | null {
  const { method, target } = facts;
  if (!VERSIONS.has(clientReq.httpVersion)) return { status: 505, reason: 'version' };
  if (method === 'CONNECT' || method === 'TRACE') return { status: 405, reason: 'method' };
  if (facts.headerBytes > MAX_HEADER_BYTES) return { status: 431, reason: 'headers too large' }; // RFC 6585 §5
  if (facts.hosts > 1) return bad('two Host headers'); // RFC 9112 §3.2
  if (facts.host === undefined && clientReq.httpVersion !== '1.0') return bad('no Host'); // RFC 9112 §3.2
  if (facts.host !== undefined && !isHost(facts.host)) return bad('invalid Host'); // RFC 9112 §3.2
  if (facts.targetDiffersFromHost) return bad('target and Host differ'); // RFC 9112 §3.2.2
  if (target === '*' && method !== 'OPTIONS') return bad('target'); // RFC 9112 §3.2.4
  if (target.includes('#')) return bad('fragment in target'); // RFC 9112 §3.2: a target has none
  const framing = framingRefusal(clientReq, facts);
  if (framing !== null) return framing;
  if (listsFraming(connectionListed(clientReq.rawHeaders))) return bad('Connection lists a framing header');
  if (facts.unknownExpectation) return { status: 417, reason: 'expectation' }; // RFC 9110 §10.1.1
  if (facts.looped) return { status: 508, reason: 'loop' };
  return null;
}

const bad = (reason: string): Refusal => ({ status: 400, reason });

/**
 * RFC 9112 §6.1 and §6.3. A coding below `chunked` would be lost on the way: we end it and do not know it. Where
 * `chunked` is not the last, nobody knows where the body ends.
 */
function framingRefusal(clientReq: ClientReq, facts: RequestFacts): Refusal | null {
  const { transferEncoding } = facts;
  if (transferEncoding === undefined) return null;
  if (clientReq.httpVersion === '1.0') return bad('Transfer-Encoding in HTTP/1.0');
  if (facts.contentLength) return bad('two framings');
  const codings = transferEncoding.toLowerCase();
  if (codings === 'chunked') return null;
  return /,[ \t]*chunked$/.test(codings)
    ? { status: 501, reason: 'transfer coding' }
    : bad('no chunked framing');
}
