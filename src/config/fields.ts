/**
 * The one table of configuration: what each variable is called, what it takes, what it is when nobody sets
 * it, and what it means. README's tables are generated from here, and `Config` is derived from here.
 * The names and defaults of the Go seed are kept.
 */
import type { KeyPair } from './certificate.ts';
import { type Output, outputs } from './outputs.ts';
import {
  bool,
  brokers,
  bytes,
  certificates,
  consentCookie,
  headerNames,
  integer,
  list,
  listenAddress,
  namedSecrets,
  oneOf,
  originList,
  originUrl,
  type Parser,
  pathPrefix,
  privateKey,
  secret,
  text,
  topicName,
  trustProxy,
} from './parsers.ts';
import { postgresUrl, tableName } from './postgres.ts';

export type Field<T = unknown> = {
  readonly group: string;
  /** Of the environment variable; the flag is the same in lower case with dashes. */
  readonly name: string;
  readonly parse: Parser<T>;
  /** As it would be written in the environment; undefined: unset unless somebody sets it. */
  readonly default: string | undefined;
  readonly doc: string;
  readonly unit?: string;
  /** The variable names a file, and what stands in it is the value. */
  readonly file?: true;
  /** Read from `NAME_FILE` too, refused as a flag (other users see process arguments), never shown. */
  readonly secret?: true;
};

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const MS = { unit: 'ms' } as const;
const BYTES = { unit: 'bytes' } as const;
const SECRET = { secret: true } as const;

// biome-ignore format: a row a line, so that the table reads as one
export const FIELDS = {
  serverAddr: { group: 'general', name: 'SERVER_ADDR', parse: listenAddress, default: ':19890', doc: 'Where visitors are served' },
  enableHttps: { group: 'general', name: 'ENABLE_HTTPS', parse: bool, default: 'false', doc: 'Speak TLS to visitors: HTTP/2 and HTTP/1.1' },
  sslCertFile: { group: 'general', name: 'SSL_CERT_FILE', parse: text, default: 'server.crt', doc: 'With ENABLE_HTTPS: file of the certificate and its chain (PEM). Read again when it changes, and at SIGHUP' },
  sslKeyFile: { group: 'general', name: 'SSL_KEY_FILE', parse: text, default: 'server.key', doc: 'With ENABLE_HTTPS: file of its key (PEM)' },
  trustProxy: { group: 'general', name: 'TRUST_PROXY', parse: trustProxy, default: 'false', doc: 'Whether the peer may say who the client is: `false`, `true`, a number of hops, or CIDR ranges of your proxies' },
  clientIpHeaders: { group: 'general', name: 'CLIENT_IP_HEADERS', parse: headerNames, default: '', doc: 'Headers that name the client, such as `cf-connecting-ip`; honoured from a trusted peer only' },
  maxConnections: { group: 'general', name: 'MAX_CONNECTIONS', parse: integer(1, 1_000_000), default: '10000', doc: 'Connections of visitors at once; further ones are refused' },
  workers: { group: 'general', name: 'WORKERS', parse: integer(1, 256), default: '1', doc: 'Processes that serve visitors. With more than one, the first keeps journal, sinks, metrics and live view; rates and replays are remembered by each process for itself' },
  drainMs: { group: 'general', name: 'DRAIN_MS', parse: integer(0, 600_000), default: '8000', doc: 'After SIGTERM, exchanges may take this long to finish', ...MS },
  logLevel: { group: 'general', name: 'LOG_LEVEL', parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'), default: 'info', doc: 'What is logged on standard error: `trace`, `debug`, `info`, `warn`, `error` or `silent`' },
  testMode: { group: 'general', name: 'TEST_MODE', parse: bool, default: 'false', doc: 'Record five sample events at the start, to see them arrive in every sink' },
  forwardDestination: { group: 'proxy', name: 'FORWARD_DESTINATION', parse: originUrl, default: undefined, doc: 'The site behind us: `http://host[:port][/base]`, `https://…` or `unix:/path/of.sock`. Required' },
  hostHeader: { group: 'proxy', name: 'HOST_HEADER', parse: oneOf('client', 'origin'), default: 'client', doc: "Which name the origin is asked by: the `client`'s, or the `origin`'s own, which is turned back in redirects and cookies: for a trial in front of a virtual host" },
  correlationHeaders: { group: 'proxy', name: 'CORRELATION_HEADERS', parse: bool, default: 'false', doc: 'Tell the origin in `X-Session-ID` and `X-Distinct-ID` who the visitor is by our cookie' },
  originConnectTimeoutMs: { group: 'proxy', name: 'ORIGIN_CONNECT_TIMEOUT_MS', parse: integer(1, 600_000), default: '5000', doc: 'To connect to the origin; then 504', ...MS },
  originTimeoutMs: { group: 'proxy', name: 'ORIGIN_TIMEOUT_MS', parse: integer(1, 3_600_000), default: '60000', doc: "To the head of the origin's response; then 504", ...MS },
  originTlsSkipVerify: { group: 'proxy', name: 'ORIGIN_TLS_SKIP_VERIFY', parse: bool, default: 'false', doc: 'Accept any certificate of an https origin. For a trial only: it warns at every start' },
  originCa: { group: 'proxy', name: 'ORIGIN_CA', parse: certificates, default: undefined, doc: 'File with the certificates (PEM) that an https origin is verified by, instead of the public ones', file: true },
  originCert: { group: 'proxy', name: 'ORIGIN_CERT', parse: certificates, default: undefined, doc: 'File with the certificate (PEM) that we show to an https origin which asks for one; needs ORIGIN_KEY', file: true },
  originKey: { group: 'proxy', name: 'ORIGIN_KEY', parse: privateKey, default: undefined, doc: 'File with the private key (PEM) of ORIGIN_CERT', file: true },
  tracking: { group: 'injection', name: 'TRACKING', parse: bool, default: 'on', doc: 'The one switch: `off` injects nothing and records nothing' },
  injectPaths: { group: 'injection', name: 'INJECT_PATHS', parse: list, default: '', doc: 'Globs of paths to inject into, such as `/shop/**`; empty means all' },
  injectExclude: { group: 'injection', name: 'INJECT_EXCLUDE', parse: list, default: '', doc: 'Globs of paths never to inject into' },
  injectFrames: { group: 'injection', name: 'INJECT_FRAMES', parse: bool, default: 'false', doc: 'Inject into frames too' },
  injectAt: { group: 'injection', name: 'INJECT_AT', parse: oneOf('tail', 'head'), default: 'tail', doc: "Where the tracker stands: `tail` (the end of the page) or `head` (after the declaration of the encoding, before the site's own scripts; without the pixel, and gzip pages are recompressed)" },
  injectBufferBytes: { group: 'injection', name: 'INJECT_BUFFER_BYTES', parse: bytes(1024, 16 * MIB), default: '256K', doc: 'A page up to this size that arrives at once is edited whole; others stream', ...BYTES },
  documentEvents: { group: 'injection', name: 'DOCUMENT_EVENTS', parse: oneOf('all', 'injected', 'off'), default: 'all', doc: 'Which pages give a `document` event: `all`, `injected` (those that bear the tracker) or `off`' },
  vary: { group: 'injection', name: 'VARY', parse: bool, default: 'on', doc: 'Add `Vary: Sec-Fetch-Mode, Sec-Fetch-Dest` to HTML' },
  csp: { group: 'injection', name: 'CSP', parse: oneOf('edit', 'respect'), default: 'edit', doc: "What happens to a page's Content-Security-Policy: `edit` lets the tracker into it, and nothing else; `respect` changes nothing, and pages that forbid the tracker go without" },
  debugHeaders: { group: 'injection', name: 'DEBUG_HEADERS', parse: bool, default: 'false', doc: 'Say in `X-GoTrack-Outcome` what was done to a page' },
  identity: { group: 'injection', name: 'IDENTITY', parse: oneOf('visitor', 'session', 'memory'), default: 'visitor', doc: 'What the tracker keeps in the browser: `visitor` (a visitor id), `session` (nothing that outlives the browser session) or `memory` (nothing)' },
  trackHash: { group: 'injection', name: 'TRACK_HASH', parse: bool, default: 'false', doc: 'Count changes of the `#hash` as page views' },
  hmacSecret: { group: 'collection', name: 'HMAC_SECRET', parse: secret, default: undefined, doc: 'Signs and verifies events: at least 32 characters. Required unless HMAC_SECRETS is set', ...SECRET },
  hmacSecrets: { group: 'collection', name: 'HMAC_SECRETS', parse: namedSecrets, default: undefined, doc: 'For rotation, `kid:secret,kid:secret`: the first signs, all verify. The kid of HMAC_SECRET is `0`', ...SECRET },
  hmacTokenTtlSeconds: { group: 'collection', name: 'HMAC_TOKEN_TTL_SECONDS', parse: integer(60, 604_800), default: '3600', doc: 'Life of a token', unit: 's' },
  hmacIpBinding: { group: 'collection', name: 'HMAC_IP_BINDING', parse: oneOf('soft', 'strict'), default: 'soft', doc: 'When the address changed since the token was issued: `soft` accepts and marks it, `strict` refuses' },
  hmacRequire: { group: 'collection', name: 'HMAC_REQUIRE', parse: oneOf('any', 'v1'), default: 'any', doc: '`v1` refuses the bare form of a signature, which is bound to no time and no page: set it when no old script signs that way' },
  hmacPublicKey: { group: 'collection', name: 'HMAC_PUBLIC_KEY', parse: text, default: undefined, doc: "Nothing to set here: a client's key follows from its address and HMAC_SECRET. Accepted and ignored, with a warning" },
  ingestToken: { group: 'collection', name: 'INGEST_TOKEN', parse: secret, default: undefined, doc: 'With it as `Authorization: Bearer …`, servers of yours may send to `/collect` without a signature, and say `ip`, `ua` and any time; off until it is set', ...SECRET },
  pathPrefix: { group: 'collection', name: 'PATH_PREFIX', parse: pathPrefix, default: '', doc: 'In front of our own paths, such as `/_gt`, where the site has a `/collect` of its own' },
  collectUrl: { group: 'collection', name: 'COLLECT_URL', parse: pathPrefix, default: '', doc: "Send events to this one path instead of the page's own URL: for a strict cache or a rewriting proxy in front" },
  corsOrigins: { group: 'collection', name: 'CORS_ORIGINS', parse: originList, default: '', doc: 'Other origins whose pages may send to `/collect`' },
  maxBodyBytes: { group: 'collection', name: 'MAX_BODY_BYTES', parse: bytes(1024, 64 * MIB), default: '1M', doc: 'Largest body of events', ...BYTES },
  rateCollect: { group: 'collection', name: 'RATE_COLLECT', parse: integer(0, 10_000_000), default: '600', doc: 'Signed POSTs a minute for one address; 0 is no limit' },
  rateHello: { group: 'collection', name: 'RATE_HELLO', parse: integer(0, 10_000_000), default: '600', doc: 'Requests for a token a minute for one address; 0 is no limit' },
  ratePixel: { group: 'collection', name: 'RATE_PIXEL', parse: integer(0, 10_000_000), default: '600', doc: 'Pixels a minute for one address that are recorded; 0 is no limit' },
  rateDocument: { group: 'collection', name: 'RATE_DOCUMENT', parse: integer(0, 10_000_000), default: '1200', doc: '`document` events a minute for one address; 0 is no limit' },
  eventsExclude: { group: 'collection', name: 'EVENTS_EXCLUDE', parse: list, default: '', doc: 'Types, or globs of paths (with a leading slash), whose events are dropped and counted' },
  consent: { group: 'privacy', name: 'CONSENT', parse: oneOf('optional', 'required'), default: 'optional', doc: '`optional`: an unknown choice counts as granted. `required`: nothing happens before one is made' },
  consentCookie: { group: 'privacy', name: 'CONSENT_COOKIE', parse: consentCookie, default: undefined, doc: "The site's own consent cookie: `name; yes=analytics+security; necessary=security`" },
  respectGpc: { group: 'privacy', name: 'RESPECT_GPC', parse: bool, default: 'true', doc: 'Global Privacy Control denies analytics' },
  respectDnt: { group: 'privacy', name: 'RESPECT_DNT', parse: bool, default: 'true', doc: 'Do Not Track denies analytics' },
  scrub: { group: 'privacy', name: 'SCRUB', parse: bool, default: 'on', doc: 'Take e-mail addresses, card numbers, tokens and secret parameters out of URLs and titles' },
  ipHashSecret: { group: 'privacy', name: 'IP_HASH_SECRET', parse: secret, default: undefined, doc: 'Store `ip_hash`, keyed with this, instead of the address', ...SECRET },
  ipHashDaily: { group: 'privacy', name: 'IP_HASH_DAILY', parse: bool, default: 'false', doc: 'Let `ip_hash` change every UTC day' },
  anonymizeUserIds: { group: 'privacy', name: 'ANONYMIZE_USER_IDS', parse: bool, default: 'true', doc: 'Store a keyed hash of user ids instead of the ids' },
  userIdSecret: { group: 'privacy', name: 'USER_ID_SECRET', parse: secret, default: undefined, doc: 'Key of that hash. Never change it: erasure would miss older rows. Unset: derived from the oldest HMAC secret', ...SECRET },
  journalDir: { group: 'journal', name: 'JOURNAL_DIR', parse: text, default: './journal', doc: 'Directory of the journal; one instance at a time' },
  journalMaxBytes: { group: 'journal', name: 'JOURNAL_MAX_BYTES', parse: bytes(8 * MIB, 1024 * GIB), default: '1GiB', doc: 'Bound of the journal; full means 429', ...BYTES },
  journalSync: { group: 'journal', name: 'JOURNAL_SYNC', parse: oneOf('always', 'interval', 'off'), default: 'always', doc: 'When an event counts as accepted: `always` when it is synced to disk, `interval` when the system has it (synced every second), `off` (never synced by us)' },
  journalKeepHours: { group: 'journal', name: 'JOURNAL_KEEP_HOURS', parse: integer(0, 87_600), default: '0', doc: 'Keep delivered events this long for replay', unit: 'h' },
  outputs: { group: 'journal', name: 'OUTPUTS', parse: outputs, default: 'log', doc: 'Where events go: a list of `log`, `kafka` and `postgres`. One may stand there several times with labels, `kafka:eu,kafka:us`, each with variables of its own: `KAFKA_EU_BROKERS`, else `KAFKA_BROKERS`' },
  batchSize: { group: 'journal', name: 'BATCH_SIZE', parse: integer(1, 10_000), default: '100', doc: 'Events a batch of a sink' },
  flushIntervalMs: { group: 'journal', name: 'FLUSH_INTERVAL_MS', parse: integer(1, 60_000), default: '250', doc: 'A batch that is not full goes after this time', ...MS },
  deadLetterPath: { group: 'journal', name: 'DEAD_LETTER_PATH', parse: text, default: undefined, doc: 'File of the events that a sink will never take, with the reason; `gotrack replay` sends them again. Unset: `dead-letter.ndjson` beside JOURNAL_DIR' },
  deadLetterMaxMb: { group: 'journal', name: 'DEAD_LETTER_MAX_MB', parse: integer(1, 1_000_000), default: '100', doc: 'Bound of that file. When it is full, a sink that has more to put there stalls and says so: nothing is thrown away', unit: 'MB' },
  readySinks: { group: 'journal', name: 'READY_SINKS', parse: oneOf('any', 'all'), default: 'any', doc: '`all`: `/readyz` is 503 while a sink or the journal is out of order; `any`: only while starting and stopping' },
  logPath: { group: 'log sink', name: 'LOG_PATH', parse: text, default: './events.ndjson', doc: 'File of the events, one JSON object a line; `stdout` is allowed' },
  logFormat: { group: 'log sink', name: 'LOG_FORMAT', parse: oneOf('gotrack', 'ecs'), default: 'gotrack', doc: '`gotrack`: the event as it is. `ecs`: Elastic Common Schema, for Elastic and OpenSearch' },
  logRotateMb: { group: 'log sink', name: 'LOG_ROTATE_MB', parse: integer(1, 1_000_000), default: '100', doc: 'Rotate at this size', unit: 'MB' },
  logBackups: { group: 'log sink', name: 'LOG_BACKUPS', parse: integer(0, 100_000), default: '10', doc: 'Rotated files to keep; 0 keeps all' },
  logMaxAgeDays: { group: 'log sink', name: 'LOG_MAX_AGE_DAYS', parse: integer(0, 36_500), default: '0', doc: 'Remove rotated files older than this; 0 keeps them', unit: 'd' },
  kafkaBrokers: { group: 'kafka sink', name: 'KAFKA_BROKERS', parse: brokers, default: undefined, doc: 'Where the cluster is first asked, such as `kafka-1:9092,kafka-2:9092`. Required for a Kafka output' },
  kafkaTopic: { group: 'kafka sink', name: 'KAFKA_TOPIC', parse: topicName, default: 'gotrack.events', doc: 'Topic of the events: key `event_id`, value the event, headers `event_type` and `schema`' },
  kafkaCreateTopic: { group: 'kafka sink', name: 'KAFKA_CREATE_TOPIC', parse: bool, default: 'true', doc: 'Create the topic where it is missing: 6 partitions, on 3 brokers where there are as many' },
  kafkaAcks: { group: 'kafka sink', name: 'KAFKA_ACKS', parse: oneOf('all', '1'), default: 'all', doc: 'Who has an event before it counts as delivered: `all` replicas in sync, once each, or `1` (the leader alone: its loss may lose events, and a retry may repeat them)' },
  kafkaCompression: { group: 'kafka sink', name: 'KAFKA_COMPRESSION', parse: oneOf('none', 'gzip', 'snappy', 'lz4', 'zstd'), default: 'none', doc: 'How batches are compressed: `none`, `gzip`, `snappy`, `lz4` or `zstd` (a ninth of the size; every consumer has to know it)' },
  kafkaSaslMechanism: { group: 'kafka sink', name: 'KAFKA_SASL_MECHANISM', parse: oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'), default: undefined, doc: 'How we log in: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`; needs user and password' },
  kafkaSaslUser: { group: 'kafka sink', name: 'KAFKA_SASL_USER', parse: text, default: undefined, doc: 'User of that. It needs Describe and Write on the topic, Create where it is missing, and Read: to see after a crash what is there already' },
  kafkaSaslPassword: { group: 'kafka sink', name: 'KAFKA_SASL_PASSWORD', parse: text, default: undefined, doc: 'Password of that', ...SECRET },
  kafkaTls: { group: 'kafka sink', name: 'KAFKA_TLS', parse: bool, default: 'false', doc: 'Speak TLS to the brokers; so it is, too, with one of the next two' },
  kafkaTlsCa: { group: 'kafka sink', name: 'KAFKA_TLS_CA', parse: certificates, default: undefined, doc: 'File with the certificates (PEM) that the brokers are verified by, instead of the public ones', file: true },
  kafkaTlsSkipVerify: { group: 'kafka sink', name: 'KAFKA_TLS_SKIP_VERIFY', parse: bool, default: 'false', doc: 'Accept any certificate of a broker. For a trial only: it warns at every start' },

  pgDsn: { group: 'postgres sink', name: 'PG_DSN', parse: postgresUrl, default: undefined, doc: 'The database: `postgres://user:password@host:5432/database`, with `?sslmode=verify-full` over TLS', ...SECRET },
  pgTable: { group: 'postgres sink', name: 'PG_TABLE', parse: tableName, default: 'events_json', doc: 'Table of the events; `schema.table` and quoted names are allowed' },
  pgCreate: { group: 'postgres sink', name: 'PG_CREATE', parse: bool, default: 'true', doc: 'Create the table and its indexes where there is none' },
  pgBatchSize: { group: 'postgres sink', name: 'PG_BATCH_SIZE', parse: integer(1, 10_000), default: '500', doc: 'Events a batch' },
  pgFlushMs: { group: 'postgres sink', name: 'PG_FLUSH_MS', parse: integer(1, 60_000), default: '500', doc: 'A batch that is not full goes after this time', ...MS },
  pgCopy: { group: 'postgres sink', name: 'PG_COPY', parse: bool, default: 'true', doc: 'Send batches of 100 events and more by COPY through a temporary table; `false` where a pooler or a grant forbids that: all go as arrays in the statement' },
  pgTimeoutMs: { group: 'postgres sink', name: 'PG_TIMEOUT_MS', parse: integer(100, 3_600_000), default: '30000', doc: 'A batch that the server has not taken by then is given up and sent again', ...MS },
  pgPartition: { group: 'postgres sink', name: 'PG_PARTITION', parse: oneOf('none', 'day'), default: 'none', doc: '`day`: a partition for each UTC day of `ts`. Chosen when the table is created' },
  pgRetentionDays: { group: 'postgres sink', name: 'PG_RETENTION_DAYS', parse: integer(0, 36_500), default: '0', doc: 'With PG_PARTITION=day: drop the partitions of older days; 0 keeps them', unit: 'd' },
  metricsEnabled: { group: 'metrics', name: 'METRICS_ENABLED', parse: bool, default: 'false', doc: 'Serve `/metrics`, health and the live view on a listener of its own' },
  metricsAddr: { group: 'metrics', name: 'METRICS_ADDR', parse: listenAddress, default: '127.0.0.1:9090', doc: 'Where that listener is' },
  metricsHosts: { group: 'metrics', name: 'METRICS_HOSTS', parse: list, default: '', doc: 'More names by which that listener may be called; others are refused, so that no page of another site reads it' },
} as const satisfies Record<string, Field>;

type Fields = typeof FIELDS;
type ValueOf<F> = F extends { parse: Parser<infer T>; default: infer D }
  ? D extends string
    ? T
    : T | undefined
  : never;

/** Everything that was configured, parsed; one property a row of the table. */
export type Config = { readonly [Key in keyof Fields]: ValueOf<Fields[Key]> } & {
  /** With ENABLE_HTTPS: what stood in SSL_CERT_FILE and SSL_KEY_FILE, and can be served. */
  readonly keyPair?: KeyPair | undefined;
  /** What the labelled ones of OUTPUTS have of their own, by their names; settingsOf reads it. */
  readonly labelled: Readonly<Record<string, Partial<Config>>>;
};

/** The configuration as one of OUTPUTS sees it. */
export function settingsOf(config: Config, { name }: Output): Config {
  return { ...config, ...config.labelled[name] };
}
