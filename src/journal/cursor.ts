/** A sink's place in the journal: it reads from there on, waits there for more, and its checkpoint is durable. */
import type { Clock } from '../lib/clock.ts';
import { assertStateFits, type Checkpoint } from './checkpoint.ts';
import type { CheckpointSaver } from './checkpoint-saver.ts';
import type { Chunk, Reader } from './reader.ts';
import type { ReadLimits } from './segment.ts';
import type { Position, SegmentList } from './segments.ts';
import type { AppendTimes } from './times.ts';

export type WaitOptions = {
  /** How many records must wait. */
  readonly records: number;
  /** Give up after this; without it, never. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
};

export type Cursor = {
  /** What the sink saved with the checkpoint from which this cursor started; null where there is nothing. */
  state(): unknown;
  /** Records that are synced and not yet read. */
  waiting(): number;
  /** Resolves when so many wait, when the time is over or the signal aborts; look at `waiting`. One call at a time. */
  wait(options: WaitOptions): Promise<void>;
  /**
   * The next records in the order of their appends, or null where none wait; never what is not synced yet.
   * Rejects when the disk cannot be read, and the same records can then be asked for again. One call at a time.
   */
  read(limits: ReadLimits): Promise<Chunk | null>;
  /** Up to where the sink has everything. */
  acked(): Position;
  /** The sink has everything before `next`; `state` (JSON, 3 KB at most) is saved beside it. Durable a little later. */
  commit(next: Position, state: unknown): void;
  /** Records that the sink has not acked, and for how long the oldest of them has been in the journal. */
  lag(): { events: number; seconds: number };
  /** Makes the last commit durable now, with one attempt; whether it is. */
  flush(): Promise<boolean>;
};

export type CursorDeps = {
  readonly segments: SegmentList;
  readonly reader: Reader;
  readonly saver: CheckpointSaver;
  readonly times: AppendTimes;
  readonly clock: Clock;
};

/** `advanced` is for the journal: more may be read than before. */
export function createCursor(start: Checkpoint, deps: CursorDeps): { cursor: Cursor; advanced: () => void } {
  const { segments, reader } = deps;
  let position = start.position;
  let acked = start;
  /** Damage with nothing behind it yet: whoever has acked everything before it is past it too. */
  let skipped: { from: number; to: Position } | null = null;
  let waiter: { records: number; wake: () => void } | null = null;

  const behind = (from: Position): number => {
    if (segments.holding(from.offset) === undefined) return 0;
    // Counts drift where records were damaged: what is left to read is at least one.
    return Math.max(1, segments.end().count - from.count);
  };

  const wait = ({ records, timeoutMs, signal }: WaitOptions): Promise<void> => {
    if (behind(position) >= records || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        waiter = null;
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(wake, timeoutMs).unref();
      signal.addEventListener('abort', wake);
      waiter = { records, wake };
    });
  };

  const oldestSeconds = (): number => {
    const { offset } = acked.position;
    const segment = segments.holding(offset);
    if (segment === undefined) return 0;
    return Math.max(0, deps.clock.now() - deps.times.at(offset, segment)) / 1000;
  };

  const ack = (next: Position, state: unknown) => {
    acked = { position: skipped?.from === next.offset ? skipped.to : next, state };
    deps.saver.save(acked);
  };

  const skip = (to: Position) => {
    skipped = { from: position.offset, to };
    if (acked.position.offset === position.offset) ack(position, acked.state);
    position = to;
  };

  const cursor: Cursor = {
    state: () => start.state,
    waiting: () => behind(position),
    wait,
    async read(limits) {
      const chunk = await reader.read(position, limits);
      if (chunk.records.length === 0) {
        if (chunk.next.offset > position.offset) skip(chunk.next);
        return null;
      }
      position = chunk.next;
      return chunk;
    },
    acked: () => acked.position,
    commit(next, state) {
      assertStateFits(state);
      if (next.offset < acked.position.offset) throw new RangeError('a cursor commits forward only');
      ack(next, state);
    },
    lag: () => ({ events: behind(acked.position), seconds: oldestSeconds() }),
    flush: () => deps.saver.flush(),
  };
  const advanced = () => {
    if (waiter !== null && behind(position) >= waiter.records) waiter.wake();
  };
  return { cursor, advanced };
}
