/**
 * Reads what a folder holds when a journal is opened: segments, checkpoints, and how far the last segment is
 * valid. Only that one is scanned, since every other was synced whole before its successor was begun, and readers
 * verify each record anyway; so a start takes the time of one segment, however full the journal is.
 *
 * Damage at the very end with nothing valid behind it is a torn write: it is cut off. Damage with a valid frame
 * behind it is set aside and what is valid is delivered. A last segment without any valid frame is removed.
 */
import { join } from 'node:path';
import { closeQuietly, errorText, type Fs, readUpTo } from '../lib/fs.ts';
import { type CheckpointReading, isCheckpointName, readCheckpoint } from './checkpoint.ts';
import type { JournalLog } from './log.ts';
import { createReader, type DamagedSpan } from './reader.ts';
import { baseOfName, decodeHeader, HEADER_BYTES, type HeaderReading } from './segment.ts';
import { createSegmentList, type Position, type Segment, type SegmentList } from './segments.ts';
import type { SetAside } from './set-aside.ts';

export type RecoverDeps = { readonly fs: Fs; readonly log: JournalLog; readonly setAside: SetAside };

export type Recovered =
  | {
      ok: true;
      segments: SegmentList;
      /** By file name, those of sinks that are not in use today too. */
      checkpoints: ReadonlyMap<string, CheckpointReading>;
      /** Where the next segment may begin: an offset that was never given out. */
      next: Position;
    }
  | { ok: false; reason: 'newer-format'; version: number };

const SCAN_LIMITS = { maxRecords: 4096, maxBytes: 1024 * 1024 };

/** `names`: the folder's listing. Rejects when the disk cannot be read. */
export async function recover(dir: string, names: readonly string[], deps: RecoverDeps): Promise<Recovered> {
  const checkpoints = new Map<string, CheckpointReading>();
  for (const name of names.filter(isCheckpointName)) {
    checkpoints.set(name, await readCheckpoint(deps.fs, join(dir, name)));
  }
  const segments = createSegmentList();
  for (const name of names.filter((name) => baseOfName(name) !== null).sort()) {
    const found = await readSegment(deps.fs, join(dir, name), baseOfName(name)!);
    if (found.reading.kind === 'newer')
      return { ok: false, reason: 'newer-format', version: found.reading.version };
    joinToList(segments, found);
  }
  await settleTail(segments, deps);
  return { ok: true, segments, checkpoints, next: nextPosition(segments, checkpoints) };
}

export type FoundSegment = {
  path: string;
  base: number;
  size: number;
  mtimeMs: number;
  reading: HeaderReading;
};

/** What a file of that name says of itself. */
export async function readSegment(fsys: Fs, path: string, base: number): Promise<FoundSegment> {
  const fd = await fsys.open(path, 'r');
  try {
    const { size, mtimeMs } = await fsys.fstat(fd);
    const reading = decodeHeader(await readUpTo(fsys, { fd, position: 0 }, HEADER_BYTES));
    return { path, base, size, mtimeMs, reading };
  } finally {
    await closeQuietly(fsys, fd);
  }
}

/** A segment whose header is damaged is known by its name; its records are judged one by one like all others. */
export function joinToList(
  segments: SegmentList,
  { path, base, size, mtimeMs, reading }: FoundSegment,
): void {
  const previous = segments.all.at(-1);
  const header = reading.kind === 'header' && reading.header.base === base ? reading.header : null;
  const firstCount = header?.count ?? previous?.firstCount ?? 0;
  if (previous !== undefined) {
    previous.end = Math.min(previous.end, base);
    previous.endCount = firstCount;
  }
  const end = base + Math.max(0, size - HEADER_BYTES);
  const createdMs = header?.createdMs ?? Math.floor(mtimeMs);
  segments.add({ path, base, firstCount, createdMs, end, endCount: firstCount, bytes: size });
}

async function settleTail(segments: SegmentList, deps: RecoverDeps): Promise<void> {
  for (let last = segments.all.at(-1); last !== undefined; last = segments.all.at(-1)) {
    const { end, damaged } = await scan(deps.fs, last);
    const torn = damaged.at(-1)?.to === last.end ? damaged.pop() : undefined;
    last.end = end.offset;
    last.endCount = end.count;
    for (const span of damaged) await deps.setAside.keep(span);
    if (last.end > last.base) {
      await syncTail(last, deps.fs);
      if (torn !== undefined) await cutTail(last, torn, deps);
      return;
    }
    if (!(await removed(last, deps))) return;
    segments.remove(last);
  }
}

/** Where the last valid frame of a segment ends, and what is not valid. */
async function scan(fsys: Fs, segment: Segment): Promise<{ end: Position; damaged: DamagedSpan[] }> {
  const damaged: DamagedSpan[] = [];
  const holding = (offset: number) => (segment.end > offset ? segment : undefined);
  const onDamage = async (span: DamagedSpan) => void damaged.push(span);
  const reader = createReader({ fs: fsys, segments: { holding }, onDamage });
  let end: Position = { offset: segment.base, count: segment.firstCount };
  try {
    for (;;) {
      const { records, next } = await reader.read(end, SCAN_LIMITS);
      if (records.length === 0) return { end, damaged };
      end = next;
    }
  } finally {
    await reader.close();
  }
}

/**
 * Makes durable what is valid: a killed process may only have written it, and what one sink reads must not be gone
 * for another after a power cut.
 */
async function syncTail(segment: Segment, fsys: Fs): Promise<void> {
  const fd = await fsys.open(segment.path, 'r');
  try {
    await fsys.fdatasync(fd);
  } finally {
    await closeQuietly(fsys, fd);
  }
}

async function cutTail(segment: Segment, torn: DamagedSpan, { fs, log }: RecoverDeps): Promise<void> {
  const facts = { segment: segment.path, bytes: torn.to - torn.from };
  const size = HEADER_BYTES + segment.end - segment.base;
  try {
    const fd = await fs.open(segment.path, 'r+');
    try {
      await fs.truncate(fd, size);
    } finally {
      await closeQuietly(fs, fd);
    }
    segment.bytes = size;
    log.warn(facts, 'torn tail of the journal cut off');
  } catch (error) {
    // Nobody reads beyond the end that was found, so a tail that stays does no harm.
    log.warn({ ...facts, error: errorText(error) }, 'torn tail of the journal ignored');
  }
}

async function removed(segment: Segment, { fs, log }: RecoverDeps): Promise<boolean> {
  try {
    await fs.unlink(segment.path);
    return true;
  } catch (error) {
    log.warn({ segment: segment.path, error: errorText(error) }, 'empty segment not removed');
    return false;
  }
}

/**
 * Beyond everything that was ever written or read: a checkpoint that lies beyond the end (the records behind it
 * were lost with the disk) is thereby at the end, and no sink takes a new record for one that it has already.
 */
function nextPosition(segments: SegmentList, checkpoints: ReadonlyMap<string, CheckpointReading>): Position {
  const last = segments.all.at(-1);
  let { offset, count } = segments.end();
  if (last !== undefined) offset = Math.max(offset, last.base + 1);
  for (const reading of checkpoints.values()) {
    if (reading.kind !== 'checkpoint') continue;
    offset = Math.max(offset, reading.checkpoint.position.offset);
    count = Math.max(count, reading.checkpoint.position.count);
  }
  return { offset, count };
}
