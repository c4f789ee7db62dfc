/** Requests that are answered at the door: what they mean is not the same to every reader, or we never do it. */
import type { IncomingMessage } from 'node:http';
import { connectionListed, listsFraming } from '../http/hop-by-hop.ts';
import type { RequestFacts } from './request-facts.ts';

export type Refusal = { status: 400 | 405 | 501 | 505 | 508; reason: string };

/** Null: the request may go on. The first rule that it breaks is its reason. */
export function refusalOf(clientReq: IncomingMessage, facts: RequestFacts): Refusal | null {
  const bad = (reason: string): Refusal => ({ status: 400, reason });
  const { method, target } = facts;
  if (clientReq.httpVersionMajor !== 1 || clientReq.httpVersionMinor > 1)
    return { status: 505, reason: 'version' };
  if (method === 'CONNECT' || method === 'TRACE') return { status: 405, reason: 'method' };
  if (facts.hosts > 1) return bad('two Host headers'); // RFC 9112 §3.2
  if (facts.targetDiffersFromHost) return bad('target and Host differ'); // RFC 9112 §3.2.2
  if (target === '*' && method !== 'OPTIONS') return bad('target'); // RFC 9112 §3.2.4
  if (target.includes('#')) return bad('fragment in target'); // RFC 9112 §3.2: a target has none
  if (facts.transferEncoding && clientReq.httpVersionMinor === 0) return bad('Transfer-Encoding in HTTP/1.0'); // §6.1
  if (facts.transferEncoding && facts.contentLength) return bad('two framings'); // RFC 9112 §6.3
  if (listsFraming(connectionListed(clientReq.rawHeaders))) return bad('Connection lists a framing header');
  if (facts.looped) return { status: 508, reason: 'loop' };
  return null;
}
