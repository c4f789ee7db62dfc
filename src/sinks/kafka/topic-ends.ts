/**
 * Where a topic ends for us: the state that is saved beside the sink's position in the journal. Nothing of ours that
 * is acked stands behind these offsets, and all that is sent later does: there it is looked for after a crash.
 */

export type TopicEnds = {
  /** The topic's own: another one of the same name, made after this was deleted, has another. */
  readonly id: string;
  /** By partition. One that is not named was added later: everything in it counts. */
  readonly offsets: readonly number[];
};

/** A state may have 3,072 bytes; an offset takes 17 at most, and the rest 60. */
export const MAX_PARTITIONS = 170;

/** Null for what is none. */
export function readTopicEnds(state: unknown): TopicEnds | null {
  if (typeof state !== 'object' || state === null) return null;
  const { id, offsets } = state as Partial<Record<keyof TopicEnds, unknown>>;
  if (typeof id !== 'string' || !Array.isArray(offsets) || !offsets.every(Number.isSafeInteger)) return null;
  return { id, offsets };
}
