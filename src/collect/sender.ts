/** What the proxy saw of a request that brings events: the same for all of them, and put together once. */
import type { ConsentFacts, HttpFacts, ServerFacts } from '../event/envelope.ts';
import type { IdSource } from '../event/ids.ts';
import { MAX_HEADER_NAME, MAX_HEADER_NAMES, MAX_HOST, MAX_UA } from '../event/limits.ts';
import type { RequestSide } from '../http/exchange.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import type { Privacy } from './privacy.ts';

export type OwnCookie = { readonly session: string; readonly visitor: string | null };

export type StoredAddress = { readonly ip: string } | { readonly ip_hash: string };

export type Sender = {
  /** Epoch milliseconds, and the same as the envelope writes it. */
  readonly receivedAt: number;
  readonly receivedAtText: string;
  readonly address: StoredAddress;
  readonly ipTag: string;
  readonly ua: string | undefined;
  readonly referer: string | undefined;
  /** Of the request: what the client sees in its address bar, then path and query. */
  readonly scheme: string;
  readonly host: string;
  readonly target: string;
  readonly requestId: string;
  readonly http: HttpFacts;
  readonly consent: ConsentFacts;
  /** By our cookie, where there is one. */
  readonly cookie: OwnCookie | null;
  /** Of the page that the events are of, where that is proven. */
  readonly documentId: string | null;
  /** Absent where nobody claims anything: the proxy's own event. */
  readonly auth: ServerFacts['auth'];
  /** Where an event that has no id gets it; null: each gets a new one. */
  readonly idSource: IdSource | null;
  /** The signed `t`, epoch milliseconds; null without one. */
  readonly signedAt: number | null;
};

/** How the sender was verified: what differs between the ways in. */
export type Verified = Pick<Sender, 'documentId' | 'auth' | 'idSource' | 'signedAt'>;

export type SenderDeps = {
  readonly privacy: Privacy;
  readonly tokens: { ipTag(ipKey: string): string; readCookie(headers: RawHeaders): OwnCookie | null };
};

export function readSender(request: RequestSide, verified: Verified, deps: SenderDeps): Sender {
  const { clientReq, address, receivedAt } = request;
  const headers = clientReq.headers;
  return {
    receivedAt,
    receivedAtText: new Date(receivedAt).toISOString(),
    address: deps.privacy.address(address.ip, receivedAt),
    ipTag: deps.tokens.ipTag(address.ipKey),
    ua: headers['user-agent']?.slice(0, MAX_UA),
    referer: headers.referer,
    scheme: request.scheme,
    host: request.host,
    target: clientReq.url!,
    requestId: request.requestId,
    http: readHttp(request),
    consent: deps.privacy.consentOf(clientReq.rawHeaders),
    cookie: headers.cookie === undefined ? null : deps.tokens.readCookie(clientReq.rawHeaders),
    ...verified,
  };
}

function readHttp({ clientReq, host }: RequestSide): HttpFacts {
  return {
    version: clientReq.httpVersion,
    ...(host !== '' && { host: host.slice(0, MAX_HOST) }),
    method: clientReq.method!,
    header_order: headerOrder(clientReq.rawHeaders),
  };
}

function headerOrder(headers: RawHeaders): string[] {
  const names: string[] = [];
  for (let i = 0; i < headers.length && names.length < MAX_HEADER_NAMES; i += 2) {
    names.push(headers[i]!.slice(0, MAX_HEADER_NAME));
  }
  return names;
}
