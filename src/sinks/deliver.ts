/**
 * Carries the journal to one sink: reads batches in order, has each settled (settle.ts), and moves the checkpoint
 * only then. An outage of the sink is waited out for ever, in the journal's keeping; it concerns no other sink.
 *
 * A batch goes out when BATCH_SIZE records wait or FLUSH_INTERVAL_MS after the first one was seen, and takes along
 * what else has gathered, up to the sink's own limits. So a batch is BATCH_SIZE records where little comes in and
 * larger under load, when a sync a hundred records would be what limits a log file; a sink that names no limits
 * gets BATCH_SIZE at most.
 */
import { type BackoffOptions, backoffMs, type Sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { errorText } from '../lib/fs.ts';
import { createHealth, type DeliveryState, type SinkLog } from './health.ts';
import { createIntake, type DeliveryCursor } from './intake.ts';
import { openPatiently, orProblem } from './open-sink.ts';
import { createSettler, type DeliveryMetrics, type KeepDeadLetters, type Pause } from './settle.ts';
import type { Sink, SinkState } from './sink.ts';

export type DeliveryOptions = {
  /** BATCH_SIZE. */
  readonly batchSize: number;
  /** FLUSH_INTERVAL_MS. */
  readonly flushIntervalMs: number;
  /** How often an idle sink is probed. */
  readonly probeMs?: number;
  /** A write that takes longer is reported as stalled. */
  readonly stallMs?: number;
  readonly backoff?: BackoffOptions;
};

export type DeliveryDeps = {
  readonly sink: Sink;
  /** Resolves when the journal is open, which may be never. */
  readonly openCursor: () => Promise<DeliveryCursor>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly log: SinkLog;
  readonly metrics: DeliveryMetrics;
  readonly keepDeadLetters?: KeepDeadLetters;
};

/** As in /readyz (protocol: health); `detail` is for the metrics listener only. */
export type DeliveryStatus = {
  readonly state: DeliveryState;
  /** RFC 3339. */
  readonly since: string;
  /** Null while the journal is not open and nobody knows. */
  readonly lag_events: number | null;
  readonly lag_s: number | null;
  readonly detail: string;
};

export type Delivery = {
  /** Cheap; asks nobody. */
  status(): DeliveryStatus;
  /**
   * Delivers what is in the journal, saves the checkpoint and closes the sink, at most until the deadline and only
   * as long as the sink takes it; whether nothing is left. What is left stays in the journal.
   */
  close(deadlineMs: number): Promise<{ drained: boolean }>;
};

const DEFAULTS = { probeMs: 5000, stallMs: 30_000, backoff: { baseMs: 100, maxMs: 30_000 } };
const MAX_BATCH_BYTES = 1024 * 1024;

/** Begins at once and goes on until it is closed. */
export function startDelivery(options: DeliveryOptions, deps: DeliveryDeps): Delivery {
  const { backoff, batchSize, flushIntervalMs, probeMs, stallMs } = { ...DEFAULTS, ...options };
  const { clock, log, sink } = deps;
  const limits = sink.limits ?? { maxRecords: batchSize, maxBytes: MAX_BATCH_BYTES };
  const health = createHealth(sink.name, clock, log);
  const stopping = new AbortController();
  const stop = stopping.signal;
  let cursor: DeliveryCursor | null = null;

  /** While stopping nothing is tried again: the journal keeps what is left. */
  const pause: Pause = async ({ state, detail, failuresInARow }) => {
    health.become(state, detail);
    if (!stop.aborted) await deps.sleep(backoffMs(failuresInARow, backoff, deps.random), stop);
    return !stop.aborted;
  };

  const settler = createSettler({ ...deps, pause });

  /** Until the sink is open: the state from which it starts; undefined when stopping came first. */
  const openSink = async (from: DeliveryCursor): Promise<SinkState | undefined> => {
    const opened = await openPatiently({ state: from.state(), waiting: from.waiting }, { ...deps, pause });
    return opened === null ? undefined : startState(from, opened.state);
  };

  /** On a disk that takes no checkpoint the delivery begins all the same: it may be what makes room. */
  const startState = async (from: DeliveryCursor, state: SinkState | undefined): Promise<SinkState> => {
    if (state === undefined) return from.state();
    from.commit(from.acked(), state);
    await from.flush();
    return state;
  };

  const probe = async () => {
    const outcome = await orProblem(() => sink.probe());
    if (outcome.ok) health.become('ok');
    else health.become('retrying', outcome.detail);
  };

  const deliverAll = async (from: DeliveryCursor) => {
    let state = await openSink(from);
    if (state === undefined) return;
    health.become('ok');
    const intake = createIntake(
      { batchSize, flushIntervalMs, probeMs, limits },
      { cursor: from, pause, probe, stop },
    );
    for (let batch = await intake(); batch !== null; batch = await intake()) {
      const settled = await settler.settle(batch.records);
      if (!settled.ok) return;
      if (settled.state !== undefined) state = settled.state;
      from.commit(batch.next, state);
      health.become('ok');
    }
  };

  const run = async () => {
    try {
      cursor = await Promise.race([deps.openCursor(), aborted(stop)]);
      if (cursor !== null) await deliverAll(cursor);
    } catch (error) {
      // Going on would skip the batch in hand; a restart reads it again.
      health.become('stalled', `fault: ${errorText(error)}`);
      log.error({ sink: sink.name, error }, 'the delivery ended in a fault of ours');
      await aborted(stop);
    }
    await cursor?.flush();
    await sink.close();
  };

  const running = run().catch((error: unknown) =>
    log.error({ sink: sink.name, error }, 'sink not closed well'),
  );

  return {
    status() {
      const { state, sinceMs, detail } = health.now();
      const known = cursor?.lag();
      const lag = { lag_events: known?.events ?? null, lag_s: known?.seconds ?? null };
      const writing = settler.writingSince();
      const hangs = writing !== null && clock.monotonic() - writing > stallMs;
      if (!hangs) return { state, since: new Date(sinceMs).toISOString(), ...lag, detail };
      const since = new Date(clock.now() - (clock.monotonic() - writing)).toISOString();
      return { state: 'stalled', since, ...lag, detail: 'a write does not return' };
    },
    async close(deadlineMs) {
      stopping.abort();
      await Promise.race([running, deps.sleep(deadlineMs)]);
      health.become('closed');
      return { drained: cursor?.lag().events === 0 };
    },
  };
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
