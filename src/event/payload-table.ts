/**
 * The names that a client may use in each group of the payload, and what each holds (events: "Envelope").
 * What is not here is a custom property. The compiler holds the table to the types of `ClientEvent`.
 */
import type { PayloadGroups } from './client-event.ts';

/**
 * - `text` a string; `id` a string or number, kept as a string
 * - `address` a URL, cut to 2,048; `path` any other part of one: both scrubbed
 * - `query` a raw query without `?`; `title` a title, cut to 2,048: scrubbed
 * - `flag` true, else absent
 * - `texts` a list of strings; `text-map` names and strings; `parameters` the same from a query, scrubbed
 */
export type Scalar =
  | 'text'
  | 'id'
  | 'address'
  | 'path'
  | 'query'
  | 'title'
  | 'number'
  | 'boolean'
  | 'flag'
  | 'texts'
  | 'text-map'
  | 'parameters';

export type Kind = Scalar | { readonly fields: Fields } | { readonly listOf: Fields };
export type Fields = ReadonlyMap<string, Kind>;

type Names<T> = Exclude<keyof T, symbol | number>;
type Table<T> = { readonly [Name in Names<Required<T>>]: Kind };
type Typed = Omit<PayloadGroups, 'props' | 'results' | 'experiments' | 'vital'>;

const fields = (table: Readonly<Record<string, Kind>>): Fields => new Map(Object.entries(table));

const SCREEN = fields({
  width: 'number',
  height: 'number',
  availWidth: 'number',
  availHeight: 'number',
  colorDepth: 'number',
  pixelDepth: 'number',
});

const BRAND = fields({ brand: 'text', version: 'text' });
const MEASURE: Kind = { fields: fields({ value: 'number', rating: 'text', target: 'text' }) };

const GROUPS: { readonly [Group in keyof Typed]-?: Table<NonNullable<Typed[Group]>> } = {
  url: {
    referrer: 'address',
    referrer_hostname: 'text',
    raw_query: 'query',
    query_size: 'number',
    utm: 'parameters',
    google: 'parameters',
    meta: 'parameters',
    microsoft: 'parameters',
    other_click_ids: 'parameters',
  },
  route: {
    domain: 'text',
    path: 'path',
    fullPath: 'path',
    hash: 'path',
    canonical_url: 'address',
    title: 'title',
    protocol: 'text',
    query: 'parameters',
  },
  device: {
    ua: 'text',
    ua_brands: { listOf: BRAND },
    ua_mobile: 'boolean',
    os: 'text',
    browser: 'text',
    language: 'text',
    languages: 'texts',
    tz: 'text',
    tz_offset_minutes: 'number',
    viewport_w: 'number',
    viewport_h: 'number',
    device_pixel_ratio: 'number',
    hardware_concurrency: 'number',
    device_memory: 'number',
    maxTouchPoints: 'number',
    prefers_color_scheme: 'text',
    prefers_reduced_motion: 'boolean',
    cookie_enabled: 'boolean',
    storage_available: 'boolean',
    network_effective_type: 'text',
    network_downlink: 'number',
    network_rtt: 'number',
    network_save_data: 'boolean',
    gpu: 'text',
    screens: { listOf: SCREEN },
  },
  session: {
    visitor_id: 'id',
    session_id: 'id',
    session_start_ts: 'number',
    session_seq: 'number',
    first_visit_ts: 'number',
    user_id: 'id',
  },
  page: {
    page_id: 'id',
    seq: 'number',
    virtual: 'flag',
    restored: 'flag',
    reused: 'flag',
    prerendered: 'flag',
    frame: 'flag',
    sent_at: 'number',
  },
  attribution: { first: 'parameters', last: 'parameters' },
  click: {
    tag: 'text',
    id: 'text',
    role: 'text',
    name: 'text',
    href: 'path',
    outbound: 'boolean',
    download: 'boolean',
    x: 'number',
    y: 'number',
  },
  scroll: { depth: 'number', visible_ms: 'number', engaged_ms: 'number' },
  error: { kind: 'text', type: 'text', file: 'path', line: 'number', column: 'number' },
};

const VITALS = fields({ lcp: MEASURE, cls: MEASURE, inp: MEASURE, fcp: MEASURE, ttfb: MEASURE });

/** `props` and `results` have rules of their own. */
export const PAYLOAD_TABLE: Fields = fields({
  ...Object.fromEntries(Object.entries(GROUPS).map(([name, table]) => [name, { fields: fields(table) }])),
  experiments: 'text-map',
  vital: { fields: VITALS },
});
