/**
 * After a crash the journal sends again what the topic may hold already: everything that was sent after the last
 * saved checkpoint. That checkpoint carries where the topic ended then, and what was read from there on (read-back.ts)
 * is compared with the records as they come: a record whose very bytes stand in the topic is not sent again. So
 * whatever others wrote there meanwhile, nothing is left out that is not there.
 *
 * Which of the records are there follows no order: the partitions of the last request may have been written or not,
 * each by itself. But one request was under way at most, so after so many records in a row that are not there none
 * is to be expected, and none after those that waited in the journal at the start.
 */
import { digestOf } from './digest.ts';
import type { ReadBack } from './read-back.ts';
import { MAX_PARTITIONS, type TopicEnds } from './topic-ends.ts';

export type Resume = {
  /** Which of these records the topic holds, by their index, in order. */
  find(records: readonly Buffer[]): ReadonlySet<number>;
  /** So many records are acked, those of `found` without having been sent. */
  acked(count: number, found: ReadonlySet<number>): void;
  /** Records of ours stand in the topic now: by partition, the offset behind them. */
  written(ends: ReadonlyMap<number, number>): void;
  /** For the checkpoint of what is acked; null where the topic's ends are not known, or are too many. */
  state(): TopicEnds | null;
};

export type ResumeOptions = {
  /** What the last checkpoint says. */
  readonly since: TopicEnds | null;
  /** How many records the journal holds behind it. */
  readonly waiting: number;
  /** The most records that were ever under way at once. */
  readonly maxUnderWay: number;
};

const NONE: ReadonlySet<number> = new Set();

export function createResume(options: ResumeOptions, { now, there }: ReadBack): Resume {
  const offsets = [...(now?.offsets ?? [])];
  let left = options.waiting;
  let strangersInARow = 0;
  let isOver = there.size === 0;

  return {
    find(records) {
      if (isOver) return NONE;
      const found = new Set<number>();
      for (const [index, record] of records.entries()) if (there.has(digestOf(record))) found.add(index);
      return found;
    },
    acked(count, found) {
      if (isOver) return;
      const last = [...found].at(-1);
      strangersInARow = last === undefined ? strangersInARow + count : count - 1 - last;
      left -= count;
      isOver = left <= 0 || strangersInARow >= options.maxUnderWay;
      if (isOver) there.clear();
    },
    written(ends) {
      for (const [partition, end] of ends) {
        while (offsets.length <= partition) offsets.push(0);
        offsets[partition] = Math.max(offsets[partition]!, end);
      }
    },
    state() {
      // What comes later in the journal may still be found from there on.
      if (!isOver || now === null) return options.since;
      if (offsets.length > MAX_PARTITIONS) return null;
      // A copy: it is saved a little later, when there may be more.
      return { id: now.id, offsets: [...offsets] };
    },
  };
}
