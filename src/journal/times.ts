/**
 * When records were appended, roughly: frames carry no time, since a delay in seconds is all that anybody asks
 * for. Knows at most one moment a second and `MAX_MOMENTS` in all; when it is full, every second one of the older
 * half goes, so that what is recent stays exact and the error of what is old grows with its age.
 */
import type { Segment } from './segments.ts';

const MAX_MOMENTS = 1024;
const SPACING_MS = 1000;

type Moment = { readonly offset: number; readonly ms: number };

export type AppendTimes = {
  /** The record at `offset` was appended at `ms` (epoch milliseconds). Called in order. */
  note(offset: number, ms: number): void;
  /** When the record at `offset` was appended; of a record of an earlier run, when its segment was begun. */
  at(offset: number, segment: Segment): number;
};

export function createAppendTimes(): AppendTimes {
  let moments: Moment[] = [];
  return {
    note(offset, ms) {
      const last = moments.at(-1);
      if (last !== undefined && Math.abs(ms - last.ms) < SPACING_MS) return;
      moments.push({ offset, ms });
      if (moments.length < MAX_MOMENTS) return;
      moments = moments.filter((_, index) => index % 2 === 0 || index > MAX_MOMENTS / 2);
    },
    at(offset, segment) {
      const known = moments.findLast((moment) => moment.offset <= offset);
      return Math.max(known?.ms ?? 0, segment.createdMs);
    },
  };
}
