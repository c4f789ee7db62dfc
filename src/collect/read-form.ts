/**
 * The forms in which a client may send an event (events: "What is accepted") become one: the seed's flat form
 * (`event_id, timestamp, ip, ua, url, payload`), its nested form (`event_id, ts, type, url{}, route{}, …`)
 * and the tracker's own, which is the nested one with more groups. A group may stand in the event or in its
 * `payload`. Nothing is judged here but where things stand.
 */
import { PAYLOAD_TABLE } from '../event/payload-table.ts';
import { isObject, type JsonObject, ownValue, setOwn } from './json-object.ts';

/** Every value is still what the client sent. */
export type EventForm = {
  readonly eventId: unknown;
  readonly time: unknown;
  readonly type: unknown;
  readonly pageUrl: unknown;
  readonly consent: unknown;
  /** Of a server they count. */
  readonly ip: unknown;
  readonly ua: unknown;
  /** By names of the payload table. */
  readonly groups: JsonObject;
  readonly props: JsonObject | undefined;
  readonly results: JsonObject | undefined;
  /** What has a name that no table knows. */
  readonly unlisted: JsonObject;
};

/** An object with none of these is no event. */
const CONTENT = ['type', 'e', 'payload', 'url', 'route', 'results'];

/** Fields of the event itself; what a client says of `ip`, `ua` and `server` is dropped (events). */
const EVENT_FIELDS = new Set([
  ...['event_id', 'timestamp', 'ts', 'type', 'e', 'payload', 'consent'],
  ...['ip', 'ip_hash', 'ua', 'server', 'schema'],
]);
const PAYLOAD_FIELDS = new Set(['e', 'consent']);

const NOTHING: JsonObject = Object.freeze({});

/** Null where the object is an `empty-event`. */
export function readForm(event: JsonObject): EventForm | null {
  if (!CONTENT.some((name) => isPresent(ownValue(event, name)))) return null;
  const payload = isObject(event.payload) ? event.payload : NOTHING;
  const parts: Parts = { groups: {}, props: undefined, results: undefined, unlisted: {} };
  // Of equal names the last wins, as in JSON: what stands in the event itself.
  sort(payload, PAYLOAD_FIELDS, parts);
  sort(event, EVENT_FIELDS, parts);
  if (payload !== NOTHING) takeFlatNames(parts);
  else if (isPresent(event.payload)) parts.unlisted.payload = event.payload;
  return {
    ...parts,
    eventId: ownValue(event, 'event_id'),
    time: ownValue(event, 'timestamp') ?? ownValue(event, 'ts'),
    type: [ownValue(event, 'type'), ownValue(payload, 'e'), ownValue(event, 'e')].find(isPresent),
    pageUrl: takeText(parts.unlisted, 'url'),
    consent: ownValue(event, 'consent') ?? ownValue(payload, 'consent'),
    ip: ownValue(event, 'ip'),
    ua: ownValue(event, 'ua'),
  };
}

type Parts = {
  readonly groups: JsonObject;
  props: JsonObject | undefined;
  results: JsonObject | undefined;
  readonly unlisted: JsonObject;
};

function sort(source: JsonObject, fields: ReadonlySet<string>, parts: Parts): void {
  for (const name in source) {
    const value = source[name];
    if (fields.has(name)) continue;
    if (!isObject(value)) setOwn(parts.unlisted, name, value);
    else if (PAYLOAD_TABLE.has(name)) parts.groups[name] = value;
    else if (name === 'props' || name === 'results') parts[name] = value;
    else setOwn(parts.unlisted, name, value);
  }
}

/** The names of the pixel's parameters, which the seed's flat payloads use too, in the groups they belong to. */
function takeFlatNames({ groups, unlisted }: Parts): void {
  move(unlisted, 'uid', { groups, group: 'session', as: 'user_id' });
  move(unlisted, 'sid', { groups, group: 'session', as: 'session_id' });
  move(unlisted, 'ref', { groups, group: 'url', as: 'referrer' });
  const campaign: JsonObject = {};
  for (const name of Object.keys(unlisted)) {
    if (!name.startsWith('utm_')) continue;
    move(unlisted, name, { groups: campaign, group: 'utm', as: name.slice('utm_'.length) });
  }
  if (isObject(campaign.utm)) groups.url = { ...campaign, ...(groups.url as JsonObject | undefined) };
}

type Place = { readonly groups: JsonObject; readonly group: string; readonly as: string };

function move(unlisted: JsonObject, name: string, { groups, group, as }: Place): void {
  const value = ownValue(unlisted, name);
  if (typeof value !== 'string' && typeof value !== 'number') return;
  const fields = groups[group] as JsonObject | undefined;
  if (fields !== undefined && isPresent(ownValue(fields, as))) return;
  groups[group] = { ...fields, [as]: value };
  delete unlisted[name];
}

function takeText(source: JsonObject, name: string): unknown {
  const value = ownValue(source, name);
  if (typeof value !== 'string') return undefined;
  delete source[name];
  return value;
}

/** Absent means unknown, and so do null and the empty string. */
function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
