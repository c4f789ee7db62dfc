/** What of a topic is read back: of each partition what came after the last checkpoint, within bounds. */
import type { TopicEnds } from './topic-ends.ts';

/** Offsets of one partition: `at` to be read next, and so on up to, not including, `end`. */
export type Stretch = { readonly partition: number; at: number; readonly end: number };

/** Where the partitions begin and end now. */
export type TopicBounds = { readonly first: readonly number[]; readonly last: readonly number[] };

export type Stretches = {
  /** No two of one round are of the same partition. */
  readonly rounds: readonly (readonly Stretch[])[];
  /** Of all partitions. */
  readonly messages: number;
  /** Some of it is gone: the topic's retention has removed it. */
  readonly isTrimmed: boolean;
  /** Some of it is left out: there is more than `MAX_MESSAGES`. */
  readonly isTooMuch: boolean;
};

/** One message is remembered in about a hundred bytes. */
export const MAX_MESSAGES = 50_000;

/**
 * Where others wrote too much into the topic meanwhile, the half that is kept is at both ends: what was under way at
 * a crash follows the last checkpoint, or, where this process had sent nothing for long before, precedes the start.
 */
export function stretchesSince({ offsets }: TopicEnds, { first, last }: TopicBounds): Stretches {
  const all = last.map((end, partition) => {
    const from = offsets[partition] ?? 0;
    return { partition, at: Math.max(from, first[partition]!), end, isTrimmed: from < first[partition]! };
  });
  const unread = all.filter(({ at, end }) => at < end);
  const messages = unread.reduce((sum, { at, end }) => sum + end - at, 0);
  const isTooMuch = messages > MAX_MESSAGES;
  const half = isTooMuch ? Math.floor(MAX_MESSAGES / unread.length / 2) : MAX_MESSAGES;
  const heads = unread.map(({ partition, at, end }) => ({ partition, at, end: Math.min(end, at + half) }));
  const tails = heads.map(({ partition, end: at }) => {
    const end = last[partition]!;
    return { partition, at: Math.max(at, end - half), end };
  });
  return {
    rounds: [heads, tails.filter(({ at, end }) => at < end)],
    messages,
    isTrimmed: all.some((one) => one.isTrimmed),
    isTooMuch,
  };
}
