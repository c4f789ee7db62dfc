/**
 * Sends records to a sink once more, as a delivery would (settle.ts): in batches and in order, with outages waited out,
 * and what is refused kept with its reason. There is no journal and no checkpoint behind it: it ends with the records.
 */
import { type BackoffOptions, backoffMs, type Sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { createHealth, type SinkLog } from './health.ts';
import { openPatiently } from './open-sink.ts';
import { isSinkAtFault } from './refusals.ts';
import { createSettler, type KeepDeadLetters, type Pause } from './settle.ts';
import type { Sink } from './sink.ts';

export type ResendOptions = {
  /** BATCH_SIZE, for a sink that names no limits. */
  readonly batchSize: number;
  /** Refusals of most of a batch stall the sink. Off for records that it has refused once already. */
  readonly suspectsSink: boolean;
  readonly backoff?: BackoffOptions;
};

export type ResendDeps = {
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly log: SinkLog;
  readonly keepDeadLetters: KeepDeadLetters;
  /** Aborts when nothing is to be tried again. */
  readonly stop: AbortSignal;
};

export type Resent = {
  /** Whether it came to the end of the records; else only what is counted here is done. */
  readonly finished: boolean;
  readonly delivered: number;
  readonly refused: number;
};

const BACKOFF = { baseMs: 100, maxMs: 30_000 };
const MAX_BATCH_BYTES = 1024 * 1024;

/** Opens the sink, sends, closes it. Rejects where the records cannot be read. */
export async function resend(
  records: AsyncIterable<Buffer>,
  options: ResendOptions,
  deps: ResendDeps,
): Promise<Resent> {
  const { sink, stop } = deps;
  const health = createHealth(sink.name, deps.clock, deps.log);
  const pause: Pause = async ({ state, detail, failuresInARow }) => {
    health.become(state, detail);
    const ms = backoffMs(failuresInARow, options.backoff ?? BACKOFF, deps.random);
    if (!stop.aborted) await deps.sleep(ms, stop);
    return !stop.aborted;
  };
  const sent = { finished: false, delivered: 0, refused: 0 };
  const metrics = metricsInto(sent);
  const suspects = options.suspectsSink ? isSinkAtFault : () => false;
  const settler = createSettler({ ...deps, metrics, pause, isSinkAtFault: suspects });
  const limits = sink.limits ?? { maxRecords: options.batchSize, maxBytes: MAX_BATCH_BYTES };
  try {
    if ((await openPatiently({ state: null }, { sink, pause, metrics })) === null) return sent;
    for await (const batch of batchesOf(records, limits)) {
      if (stop.aborted || !(await settler.settle(batch)).ok) return sent;
      health.become('ok');
    }
    return { ...sent, finished: true };
  } finally {
    await sink.close();
  }
}

function metricsInto(sent: { delivered: number; refused: number }) {
  return {
    delivered(records: number) {
      sent.delivered += records;
    },
    failed(kind: 'retryable' | 'refused', count: number) {
      if (kind === 'refused') sent.refused += count;
    },
    deadLetter() {},
    batchRecords() {},
    flushSeconds() {},
  };
}

async function* batchesOf(
  records: AsyncIterable<Buffer>,
  { maxRecords, maxBytes }: { maxRecords: number; maxBytes: number },
): AsyncGenerator<Buffer[], void, void> {
  let batch: Buffer[] = [];
  let bytes = 0;
  for await (const record of records) {
    if (batch.length > 0 && bytes + record.length > maxBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += record.length;
    if (batch.length < maxRecords) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
