/** Gathers the journal's records into batches, as large as they should be and no later than they may be. */
import { errorText } from '../lib/fs.ts';
import type { Pause } from './settle.ts';
import type { BatchLimits, SinkState } from './sink.ts';

/** A place in the journal between two records; only the journal looks into it. */
export type DeliveryPosition = { readonly offset: number; readonly count: number };

/** What a delivery needs of the journal: one sink's place in it. */
export type DeliveryCursor = {
  state(): SinkState;
  waiting(): number;
  wait(options: { records: number; timeoutMs?: number; signal: AbortSignal }): Promise<void>;
  read(limits: BatchLimits): Promise<{ records: readonly Buffer[]; next: DeliveryPosition } | null>;
  acked(): DeliveryPosition;
  commit(next: DeliveryPosition, state: SinkState): void;
  lag(): { events: number; seconds: number };
  flush(): Promise<boolean>;
};

export type IntakeOptions = {
  /** So many records make a batch that need not wait. */
  readonly batchSize: number;
  /** How long fewer wait for more. */
  readonly flushIntervalMs: number;
  /** How often an idle sink is probed. */
  readonly probeMs: number;
  readonly limits: BatchLimits;
};

export type IntakeDeps = {
  readonly cursor: DeliveryCursor;
  readonly pause: Pause;
  readonly probe: () => Promise<void>;
  /** Aborts when nothing is to be waited for any more. */
  readonly stop: AbortSignal;
};

export type Batch = { readonly records: readonly Buffer[]; readonly next: DeliveryPosition };

/** The next batch, or null when stopping and nothing is left. */
export type Intake = () => Promise<Batch | null>;

export function createIntake(options: IntakeOptions, deps: IntakeDeps): Intake {
  const { batchSize, flushIntervalMs, limits, probeMs } = options;
  const { cursor, pause, probe, stop } = deps;

  /** Null where only damage was left to read, or when stopping. */
  const read = async (): Promise<Batch | null> => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await cursor.read(limits);
      } catch (error) {
        const detail = `the journal cannot be read: ${errorText(error)}`;
        if (!(await pause({ state: 'stalled', detail, failuresInARow: failures }))) return null;
      }
    }
  };

  return async () => {
    for (;;) {
      if (cursor.waiting() === 0) {
        if (stop.aborted) return null;
        await cursor.wait({ records: 1, timeoutMs: probeMs, signal: stop });
        if (cursor.waiting() === 0 && !stop.aborted) await probe();
        continue;
      }
      if (cursor.waiting() < batchSize) {
        await cursor.wait({ records: batchSize, timeoutMs: flushIntervalMs, signal: stop });
      }
      const batch = await read();
      if (batch !== null || stop.aborted) return batch;
    }
  };
}
