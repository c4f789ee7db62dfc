/**
 * The envelope as Elastic Common Schema (events: "Where it goes"), for `LOG_FORMAT=ecs`: what ECS has a field for goes
 * there, the rest under `gotrack`, by the names that it has in the envelope. The same record always gives the same
 * bytes.
 *
 * Lines must load into a stock index, whose fields take their type from the first line that has them, and no client
 * may keep the lines of others out. So under `gotrack` each name has one type for ever:
 * - Maps of the client's own names and texts are lists of `name=value`: a name of its own could be what the stock
 *   template takes for a date or an address, and many names would exhaust the fields of an index.
 * - What may be any JSON (`props`, `results`) is one string of JSON.
 * - Numbers are within what a `long` and a `float` hold.
 */
import { isIP } from 'node:net';
import type { PayloadGroups } from './client-event.ts';
import type { Envelope, ServerFacts } from './envelope.ts';
import { toLine } from './line.ts';

/** Of the field names and types; https://www.elastic.co/docs/reference/ecs */
export const ECS_VERSION = '9.4.0';

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };
type Fields = { readonly [name: string]: Json | undefined };

/** The record of an event as a line of ECS without its line feed. */
export function toEcsRecord(record: Buffer): Buffer {
  return toLine(toEcs(JSON.parse(record.toString()) as Event));
}

/** What enrichment and detection say of an event, where they had it in hand. */
export type JudgedFacts = {
  readonly device?: { browser?: string; browser_version?: string; os?: string; device_type?: string };
  /** `country`: ISO 3166-1 alpha-2. */
  readonly geo?: { country?: string; region?: string; city?: string };
  readonly asn?: { number?: number; organization?: string };
  /** `score`: 0 to 100. */
  readonly verdict?: { score: number; label: string; reasons?: readonly string[]; ruleset?: string };
};

type Server = ServerFacts & JudgedFacts;
type Event = Envelope & { readonly server: Server };

export function toEcs(envelope: Event): object {
  const { event_id, timestamp, type, ua, server, payload } = envelope;
  const { verdict } = server;
  return compact({
    '@timestamp': timestamp,
    ecs: { version: ECS_VERSION },
    event: compact({
      ...{ id: event_id, action: type, kind: 'event', category: ['web'], type: ['access'] },
      ...{ dataset: 'gotrack.events', ingested: server.received_at },
      risk_score: verdict?.score,
      reason: verdict?.reasons?.join(', '),
    }),
    client: clientOf(envelope),
    related: ipOf(envelope) && { ip: [ipOf(envelope)!] },
    user_agent: userAgentOf(ua, server.device),
    url: urlOf(envelope.url),
    http: httpOf(server, payload?.url?.referrer),
    labels: labelsOf(envelope),
    gotrack: compact({
      schema: envelope.schema,
      payload: payload && restOf(payload),
      server: restOfServer(server),
    }),
  })!;
}

/** What Elasticsearch takes for an address: it knows no zones. */
function ipOf({ ip }: Event): string | undefined {
  return ip !== undefined && isIP(ip) !== 0 && !ip.includes('%') ? ip : undefined;
}

function clientOf(envelope: Event): Json | undefined {
  const { geo, asn } = envelope.server;
  const ip = ipOf(envelope);
  return compact({
    ip,
    address: ip === undefined ? envelope.ip : undefined,
    geo: compact({ country_iso_code: geo?.country, region_name: geo?.region, city_name: geo?.city }),
    as: compact({ number: asn?.number, organization: compact({ name: asn?.organization }) }),
  });
}

function userAgentOf(original: string | undefined, device: JudgedFacts['device']): Json | undefined {
  const { browser: name, browser_version: version, os } = device ?? {};
  return compact({ original, name, version, os: compact({ name: os }) });
}

function urlOf(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  if (!URL.canParse(text)) return { original: text };
  const { protocol, hostname, port, pathname, search, hash } = new URL(text);
  return compact({
    ...{ original: text, full: text, scheme: protocol.slice(0, -1), domain: present(hostname) },
    port: port === '' ? undefined : Number(port),
    ...{ path: present(pathname), query: present(search.slice(1)), fragment: present(hash.slice(1)) },
  });
}

function httpOf({ http, document, request_id }: Server, referrer: string | undefined): Json | undefined {
  return compact({
    version: http?.version,
    request: compact({ method: http?.method, id: request_id, referrer }),
    response: compact({
      status_code: http?.status ?? document?.status,
      body: compact({ bytes: document?.bytes }),
    }),
  });
}

function labelsOf({ ip_hash, payload, server }: Event): Json | undefined {
  const { session_id, visitor_id, user_id } = payload?.session ?? {};
  const { page_id } = payload?.page ?? {};
  return compact({ session_id, visitor_id, user_id, page_id, document_id: server.document_id, ip_hash });
}

/** The payload without what stands elsewhere. */
function restOf({
  url,
  route,
  attribution,
  session,
  page,
  experiments,
  props,
  results,
  ...typed
}: PayloadGroups) {
  const { utm, google, meta, microsoft, other_click_ids, referrer, ...link } = url ?? {};
  const { session_id, visitor_id, user_id, ...visit } = session ?? {};
  const { page_id, ...view } = page ?? {};
  const { query, ...place } = route ?? {};
  const clickIds = { google, meta, microsoft, other_click_ids };
  return compact({
    url: compact({ ...plain(link), utm: pairsOf(utm), ...mapped(clickIds, pairsOf) }),
    route: compact({ ...plain(place), query: pairsOf(query) }),
    attribution: compact({ first: pairsOf(attribution?.first), last: pairsOf(attribution?.last) }),
    session: compact(plain(visit)),
    page: compact(plain(view)),
    experiments: pairsOf(experiments),
    props: props && JSON.stringify(props),
    results: results && JSON.stringify(results),
    ...plain(typed),
  });
}

function restOfServer({ received_at, request_id, document_id, geo, asn, verdict, ...server }: Server) {
  const { version, method, status: _status, ...http } = server.http ?? {};
  const { status, bytes, ...document } = server.document ?? {};
  const { device_type } = server.device ?? {};
  const { label, ruleset } = verdict ?? {};
  return compact({
    ...plain(server),
    http: compact(plain(http)),
    document: compact(plain(document)),
    device: compact({ device_type }),
    verdict: compact({ label, ruleset }),
  });
}

/** Names and texts of a client's own. */
function pairsOf(map: Readonly<Record<string, string>> | undefined): Json | undefined {
  return map && Object.entries(map).map(([name, value]) => `${name}=${value}`);
}

function mapped<T>(fields: Readonly<Record<string, T>>, change: (value: T) => Json | undefined): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value)]));
}

/** What the envelope's types hold already, with its numbers in bounds. */
function plain(fields: object): Fields {
  return inBounds(fields as Json) as Fields;
}

function inBounds(value: Json): Json {
  if (typeof value === 'number')
    return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  if (Array.isArray(value)) return value.map(inBounds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inBounds(item)]));
}

/** Without what is undefined; undefined where nothing is left: absent means unknown. */
function compact(fields: Fields): JsonObject | undefined {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : (Object.fromEntries(known) as JsonObject);
}

const present = (text: string): string | undefined => (text === '' ? undefined : text);
