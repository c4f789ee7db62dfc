/** The segments of one journal in their order, and how far each may be read: what writer and readers share. */

/** A place between two records. Offsets and counts only grow, through all segments and restarts. */
export type Position = {
  /** Bytes of frames before it, over the whole life of the journal. */
  readonly offset: number;
  /** Records before it; only for telling how far behind somebody is. */
  readonly count: number;
};

export type Segment = {
  readonly path: string;
  readonly base: number;
  /** Records before its first frame. */
  readonly firstCount: number;
  /** Epoch milliseconds. */
  readonly createdMs: number;
  /** Where that which may be read ends: the synced offset, in the segment that is being written. */
  end: number;
  /** Records before `end`. */
  endCount: number;
  /** Of the file. */
  bytes: number;
};

export type SegmentList = {
  /** Oldest first. */
  readonly all: readonly Segment[];
  add(segment: Segment): void;
  /** Takes one out; its file is the caller's business. */
  remove(segment: Segment): void;
  /** The segment that holds the record at or next after `offset`; undefined where nothing is left to read. */
  holding(offset: number): Segment | undefined;
  /** Where the oldest record begins. */
  start(): Position;
  /** Where the next record to be synced will begin, or after it. */
  end(): Position;
  /** Bytes of all files. */
  bytes(): number;
};

export function createSegmentList(): SegmentList {
  const all: Segment[] = [];
  return {
    all,
    add: (segment) => void all.push(segment),
    remove(segment) {
      const index = all.indexOf(segment);
      if (index !== -1) all.splice(index, 1);
    },
    holding(offset) {
      for (const segment of all) if (segment.end > offset && segment.end > segment.base) return segment;
      return undefined;
    },
    start: () => ({ offset: all[0]?.base ?? 0, count: all[0]?.firstCount ?? 0 }),
    end: () => ({ offset: all.at(-1)?.end ?? 0, count: all.at(-1)?.endCount ?? 0 }),
    bytes() {
      let sum = 0;
      for (const segment of all) sum += segment.bytes;
      return sum;
    },
  };
}
