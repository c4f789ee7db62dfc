/**
 * The stored shape as the contract's page describes it, written a second time: what is wrong with an envelope,
 * as sentences. It shares nothing with the code that makes envelopes; the published schema is held against it.
 */

import { schemaProblems } from '../../support/envelope-schema.ts';

type Check = (value: unknown, at: string, problems: string[]) => void;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TOP = ['event_id', 'timestamp', 'type', 'ip', 'ip_hash', 'ua', 'url', 'payload', 'server', 'schema'];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text =
  (max = 8_192): Check =>
  (value, at, problems) => {
    if (typeof value !== 'string') problems.push(`${at} is no text`);
    else if (value.length > max) problems.push(`${at} has ${value.length} characters`);
  };
const pattern =
  (shape: RegExp): Check =>
  (value, at, problems) => {
    if (typeof value !== 'string' || !shape.test(value)) problems.push(`${at} is ${JSON.stringify(value)}`);
  };
const number: Check = (value, at, problems) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) problems.push(`${at} is no number`);
};
const truth: Check = (value, at, problems) => {
  if (typeof value !== 'boolean') problems.push(`${at} is no truth value`);
};
const flag: Check = (value, at, problems) => {
  if (value !== true) problems.push(`${at} is neither true nor absent`);
};
const list =
  (item: Check): Check =>
  (value, at, problems) => {
    if (!Array.isArray(value)) problems.push(`${at} is no list`);
    else for (const [i, entry] of value.entries()) item(entry, `${at}[${i}]`, problems);
  };
const map: Check = (value, at, problems) => {
  if (!isObject(value)) problems.push(`${at} is no object`);
  else for (const [name, entry] of Object.entries(value)) text()(entry, `${at}.${name}`, problems);
};
const object =
  (fields: Record<string, Check>, required: string[] = []): Check =>
  (value, at, problems) => {
    if (!isObject(value)) return void problems.push(`${at} is no object`);
    for (const name of required) if (!Object.hasOwn(value, name)) problems.push(`${at}.${name} is missing`);
    for (const [name, entry] of Object.entries(value)) {
      if (!Object.hasOwn(fields, name)) problems.push(`${at}.${name} is unknown`);
      else fields[name]!(entry, `${at}.${name}`, problems);
    }
  };
const sized =
  (maxBytes: number): Check =>
  (value, at, problems) => {
    if (!isObject(value)) problems.push(`${at} is no object`);
    else if (Buffer.byteLength(JSON.stringify(value)) > maxBytes) problems.push(`${at} is too large`);
  };
const oneOf =
  (...choices: string[]): Check =>
  (value, at, problems) => {
    if (!choices.includes(value as string)) problems.push(`${at} is ${JSON.stringify(value)}`);
  };
const all = (names: string, check: Check): Record<string, Check> =>
  Object.fromEntries(names.split(' ').map((name) => [name, check]));

const measure = object({ value: number, rating: text(), target: text() });

const payload = object({
  url: object({
    ...all('utm google meta microsoft other_click_ids', map),
    ...{ referrer: text(2_048), referrer_hostname: text(), raw_query: text(), query_size: number },
  }),
  route: object({
    ...all('domain path fullPath hash protocol', text()),
    ...{ canonical_url: text(2_048), title: text(2_048), query: map },
  }),
  device: object({
    ...all('ua os browser language tz prefers_color_scheme network_effective_type gpu', text()),
    ...all(
      'tz_offset_minutes viewport_w viewport_h device_pixel_ratio hardware_concurrency device_memory',
      number,
    ),
    ...all('maxTouchPoints network_downlink network_rtt', number),
    ...all('ua_mobile prefers_reduced_motion cookie_enabled storage_available network_save_data', truth),
    ua_brands: list(object({ brand: text(), version: text() })),
    languages: list(text()),
    screens: list(object(all('width height availWidth availHeight colorDepth pixelDepth', number))),
  }),
  session: object({
    ...all('visitor_id session_id user_id', text()),
    ...all('session_start_ts session_seq first_visit_ts', number),
  }),
  page: object({
    ...{ page_id: text(), seq: number, sent_at: number },
    ...all('virtual restored reused prerendered frame', flag),
  }),
  attribution: object({ first: map, last: map }),
  experiments: map,
  click: object({
    ...all('tag id role name href', text()),
    ...all('outbound download', truth),
    ...all('x y', number),
  }),
  scroll: object(all('depth visible_ms engaged_ms', number)),
  vital: object(all('lcp cls inp fcp ttfb', measure)),
  error: object({ ...all('kind type file', text()), ...all('line column', number) }),
  props: sized(4_096),
  results: sized(16_384),
});

const state = oneOf('granted', 'denied');
const server = object(
  {
    received_at: pattern(TIME),
    request_id: text(128),
    document_id: pattern(UUID),
    client_event_id: text(),
    adjusted: list(oneOf('timestamp', 'event_id', 'url', 'referrer', 'title')),
    document: object(
      { status: number, bytes: number, origin_ms: number, injection: text(), prefetch: flag },
      ['status', 'bytes', 'injection'],
    ),
    auth: object(
      {
        scheme: oneOf('v1', 'bare', 'server', 'none'),
        key_id: text(16),
        issued_at: pattern(TIME),
        ip_changed: flag,
      },
      ['scheme'],
    ),
    consent: object(
      {
        analytics: state,
        security: state,
        gpc: flag,
        dnt: flag,
        source: oneOf('default', 'api', 'cookie', 'gpc', 'dnt'),
      },
      ['analytics', 'security', 'source'],
    ),
    http: object(
      { version: text(8), host: text(255), method: text(16), status: number, header_order: list(text(128)) },
      ['version', 'method'],
    ),
  },
  ['received_at', 'request_id', 'consent', 'http'],
);

const envelope = object(
  {
    event_id: pattern(UUID),
    timestamp: pattern(TIME),
    type: pattern(/^[a-z0-9_.:-]{1,64}$/),
    ip: text(45),
    ip_hash: pattern(/^[0-9a-f]{64}$/),
    ua: text(1_024),
    url: text(2_048),
    payload,
    server,
    schema: oneOf('gotrack.event/1'),
  },
  ['event_id', 'timestamp', 'type', 'url', 'server', 'schema'],
);

/** No empty strings, nulls or empty objects, no NUL, no lone surrogate, no key over 128, no list over 256. */
function wholesome(value: unknown, at: string, problems: string[]): void {
  if (value === null) problems.push(`${at} is null`);
  else if (typeof value === 'string') {
    if (value === '') problems.push(`${at} is empty`);
    if (value.includes('\0')) problems.push(`${at} holds NUL`);
    if (!value.isWellFormed()) problems.push(`${at} holds half a character`);
    if (value.length > 8_192) problems.push(`${at} is too long`);
  } else if (Array.isArray(value)) {
    if (value.length > 256) problems.push(`${at} is too long a list`);
    for (const [i, entry] of value.entries()) wholesome(entry, `${at}[${i}]`, problems);
  } else if (typeof value === 'object') {
    if (Object.keys(value).length === 0) problems.push(`${at} is an empty object`);
    for (const [name, entry] of Object.entries(value)) {
      if (name.length > 128 || !name.isWellFormed() || name.includes('\0'))
        problems.push(`${at} has a bad key`);
      wholesome(entry, `${at}.${name}`, problems);
    }
  }
}

/** What is wrong with an event as it was stored; an empty list when nothing is. */
export function problemsOf(event: unknown): string[] {
  const problems: string[] = [];
  envelope(event, 'event', problems);
  wholesome(event, 'event', problems);
  const names = Object.keys(event as object);
  const order = TOP.filter((name) => names.includes(name));
  if (names.join() !== order.join()) problems.push(`the order of the fields is ${names.join()}`);
  if (Object.hasOwn(event as object, 'ip') === Object.hasOwn(event as object, 'ip_hash'))
    problems.push('ip and ip_hash');
  return [...problems, ...schemaProblems(event)];
}
