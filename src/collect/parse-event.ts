/** One event of a body: from what a client sent to what it claims, cleaned, with a reason where it may not be. */
import type { ConsentChoice, PayloadGroups } from '../event/client-event.ts';
import { EVENT_TYPE } from '../event/limits.ts';
import {
  type Cleaning,
  cleanText,
  createCleaning,
  type EventRefusal,
  mend,
  refuse,
  type Scrub,
} from './clean.ts';
import { cleanGroups } from './clean-groups.ts';
import { cleanProps, cleanResults } from './clean-json-group.ts';
import { isObject, type JsonObject, ownValue } from './json-object.ts';
import { type EventForm, readForm } from './read-form.ts';
import { readServerClaims, type ServerClaims } from './server-claims.ts';

/** What an event claims: clean, and true of nothing yet. */
export type ParsedEvent = {
  readonly type: string;
  /** What the client calls the event; null where it said nothing. */
  readonly claimedId: string | null;
  /** What the client says of the time; undefined where it said nothing. */
  readonly claimedTime: unknown;
  /** The page's URL as the client sent it; null where it said nothing. */
  readonly pageUrl: string | null;
  readonly payload: PayloadGroups;
  readonly consent: ConsentChoice | undefined;
  /** Empty of anybody but a server. */
  readonly claims: ServerClaims;
  /** What was cut, for `server.adjusted`. */
  readonly adjusted: Set<string>;
};

export type EventParsing =
  | { readonly ok: true; readonly event: ParsedEvent }
  | ({ readonly ok: false } & EventRefusal);

export type ParseOptions = {
  readonly scrub: Scrub;
  /** Whether the body had a `\u` in it. */
  readonly escapes: boolean;
  /** Whether a server of the site's says it. */
  readonly byServer: boolean;
  /** How a user id is stored; null refuses it, because it looks like an e-mail address. */
  readonly userId: (id: string) => string | null;
};

const TYPE = new RegExp(EVENT_TYPE);
/** The proxy's own events: nobody else may say that they happened. */
const RESERVED_TYPES = new Set(['document', 'pixel', 'verdict']);
const DEFAULT_TYPE = 'event';

export function parseEvent(value: unknown, options: ParseOptions): EventParsing {
  if (!isObject(value)) return { ok: false, reason: 'not-an-object' };
  const form = readForm(value);
  if (form === null) return { ok: false, reason: 'empty-event' };
  const type = form.type ?? DEFAULT_TYPE;
  if (typeof type !== 'string' || !TYPE.test(type)) return { ok: false, reason: 'bad-type', field: 'type' };
  if (RESERVED_TYPES.has(type)) return { ok: false, reason: 'reserved-type', field: 'type' };
  const cleaning = createCleaning(options.scrub, options.escapes);
  const claims = options.byServer ? readServerClaims(cleaning, form) : NO_CLAIMS;
  const event = { ...cleanForm(cleaning, form, type), claims };
  hideUserId(cleaning, event.payload, options.userId);
  return cleaning.refusal === null ? { ok: true, event } : { ok: false, ...cleaning.refusal };
}

const NO_CLAIMS: ServerClaims = {};

function cleanForm(cleaning: Cleaning, form: EventForm, type: string): Omit<ParsedEvent, 'claims'> {
  const claimedId = cleanId(cleaning, form.eventId);
  const payload: JsonObject = cleanGroups(cleaning, form.groups, form.unlisted);
  const props = cleanProps(cleaning, form.props, form.unlisted);
  if (props !== undefined) payload.props = props;
  const results = cleanResults(cleaning, form.results);
  if (results !== undefined) payload.results = results;
  return {
    type,
    claimedId,
    claimedTime: form.time === null || form.time === '' ? undefined : form.time,
    pageUrl: typeof form.pageUrl === 'string' && form.pageUrl !== '' ? mend(cleaning, form.pageUrl) : null,
    payload,
    consent: readChoice(form.consent),
    adjusted: cleaning.adjusted,
  };
}

/** Anything that a client calls its event, as a text. */
function cleanId(cleaning: Cleaning, id: unknown): string | null {
  if (id === undefined || id === null) return null;
  cleaning.name = 'event_id';
  return cleanText(cleaning, typeof id === 'string' ? id : JSON.stringify(id)) ?? null;
}

function hideUserId(cleaning: Cleaning, { session }: PayloadGroups, userId: ParseOptions['userId']): void {
  if (session?.user_id === undefined) return;
  const stored = userId(session.user_id);
  if (stored !== null) {
    session.user_id = stored;
    return;
  }
  cleaning.path = 'payload.session';
  cleaning.name = 'user_id';
  refuse(cleaning, 'user-id-email');
}

function readChoice(value: unknown): ConsentChoice | undefined {
  if (!isObject(value)) return undefined;
  const analytics = readState(ownValue(value, 'analytics'));
  const security = readState(ownValue(value, 'security'));
  return { ...(analytics && { analytics }), ...(security && { security }) };
}

function readState(value: unknown): 'granted' | 'denied' | undefined {
  return value === 'granted' || value === 'denied' ? value : undefined;
}
