/**
 * The end of the journal: lays groups of records into the segment that is being written, and begins the next one
 * when that is full. A failure of a write or a sync leaves no file open here; the next group begins a new one.
 */
import type { Clock } from '../lib/clock.ts';
import { closeQuietly, writeAll } from '../lib/fs.ts';
import { createStaging, framedBytes, HEADER_BYTES } from './segment.ts';
import { abandonSegment, beginSegment, type SegmentFileDeps, type WrittenFile } from './segment-file.ts';
import type { Position } from './segments.ts';

export type SyncMode = 'always' | 'interval' | 'off';

export type TailOptions = {
  readonly sync: SyncMode;
  /** A segment that would grow beyond this is closed before; one larger group still goes into one segment. */
  readonly segmentBytes: number;
  /** Memory kept for laying out a group. */
  readonly commitBytes: number;
  /** Where the first segment begins: at or after the end of all that is there. */
  readonly start: Position;
};

export type TailDeps = SegmentFileDeps & {
  readonly clock: Clock;
  /** Records from this offset up to the segment's end may be read now. */
  readonly advanced: (from: number) => void;
  /** A segment is closed and will not change any more. */
  readonly closed: () => void;
};

/** All of it is called by one writer, one call at a time; what rejects has given up the file it was writing. */
export type Tail = {
  /** Begins a segment if none is open. */
  begin(): Promise<void>;
  /** Writes the records; with `always` synced when it resolves, and readable unless `sync` still has to come. */
  commit(records: readonly Buffer[]): Promise<void>;
  /** Syncs what is written and not yet synced. */
  sync(): Promise<void>;
  /** Syncs (unless `off`) and closes the file. */
  close(): Promise<void>;
};

export function createTail(options: TailOptions, deps: TailDeps): Tail {
  const staging = createStaging(options.commitBytes);
  let file: WrittenFile | null = null;
  let next = options.start;

  const begin = async (): Promise<WrittenFile> => {
    if (file !== null) return file;
    const start = next;
    // A name is never tried twice: a failed attempt may have left its file behind.
    next = { offset: start.offset + 1, count: start.count };
    file = await beginSegment(deps, start, deps.clock.now());
    return file;
  };

  const publish = ({ segment, written }: WrittenFile) => {
    const from = segment.end;
    if (from === written.offset) return;
    segment.end = written.offset;
    segment.endCount = written.count;
    deps.advanced(from);
  };

  const giveUp = async (failed: WrittenFile) => {
    file = null;
    next = { offset: Math.max(failed.touched, failed.segment.base + 1), count: failed.written.count };
    // Without `always` these were accepted when they were written, and may still be read.
    if (options.sync !== 'always') publish(failed);
    await abandonSegment(deps, failed);
  };

  const orGiveUp = async (target: WrittenFile, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      await giveUp(target);
      throw error;
    }
  };

  const sync = async () => {
    const target = file;
    if (target === null || target.segment.end === target.written.offset) return;
    await orGiveUp(target, () => deps.fs.fdatasync(target.fd));
    publish(target);
  };

  const close = async () => {
    if (options.sync === 'interval') await sync();
    const full = file;
    if (full === null) return;
    file = null;
    next = { ...full.written, offset: Math.max(full.written.offset, full.segment.base + 1) };
    await closeQuietly(deps.fs, full.fd);
    deps.closed();
  };

  const write = async (target: WrittenFile, bytes: Buffer) => {
    const position = HEADER_BYTES + target.written.offset - target.segment.base;
    target.touched = target.written.offset + bytes.length;
    target.segment.bytes += bytes.length;
    await writeAll(deps.fs, { fd: target.fd, position }, bytes);
  };

  return {
    begin: async () => void (await begin()),
    async commit(records) {
      if (file !== null && isFull(file, framedBytes(records), options.segmentBytes)) await close();
      const target = await begin();
      staging.start(target.written.offset);
      for (const record of records) staging.add(record);
      const bytes = staging.bytes();
      await orGiveUp(target, async () => {
        await write(target, bytes);
        if (options.sync === 'always') await deps.fs.fdatasync(target.fd);
      });
      const { offset, count } = target.written;
      target.written = { offset: offset + bytes.length, count: count + records.length };
      if (options.sync !== 'interval') publish(target);
    },
    sync,
    close,
  };
}

function isFull(file: WrittenFile, bytes: number, segmentBytes: number): boolean {
  const { segment, written } = file;
  const used = HEADER_BYTES + written.offset - segment.base;
  return written.offset > segment.base && used + bytes > segmentBytes;
}
