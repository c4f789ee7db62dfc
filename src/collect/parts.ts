/** What collect is made of: its options, what it is handed, and the state that its functions share. */
import type { EventExclusions } from '../event/exclude.ts';
import { type BodyReader, type BodyReaderOptions, createBodyReader } from '../http/read-body.ts';
import type { Clock } from '../lib/clock.ts';
import type { Tokens } from '../token/tokens.ts';
import type { Append } from './append-outcome.ts';
import { type CountersDeps, createCounters } from './counters.ts';
import type { Privacy } from './privacy.ts';
import { createRate } from './rate.ts';
import { createReplay } from './replay.ts';
import type { ScriptTexts } from './scripts.ts';
import type { Enrich } from './to-envelope.ts';

export type CollectOptions = {
  /** TRACKING: false answers and drops everything. */
  readonly tracking: boolean;
  /** `/collect` behind PATH_PREFIX. */
  readonly collectPath: string;
  /** MAX_BODY_BYTES. */
  readonly maxBodyBytes: number;
  /** HMAC_IP_BINDING. */
  readonly ipBinding: 'soft' | 'strict';
  /** HMAC_REQUIRE. */
  readonly hmacRequire: 'any' | 'v1';
  /** INGEST_TOKEN; null: servers are not known. */
  readonly ingestToken: string | null;
  /** CORS_ORIGINS. */
  readonly corsOrigins: readonly string[];
  /** RATE_COLLECT, RATE_HELLO, RATE_PIXEL, RATE_DOCUMENT: a minute and address; 0 is no limit. */
  readonly rates: {
    readonly collect: number;
    readonly hello: number;
    readonly pixel: number;
    readonly document: number;
  };
  /** EVENTS_EXCLUDE. */
  readonly exclusions: EventExclusions;
};

export type CollectDeps = CountersDeps & {
  readonly clock: Clock;
  readonly uuidV4: () => string;
  readonly uuidV7: () => string;
  readonly tokens: Tokens;
  readonly privacy: Privacy;
  readonly append: Append;
  /** How much of JOURNAL_MAX_BYTES is taken, 0 to 1. */
  readonly fill: () => number;
  readonly isDraining: () => boolean;
  readonly enrich: Enrich;
  readonly scripts: ScriptTexts;
  /** Where bodies are read; without one collect has its own, with the bounds below. */
  readonly bodies?: BodyReader;
};

const MAX_BODIES_BYTES = 64 * 2 ** 20;
/** An eighth, so that one address cannot keep the others out. */
const MAX_CLIENT_BODIES_BYTES = MAX_BODIES_BYTES / 8;
const BODY_TIMEOUT_MS = 60_000;
/** A signature is good for 5 minutes before and after its `t`. */
const REPLAY_GENERATION_MS = 10 * 60_000;
const MAX_SIGNATURES = 200_000;

/** Everything that the functions of this room are handed, made once. */
export function createParts(options: CollectOptions, deps: CollectDeps) {
  const { clock } = deps;
  const counters = createCounters(deps);
  const { ipBinding, hmacRequire, ingestToken, exclusions, maxBodyBytes, collectPath } = options;
  return {
    ...deps,
    ...counters,
    ...{ ipBinding, hmacRequire, ingestToken, exclusions, maxBodyBytes, collectPath },
    corsOrigins: new Set(options.corsOrigins),
    collectRate: createRate(options.rates.collect, clock),
    helloRate: createRate(options.rates.hello, clock),
    pixelRate: createRate(options.rates.pixel, clock),
    documentRate: createRate(options.rates.document, clock),
    bodies: deps.bodies ?? createBodyReader(boundsOf(maxBodyBytes)),
    replay: createReplay(
      { generationMs: REPLAY_GENERATION_MS, maxSignatures: MAX_SIGNATURES },
      { clock, onForgotten: (count) => counters.onDropped('replay-forgotten', count) },
    ),
  };
}

function boundsOf(maxBodyBytes: number): BodyReaderOptions {
  return {
    maxTotalBytes: MAX_BODIES_BYTES,
    maxOwnerBytes: Math.max(MAX_CLIENT_BODIES_BYTES, maxBodyBytes),
    timeoutMs: BODY_TIMEOUT_MS,
  };
}
