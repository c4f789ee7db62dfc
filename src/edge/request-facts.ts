/**
 * One pass over a request's raw headers: what routing and strictness need to know. Node's parser has checked
 * the grammar; what it lets through and two parties could read differently is refused in `refuse.ts`.
 */
import type { ClientReq } from '../http/client-message.ts';
import { isOurVia } from '../http/forwarded.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import { isSameHost } from './host.ts';

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
  /** Some `X-Forwarded-*` is there. */
  forwarded: boolean;
  /** All lines of it as one list. */
  transferEncoding: string | undefined;
  contentLength: boolean;
  /** What Expect asks for besides a 100. Nothing of the kind in HTTP/1.0 (RFC 9110 §10.1.1). */
  unknownExpectation: boolean;
  /** Of the header lines as they go on: node's own count leaves out all but names and values. */
  headerBytes: number;
  /** `Access-Control-Request-Method` is there: only a preflight says that. */
  preflight: boolean;
};

export function factsOf(clientReq: ClientReq): RequestFacts {
  const facts: RequestFacts = {
    method: clientReq.method!,
    target: clientReq.url!,
    host: undefined,
    hosts: 0,
    targetDiffersFromHost: false,
    signed: false,
    looped: false,
    forwarded: false,
    transferEncoding: undefined,
    contentLength: false,
    unknownExpectation: false,
    headerBytes: 0,
    preflight: false,
  };
  readHeaders(clientReq.rawHeaders, facts);
  if (clientReq.httpVersion === '1.0') facts.unknownExpectation = false;
  if (facts.target.charCodeAt(0) !== SLASH && facts.target !== '*') toOriginForm(facts);
  return facts;
}

const SLASH = 0x2f;
/** `: ` and CRLF. */
const LINE_BYTES = 4;

/** By length first: a name is lower-cased only when it could be one of those asked for. */
function readHeaders(raw: RawHeaders, facts: RequestFacts): void {
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    facts.headerBytes += name.length + raw[i + 1]!.length + LINE_BYTES;
    if (name.length >= 15 && name.length <= 17 && isForwarded(name)) facts.forwarded = true;
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
      case 6:
        if (name.toLowerCase() === 'expect') facts.unknownExpectation ||= !isContinue(raw[i + 1]!);
        break;
      case 14:
        if (name.toLowerCase() === 'x-gotrack-hmac') facts.signed = true;
        else if (name.toLowerCase() === 'content-length') facts.contentLength = true;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') {
          const before = facts.transferEncoding;
          facts.transferEncoding = before === undefined ? raw[i + 1]! : `${before}, ${raw[i + 1]!}`;
        }
        break;
      case 29:
        if (name.toLowerCase() === 'access-control-request-method') facts.preflight = true;
        break;
    }
  }
}

/** To the letter: an `x 100-continue` is an expectation to one reader and none to the next. */
const isContinue = (value: string) => value.length === 12 && value.toLowerCase() === '100-continue';

const isForwarded = (name: string) => name.slice(0, 12).toLowerCase() === 'x-forwarded-';

/** RFC 9112 §3.2.2: a server must accept the absolute form; where it agrees with Host it says nothing more. */
function toOriginForm(facts: RequestFacts): void {
  const [, scheme, authority, rest] = ABSOLUTE_FORM.exec(facts.target) ?? [];
  if (scheme === undefined || !isSameHost(authority!, facts.host ?? '', scheme)) {
    facts.targetDiffersFromHost = true;
    return;
  }
  if (rest === '' && facts.method === 'OPTIONS')
    facts.target = '*'; // RFC 9112 §3.2.4
  else facts.target = rest!.startsWith('/') ? rest! : `/${rest!}`;
}

const ABSOLUTE_FORM = /^(https?):\/\/([^/?#]*)(.*)$/i;
