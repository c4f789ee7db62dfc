/**
 * One pass over a request's raw headers: what routing and strictness need to know. Node's parser has checked
 * the grammar; what it lets through and two parties could read differently is refused in `refuse.ts`.
 */
import type { IncomingMessage } from 'node:http';
import { isOurVia } from '../http/forwarded.ts';
import type { RawHeaders } from '../http/raw-headers.ts';

export type RequestFacts = {
  method: string;
  /** The request target in origin form: path and query, byte for byte. */
  target: string;
  host: string | undefined;
  hosts: number;
  /** An absolute-form target whose authority is not that of Host. */
  targetDiffersFromHost: boolean;
  /** `X-GoTrack-HMAC` is there, empty or repeated ones too. */
  signed: boolean;
  looped: boolean;
  transferEncoding: boolean;
  contentLength: boolean;
  /** Of a preflight: Origin and Access-Control-Request-Method are there. */
  preflight: boolean;
};

export function factsOf(clientReq: IncomingMessage): RequestFacts {
  const facts: RequestFacts = {
    method: clientReq.method!,
    target: clientReq.url!,
    host: undefined,
    hosts: 0,
    targetDiffersFromHost: false,
    signed: false,
    looped: false,
    transferEncoding: false,
    contentLength: false,
    preflight: false,
  };
  readHeaders(clientReq.rawHeaders, facts);
  if (facts.target.charCodeAt(0) !== SLASH && facts.target !== '*') toOriginForm(facts);
  return facts;
}

const SLASH = 0x2f;

/** By length first: a name is lower-cased only when it could be one of those asked for. */
function readHeaders(raw: RawHeaders, facts: RequestFacts): void {
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    switch (name.length) {
      case 3:
        if (name.toLowerCase() === 'via') facts.looped ||= isOurVia(raw[i + 1]!);
        break;
      case 4:
        if (name.toLowerCase() === 'host') {
          facts.host ??= raw[i + 1]!;
          facts.hosts += 1;
        }
        break;
      case 14:
        if (name.toLowerCase() === 'x-gotrack-hmac') facts.signed = true;
        else if (name.toLowerCase() === 'content-length') facts.contentLength = true;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') facts.transferEncoding = true;
        break;
      case 29:
        if (name.toLowerCase() === 'access-control-request-method') facts.preflight = true;
        break;
    }
  }
}

/** RFC 9112 §3.2.2: a server must accept the absolute form; where it agrees with Host it says nothing more. */
function toOriginForm(facts: RequestFacts): void {
  const match = /^https?:\/\/([^/?#]*)(.*)$/i.exec(facts.target);
  if (match === null || match[1]!.toLowerCase() !== facts.host?.toLowerCase()) {
    facts.targetDiffersFromHost = true;
    return;
  }
  facts.target = match[2]!.startsWith('/') ? match[2]! : `/${match[2]!}`;
}
