/**
 * Saves a sink's checkpoints without a sync for each batch: the newest one waits until `everyMs` have passed since
 * the last save began, and while one is being saved the next ones replace each other. So a crash repeats what was
 * acked within that time and no more. What fails is tried again, for ever.
 */
import { type BackoffOptions, backoffMs, type Sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { errorText } from '../lib/fs.ts';
import type { Checkpoint, CheckpointFile } from './checkpoint.ts';
import type { JournalLog } from './log.ts';

export type SaverOptions = {
  readonly name: string;
  readonly everyMs: number;
  readonly backoff: BackoffOptions;
};

export type SaverDeps = {
  readonly file: CheckpointFile;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly log: JournalLog;
  /** A checkpoint is on the disk. */
  readonly saved: (checkpoint: Checkpoint) => void;
};

export type CheckpointSaver = {
  /** Takes note of a checkpoint; returns at once. */
  save(checkpoint: Checkpoint): void;
  /** Saves what is noted without delay, with one attempt; whether all of it is on the disk then. */
  flush(): Promise<boolean>;
};

export function createCheckpointSaver(options: SaverOptions, deps: SaverDeps): CheckpointSaver {
  const { clock, file, log, sleep } = deps;
  let noted: Checkpoint | null = null;
  let running: Promise<void> | null = null;
  let hurry = new AbortController();
  let lastMs = Number.NEGATIVE_INFINITY;
  let failuresInARow = 0;

  const pauseMs = () => {
    if (failuresInARow > 0) return backoffMs(failuresInARow, options.backoff, deps.random);
    return Math.max(0, lastMs + options.everyMs - clock.monotonic());
  };

  const saveOne = async (checkpoint: Checkpoint) => {
    noted = null;
    lastMs = clock.monotonic();
    try {
      await file.save(checkpoint);
      failuresInARow = 0;
      deps.saved(checkpoint);
    } catch (error) {
      failuresInARow += 1;
      noted ??= checkpoint;
      if (failuresInARow === 1)
        log.warn({ sink: options.name, error: errorText(error) }, 'checkpoint not saved');
    }
  };

  const run = async () => {
    while (noted !== null) {
      const ms = pauseMs();
      if (ms > 0) await sleep(ms, hurry.signal);
      await saveOne(noted);
      if (failuresInARow > 0 && hurry.signal.aborted) break;
    }
    running = null;
  };

  return {
    save(checkpoint) {
      noted = checkpoint;
      if (running === null) running = run();
    },
    async flush() {
      hurry.abort();
      if (running === null && noted !== null) running = run();
      await running;
      hurry = new AbortController();
      return noted === null;
    },
  };
}
