/** From what a client claims and what the proxy saw to the stored event; both have their own place in it. */
import type { PayloadGroups } from '../event/client-event.ts';
import { type ConsentFacts, type Envelope, SCHEMA, type ServerFacts } from '../event/envelope.ts';
import { type EventId, idFromClaim, idFromSource } from '../event/ids.ts';
import { MAX_STRING, MAX_URL } from '../event/limits.ts';
import type { Scrub } from './clean.ts';
import { timeOf, timeOfServer } from './event-time.ts';
import { pageUrlOf } from './page-url.ts';
import type { ParsedEvent } from './parse-event.ts';
import type { Privacy } from './privacy.ts';
import type { Sender } from './sender.ts';

export type EnvelopeParts = {
  readonly event: ParsedEvent;
  readonly consent: ConsentFacts;
  /** Its place in the body, from 0. */
  readonly index: number;
};

/** What can be read out of an event besides: `url` is the page's, scrubbed. From the room `enrich`. */
export type Enrich = (payload: PayloadGroups, url: string) => PayloadGroups;

export type EnvelopeDeps = {
  readonly privacy: Pick<Privacy, 'scrub' | 'address'>;
  readonly enrich: Enrich;
  readonly uuidV7: () => string;
};

export function toEnvelope(parts: EnvelopeParts, sender: Sender, deps: EnvelopeDeps): Envelope {
  const { event } = parts;
  const payload = withCookie(event.payload, sender);
  const id = identify(
    event.claimedId,
    { index: parts.index, session: payload.session?.session_id },
    { sender, deps },
  );
  const adjusted = new Set(event.adjusted);
  if (id.clientEventId !== undefined) adjusted.add('event_id');
  const timestamp = stamp(event, payload, { sender, adjusted });
  const url = locate(event, payload, { sender, adjusted, scrub: deps.privacy.scrub });
  const server = serverFacts(sender, { consent: parts.consent, id, adjusted });
  return assemble(whoseOf(event, sender, deps), {
    ...{ event_id: id.eventId, timestamp, type: event.type, url, server },
    payload: deps.enrich(payload, url),
  });
}

type Whose = Pick<Sender, 'address' | 'ua'>;

/** The sender's own, or whom a server speaks for. */
function whoseOf({ claims }: ParsedEvent, sender: Sender, { privacy }: EnvelopeDeps): Whose {
  if (claims.ip === undefined && claims.ua === undefined) return sender;
  const address = claims.ip === undefined ? sender.address : privacy.address(claims.ip, sender.receivedAt);
  return { address, ua: claims.ua ?? sender.ua };
}

/** The session of our cookie stands in for one that the client did not name. */
function withCookie(payload: PayloadGroups, { cookie }: Sender): PayloadGroups {
  const session = payload.session;
  if (cookie === null || session?.session_id !== undefined) return payload;
  const visitor = session?.visitor_id ?? cookie.visitor;
  return {
    ...payload,
    session: { ...session, session_id: cookie.session, ...(visitor !== null && { visitor_id: visitor }) },
  };
}

type Place = { readonly index: number; readonly session: string | undefined };
type Making = { readonly sender: Sender; readonly deps: EnvelopeDeps };

function identify(claimed: string | null, place: Place, { sender, deps }: Making): EventId {
  if (claimed !== null) {
    const scheme = sender.auth?.scheme ?? 'none';
    return idFromClaim(claimed, { scheme, session: place.session ?? null, ipTag: sender.ipTag });
  }
  if (sender.idSource === null) return { eventId: deps.uuidV7() };
  return { eventId: idFromSource(sender.idSource, place.index) };
}

type Noting = { readonly sender: Sender; readonly adjusted: Set<string> };

function stamp(event: ParsedEvent, payload: PayloadGroups, { sender, adjusted }: Noting): string {
  if (event.claimedTime === undefined) return sender.receivedAtText;
  const { receivedAt, signedAt, auth } = sender;
  const clock = { receivedAt, signedAt, sentAt: payload.page?.sent_at };
  const time = (auth?.scheme === 'server' ? timeOfServer : timeOf)(event.claimedTime, clock);
  if (time.adjusted) adjusted.add('timestamp');
  return new Date(time.at).toISOString();
}

function locate(
  event: ParsedEvent,
  payload: PayloadGroups,
  noting: Noting & { readonly scrub: Scrub },
): string {
  const { sender, adjusted, scrub } = noting;
  const { referer, scheme, host, target } = sender;
  const { route, url } = payload;
  const page = pageUrlOf({ claimed: event.pageUrl, route, url, referer, scheme, host, target });
  const whole = scrub.url(page.url.slice(0, MAX_STRING));
  if (page.adjusted || page.url.length > MAX_STRING || whole.length > MAX_URL) adjusted.add('url');
  return whole.slice(0, MAX_URL).toWellFormed();
}

type Facts = { readonly consent: ConsentFacts; readonly id: EventId; readonly adjusted: ReadonlySet<string> };

function serverFacts(sender: Sender, { consent, id, adjusted }: Facts): ServerFacts {
  const facts: ServerFacts = { received_at: sender.receivedAtText, request_id: sender.requestId };
  if (sender.documentId !== null) facts.document_id = sender.documentId;
  if (id.clientEventId !== undefined) facts.client_event_id = id.clientEventId;
  if (adjusted.size > 0) facts.adjusted = [...adjusted];
  if (sender.auth !== undefined) facts.auth = sender.auth;
  facts.consent = consent;
  facts.http = sender.http;
  return facts;
}

type Main = {
  readonly event_id: string;
  readonly timestamp: string;
  readonly type: string;
  readonly url: string;
  readonly payload: PayloadGroups;
  readonly server: ServerFacts;
};

/** In the order of the contract; nothing that is unknown. */
export function assemble(whose: Whose, main: Main): Envelope {
  const { event_id, timestamp, type, url, payload, server } = main;
  const hasPayload = Object.keys(payload).length > 0;
  return {
    event_id,
    timestamp,
    type,
    ...whose.address,
    ...(whose.ua && { ua: whose.ua }),
    url,
    ...(hasPayload && { payload }),
    server,
    schema: SCHEMA,
  };
}
