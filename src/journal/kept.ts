/**
 * Reads what a folder keeps (JOURNAL_KEEP_HOURS) without opening the journal: no lock, no checkpoint, nothing changed.
 * So it may be read while an instance writes it. That is sound because segments are only ever appended to and each
 * record has its checksum: of the segment that is being written, this reads no further than it was long at the start,
 * after a sync of its own, and ends at the first record that is not whole. A segment that the instance removes
 * meanwhile is passed over: it had become too old to be kept.
 */
import { join } from 'node:path';
import { closeQuietly, errorCode, type Fs } from '../lib/fs.ts';
import type { JournalLog } from './log.ts';
import { createReader, type DamagedSpan } from './reader.ts';
import { joinToList, readSegment } from './recover.ts';
import { baseOfName } from './segment.ts';
import { createSegmentList, type Position, type Segment, type SegmentList } from './segments.ts';

export type KeptDeps = { readonly fs: Fs; readonly log: JournalLog };

const LIMITS = { maxRecords: 1000, maxBytes: 1024 * 1024 };

/**
 * The records that were appended from `sinceMs` (epoch milliseconds) on, in order, and some from before: a segment is
 * passed over only as a whole. Rejects where the folder cannot be read, and for a format that is not known here.
 */
export async function* readKept(
  dir: string,
  sinceMs: number,
  deps: KeptDeps,
): AsyncGenerator<readonly Buffer[], void, void> {
  const segments = await listSegments(dir, deps.fs);
  const last = segments.all.at(-1);
  if (last !== undefined) await sync(last, deps.fs);
  const onDamage = async ({ segment, from, to }: DamagedSpan) => {
    // The end of the last segment is what is being written now, or a torn tail.
    if (segment === last && to === segment.end) return;
    deps.log.warn(
      { segment: segment.path, from, bytes: to - from },
      'damaged span of the journal passed over',
    );
  };
  const reader = createReader({ fs: deps.fs, segments, onDamage });
  try {
    for (let at = startOf(segments, sinceMs); ; ) {
      const { records, next } = await reader.read(at, LIMITS);
      if (records.length === 0) return;
      yield records;
      at = next;
    }
  } finally {
    await reader.close();
  }
}

async function listSegments(dir: string, fs: Fs): Promise<SegmentList> {
  const segments = createSegmentList();
  const names = (await fs.readdir(dir)).filter((name) => baseOfName(name) !== null).sort();
  for (const name of names) {
    try {
      const found = await readSegment(fs, join(dir, name), baseOfName(name)!);
      const { reading } = found;
      if (reading.kind === 'newer')
        throw new Error(`${found.path} was written by a later version (format ${reading.version})`);
      joinToList(segments, found);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return segments;
}

/** What is valid in it may only have been written, and must not be gone after a power cut when somebody has it. */
async function sync(segment: Segment, fs: Fs): Promise<void> {
  try {
    const fd = await fs.open(segment.path, 'r');
    await fs.fdatasync(fd).finally(() => closeQuietly(fs, fd));
  } catch (error) {
    // Removed since the listing: then it is not read either.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** A segment ends when the next one is begun. */
function startOf(segments: SegmentList, sinceMs: number): Position {
  const { all } = segments;
  const first = all.find((_, index) => (all[index + 1]?.createdMs ?? Number.POSITIVE_INFINITY) >= sinceMs);
  return first === undefined ? segments.end() : { offset: first.base, count: first.firstCount };
}
