/**
 * The envelope as JSON Schema 2020-12: what `gotrack schema` prints and what the tests hold every sink to. It is
 * open, because adding a field is a minor change (events: "Versioning"): a consumer ignores what it does not know.
 * The payload's part comes from the table by which collect cleans, the compiler holds the rest to `Envelope`.
 */
import { type DocumentFacts, type Envelope, type HttpFacts, SCHEMA, type ServerFacts } from './envelope.ts';
import {
  EVENT_TYPE,
  MAX_ARRAY,
  MAX_HEADER_NAME,
  MAX_HEADER_NAMES,
  MAX_HOST,
  MAX_KEY,
  MAX_PROPS_BYTES,
  MAX_RESULTS_BYTES,
  MAX_STRING,
  MAX_UA,
  MAX_URL,
} from './limits.ts';
import { type Fields, type Kind, PAYLOAD_TABLE, type Scalar } from './payload-table.ts';

export type JsonSchema = { readonly [keyword: string]: unknown };

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';
const TIME = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$';

/** Absent means unknown: no text is empty. */
const text = (maxLength: number): JsonSchema => ({ type: 'string', minLength: 1, maxLength });
const pattern = (shape: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  pattern: shape,
  ...more,
});
const list = (items: JsonSchema, maxItems: number): JsonSchema => ({
  type: 'array',
  items,
  minItems: 1,
  maxItems,
});
const about = (description: string, schema: JsonSchema): JsonSchema => ({ description, ...schema });

const UUID_TEXT = pattern(UUID, { format: 'uuid' });
const TIME_TEXT = pattern(TIME, { format: 'date-time' });
const FLAG: JsonSchema = { const: true };
const NUMBER: JsonSchema = { type: 'number' };
const BOOLEAN: JsonSchema = { type: 'boolean' };
const TEXT = text(MAX_STRING);
const NAMES: JsonSchema = { maxLength: MAX_KEY };
const TEXT_MAP: JsonSchema = {
  type: 'object',
  minProperties: 1,
  propertyNames: NAMES,
  additionalProperties: TEXT,
};

/** Every property of a type, so that none is forgotten; those of `required` are always there. */
function object<T>(
  properties: { readonly [Name in keyof Required<T>]: JsonSchema },
  ...required: readonly (keyof T)[]
): JsonSchema {
  return { type: 'object', properties, ...(required.length > 0 ? { required } : { minProperties: 1 }) };
}

const SCALARS: { readonly [Name in Scalar]: JsonSchema } = {
  text: TEXT,
  id: TEXT,
  path: TEXT,
  query: TEXT,
  address: text(MAX_URL),
  title: text(MAX_URL),
  number: NUMBER,
  boolean: BOOLEAN,
  flag: FLAG,
  texts: list(TEXT, MAX_ARRAY),
  'text-map': TEXT_MAP,
  parameters: TEXT_MAP,
};

function ofKind(kind: Kind): JsonSchema {
  if (typeof kind === 'string') return SCALARS[kind];
  return 'fields' in kind ? ofFields(kind.fields) : list(ofFields(kind.listOf), MAX_ARRAY);
}

function ofFields(fields: Fields): JsonSchema {
  const properties = Object.fromEntries([...fields].map(([name, kind]) => [name, ofKind(kind)]));
  return { type: 'object', minProperties: 1, properties };
}

function payload(): JsonSchema {
  const { properties, ...rest } = ofFields(PAYLOAD_TABLE);
  const groups = {
    ...(properties as JsonSchema),
    props: about(`Custom properties, at most ${MAX_PROPS_BYTES} bytes of JSON`, anyObject()),
    results: about(`Raw observations of the client, at most ${MAX_RESULTS_BYTES} bytes of JSON`, anyObject()),
  };
  return about('What the client claims, and nothing else', { ...rest, properties: groups });
}

/** What may stand in `props` and `results`. */
const anyObject = (): JsonSchema => ({ $ref: '#/$defs/object' });
const DEFINITIONS = {
  value: {
    anyOf: [
      TEXT,
      NUMBER,
      BOOLEAN,
      { type: 'array', items: { $ref: '#/$defs/value' }, maxItems: MAX_ARRAY },
      { $ref: '#/$defs/object' },
    ],
  },
  object: {
    type: 'object',
    minProperties: 1,
    propertyNames: NAMES,
    additionalProperties: { $ref: '#/$defs/value' },
  },
};

const CONSENT_STATE: JsonSchema = { enum: ['granted', 'denied'] };

const CONSENT = object<NonNullable<ServerFacts['consent']>>(
  {
    analytics: CONSENT_STATE,
    security: CONSENT_STATE,
    gpc: FLAG,
    dnt: FLAG,
    source: { enum: ['default', 'api', 'cookie', 'gpc', 'dnt'] },
  },
  'analytics',
  'security',
  'source',
);

const AUTH = object<NonNullable<ServerFacts['auth']>>(
  {
    scheme: { enum: ['v1', 'bare', 'server', 'none'] },
    key_id: pattern('^[a-z0-9]{1,16}$'),
    issued_at: TIME_TEXT,
    ip_changed: FLAG,
  },
  'scheme',
);

const HTTP = object<HttpFacts>(
  {
    version: text(8),
    host: text(MAX_HOST),
    method: text(16),
    status: { type: 'integer', minimum: 100, maximum: 999 },
    header_order: about('Names as they stood on the wire', list(text(MAX_HEADER_NAME), MAX_HEADER_NAMES)),
  },
  'version',
  'method',
);

const DOCUMENT = object<DocumentFacts>(
  {
    status: { type: 'integer', minimum: 100, maximum: 999 },
    bytes: { type: 'integer', minimum: 0 },
    origin_ms: { type: 'number', minimum: 0 },
    injection: text(64),
    prefetch: FLAG,
  },
  'status',
  'bytes',
  'origin_ms',
  'injection',
);

const SERVER = object<ServerFacts>(
  {
    received_at: TIME_TEXT,
    request_id: text(128),
    document_id: about('The event_id of the document event of the page', UUID_TEXT),
    client_event_id: about('What the client called its event, where that could not be kept', TEXT),
    adjusted: list({ enum: ['timestamp', 'event_id', 'url', 'referrer', 'title'] }, 5),
    document: DOCUMENT,
    auth: AUTH,
    consent: CONSENT,
    http: HTTP,
  },
  'received_at',
  'request_id',
  'consent',
  'http',
);

const { properties: TOP, ...ENVELOPE } = object<Envelope>(
  {
    event_id: about('Unique: consumers keep one event of an id', UUID_TEXT),
    timestamp: about('When it happened, by the client’s clock put right', TIME_TEXT),
    type: pattern(EVENT_TYPE),
    ip: text(45),
    ip_hash: pattern('^[0-9a-f]{64}$'),
    ua: text(MAX_UA),
    url: about('The page, scrubbed', text(MAX_URL)),
    payload: payload(),
    server: about('What the proxy saw; no client writes here', SERVER),
    schema: { const: SCHEMA },
  },
  'event_id',
  'timestamp',
  'type',
  'url',
  'server',
  'schema',
);

export const ENVELOPE_SCHEMA: JsonSchema = {
  $schema: DIALECT,
  $id: 'urn:gotrack:event:1',
  title: SCHEMA,
  ...ENVELOPE,
  oneOf: [{ required: ['ip'] }, { required: ['ip_hash'] }],
  properties: TOP,
  $defs: DEFINITIONS,
};
