/** The cursors of today's outputs, each from its checkpoint. */
import { join } from 'node:path';
import type { BackoffOptions, Sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Fs } from '../lib/fs.ts';
import {
  type Checkpoint,
  type CheckpointReading,
  checkpointName,
  createCheckpointFile,
} from './checkpoint.ts';
import { createCheckpointSaver } from './checkpoint-saver.ts';
import { type Cursor, createCursor } from './cursor.ts';
import type { JournalLog } from './log.ts';
import { createReader, type DamagedSpan } from './reader.ts';
import type { SegmentList } from './segments.ts';
import type { AppendTimes } from './times.ts';

export type CursorsOptions = {
  readonly dir: string;
  /** The names of today's sinks. Checkpoints of others are left alone and hold nothing. */
  readonly outputs: readonly string[];
  readonly checkpointMs: number;
  readonly backoff: BackoffOptions;
};

export type CursorsDeps = {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly log: JournalLog;
  readonly segments: SegmentList;
  readonly times: AppendTimes;
  readonly onDamage: (span: DamagedSpan) => Promise<void>;
  /** A checkpoint became durable. */
  readonly saved: () => void;
};

export type Cursors = {
  /** Throws for a name that is not among the outputs: its checkpoint would hold no segment. */
  get(name: string): Cursor;
  /** More may be read than before. */
  advanced(): void;
  /** Before this offset every output's durable checkpoint says that the sink needs nothing. */
  passedOffset(): number;
  /** Saves all checkpoints, with one attempt each, and closes the files. */
  close(): Promise<void>;
};

type Place = {
  readonly cursor: Cursor;
  readonly advanced: () => void;
  durableOffset: number;
  readonly close: () => Promise<void>;
};

export function createCursors(
  options: CursorsOptions,
  deps: CursorsDeps,
  found: ReadonlyMap<string, CheckpointReading>,
): Cursors {
  const places = new Map<string, Place>();
  const createPlace = (name: string, reading: CheckpointReading): Place => {
    const start = startOf(name, reading, deps);
    const generation = reading.kind === 'checkpoint' ? reading.generation : 0;
    const file = createCheckpointFile(deps.fs, join(options.dir, checkpointName(name)), generation);
    const saved = ({ position }: Checkpoint) => {
      place.durableOffset = position.offset;
      deps.saved();
    };
    const saver = createCheckpointSaver(
      { name, everyMs: options.checkpointMs, backoff: options.backoff },
      { ...deps, file, saved },
    );
    const reader = createReader(deps);
    const close = async () => {
      await saver.flush();
      await file.close();
      await reader.close();
    };
    const place: Place = {
      ...createCursor(start, { ...deps, reader, saver }),
      durableOffset: start.position.offset,
      close,
    };
    return place;
  };

  for (const name of options.outputs) {
    places.set(name, createPlace(name, found.get(checkpointName(name)) ?? { kind: 'none' }));
  }

  return {
    get(name) {
      const place = places.get(name);
      if (place === undefined) throw new RangeError(`${name} is none of the outputs`);
      return place.cursor;
    },
    advanced() {
      for (const place of places.values()) place.advanced();
    },
    passedOffset: () => Math.min(...[...places.values()].map((place) => place.durableOffset)),
    async close() {
      for (const place of places.values()) await place.close();
    },
  };
}

/** A sink that is new, or whose checkpoint is damaged, starts at the oldest record. */
function startOf(name: string, reading: CheckpointReading, { segments, log }: CursorsDeps): Checkpoint {
  const oldest = segments.start();
  if (reading.kind === 'damaged') {
    log.error(
      { sink: name, from: oldest.offset },
      'checkpoint damaged: the sink gets everything that is kept again',
    );
  }
  if (reading.kind !== 'checkpoint') return { position: oldest, state: null };
  const { position, state } = reading.checkpoint;
  return { position: position.offset < oldest.offset ? oldest : position, state };
}
