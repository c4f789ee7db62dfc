/**
 * All metrics in one table: `METRICS.md` is generated from it and a test holds the two together. Names of the
 * Go seed are kept. No label ever holds client text: every value comes from a closed union, so the number of
 * series is bounded whatever the clients send.
 */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Snapshot } from './snapshots.ts';
import { type Counter, createCounter, createHistogram, type Histogram } from './tally.ts';

type Kind = 'counter' | 'gauge' | 'histogram';
type Definition = {
  readonly name: string;
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly help: string;
  readonly buckets?: readonly number[];
};

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const RECORDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const SYNC_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30];

export const METRICS = {
  httpRequests: {
    name: 'gotrack_http_requests_total',
    kind: 'counter',
    labels: ['endpoint', 'method', 'status'],
    help: 'Requests answered, by endpoint (forward, collect, pixel, script, public-key, preflight, healthz, readyz, refused), method and status class',
  },
  httpSeconds: {
    name: 'gotrack_http_duration_seconds',
    kind: 'histogram',
    labels: ['endpoint', 'method'],
    help: 'Time from the head of a request to the end of its response',
    buckets: SECONDS,
  },
  originSeconds: {
    name: 'gotrack_origin_seconds',
    kind: 'histogram',
    labels: [],
    help: "Time from sending a request to the head of the origin's response",
    buckets: SECONDS,
  },
  originFailures: {
    name: 'gotrack_origin_failures_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Exchanges that the origin did not finish: refused, unresolvable, connect-timeout, head-timeout, reset, tls, invalid, aborted',
  },
  tunnels: {
    name: 'gotrack_tunnels_open',
    kind: 'gauge',
    labels: [],
    help: 'Upgraded connections (WebSocket and others) that are open now',
  },
  injections: {
    name: 'gotrack_injections_total',
    kind: 'counter',
    labels: ['outcome'],
    help: 'HTML responses, and what else was served to a navigation, by what became of the snippet: inserted, spliced, recoded, or the rule that kept it out (off, excluded, not-navigation, frame, no-transform, status, type, encoding, csp, charset, not-page, amp, csp-meta, unclosed), busy (as many pages are recoded as memory is set aside for), cut (origin or client went before the end), failed (a fault of ours)',
  },
  accepted: {
    name: 'gotrack_events_accepted_total',
    kind: 'counter',
    labels: ['scheme'],
    help: 'Events in the journal, by how their sender was verified (v1, bare, server, none)',
  },
  duplicates: {
    name: 'gotrack_events_duplicate_total',
    kind: 'counter',
    labels: [],
    help: 'Events of repeated signatures, answered 202 and not emitted again',
  },
  rejections: {
    name: 'gotrack_rejections_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Requests and events refused, by reason',
  },
  drops: {
    name: 'gotrack_drops_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Events and parts of events left out on purpose, by reason',
  },
  faults: {
    name: 'gotrack_faults_total',
    kind: 'counter',
    labels: ['room'],
    help: 'Faults of our own that were caught; the site was served all the same',
  },
  ingested: {
    name: 'gotrack_events_ingested_total',
    kind: 'counter',
    labels: ['sink'],
    help: 'Events that a sink holds durably',
  },
  sinkErrors: {
    name: 'gotrack_sink_errors_total',
    kind: 'counter',
    labels: ['sink', 'error_type'],
    help: 'Failures of a sink: retryable (each is followed by another attempt) or refused (a record goes to the dead letters)',
  },
  deadLetters: {
    name: 'gotrack_dead_letters_total',
    kind: 'counter',
    labels: ['sink', 'reason'],
    help: 'Events that a sink will never take and that are in DEAD_LETTER_PATH instead, by kind of reason: too-large, malformed, data (SQLSTATE 22…), constraint (23…), raised (P0001), other',
  },
  deadLetterBytes: {
    name: 'gotrack_dead_letter_bytes',
    kind: 'gauge',
    labels: [],
    help: 'Bytes of DEAD_LETTER_PATH; at DEAD_LETTER_MAX_MB sinks with more to put there stall',
  },
  queueDepth: {
    name: 'gotrack_queue_depth',
    kind: 'gauge',
    labels: ['sink'],
    help: 'Events in the journal that a sink does not have yet',
  },
  lagSeconds: {
    name: 'gotrack_sink_lag_seconds',
    kind: 'gauge',
    labels: ['sink'],
    help: 'For how long the oldest event that a sink does not have yet has been in the journal; 0 where it has all',
  },
  batchRecords: {
    name: 'gotrack_batch_events',
    kind: 'histogram',
    labels: ['sink'],
    help: 'Events in one batch of a sink',
    buckets: RECORDS,
  },
  flushSeconds: {
    name: 'gotrack_batch_flush_latency_seconds',
    kind: 'histogram',
    labels: ['sink'],
    help: 'Time that a sink takes for one batch',
    buckets: SECONDS,
  },
  journalBytes: {
    name: 'gotrack_journal_bytes',
    kind: 'gauge',
    labels: [],
    help: 'Bytes of the journal on disk',
  },
  journalSyncSeconds: {
    name: 'gotrack_journal_sync_seconds',
    kind: 'histogram',
    labels: [],
    help: 'Time of one group commit, write and fdatasync',
    buckets: SYNC_SECONDS,
  },
  journalDamagedBytes: {
    name: 'gotrack_journal_damaged_bytes_total',
    kind: 'counter',
    labels: [],
    help: 'Bytes of the journal that could not be read back; a copy of them is kept beside it',
  },
  journalRefusals: {
    name: 'gotrack_journal_refusals_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Appends refused: full, busy, unavailable, closed',
  },
} as const satisfies Record<string, Definition>;

type MetricOf<K extends Kind> = K extends 'counter' ? Counter : K extends 'gauge' ? Gauge : Histogram;
export type Metrics = { [Name in keyof typeof METRICS]: MetricOf<(typeof METRICS)[Name]['kind']> } & {
  /** The page that Prometheus scrapes, and its content type. */
  text(): Promise<string>;
  /** The same as data. */
  snapshot(): Promise<Snapshot>;
  readonly contentType: string;
};

/** Makes one set of metrics in a registry of its own; `processMetrics` adds CPU, memory and event-loop delay. */
export function createMetrics(options: { processMetrics: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const metrics: Record<string, Counter | Gauge | Histogram> = {};
  for (const [key, definition] of Object.entries(METRICS)) metrics[key] = createMetric(definition, registry);
  const page = {
    text: () => registry.metrics(),
    snapshot: async () => (await registry.getMetricsAsJSON()) as unknown as Snapshot,
    contentType: registry.contentType,
  };
  return Object.assign(metrics, page) as unknown as Metrics;
}

function createMetric(definition: Definition, registry: Registry): Counter | Gauge | Histogram {
  const { name, help, labels } = definition;
  if (definition.kind === 'counter') return createCounter(definition, registry);
  if (definition.kind === 'gauge')
    return new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
  return createHistogram({ buckets: SECONDS, ...definition }, registry);
}
