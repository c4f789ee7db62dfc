/**
 * Reads records from segments by position, whoever writes them: it knows a list of segments and files, and
 * nothing of a writer. Every record's checksum is verified; what is not valid is reported as a damaged span and
 * reading goes on at the next valid frame, so that nothing damaged is delivered and nothing behind it is lost.
 */
import { closeQuietly, errorCode, type Fs, readUpTo } from '../lib/fs.ts';
import { findFrame, type SegmentFile } from './resync.ts';
import {
  FRAME_BYTES,
  type Frames,
  type FrameWindow,
  HEADER_BYTES,
  type ReadLimits,
  readFrames,
} from './segment.ts';
import type { Position, Segment, SegmentList } from './segments.ts';

/** The least that is read at once. What a read leaves over is kept for the next: a reader holds one window. */
const WINDOW_BYTES = 256 * 1024;

export type Chunk = {
  /** Views of one buffer that nobody writes to again. */
  readonly records: readonly Buffer[];
  /** Of the records. */
  readonly bytes: number;
  /** Behind the last of them, and behind damage that was met where there are none. */
  readonly next: Position;
};

/** Bytes of a segment in which no valid frame was found: journal offsets from `from` up to `to`. */
export type DamagedSpan = { readonly segment: Segment; readonly from: number; readonly to: number };

export type ReaderDeps = {
  readonly fs: Fs;
  readonly segments: Pick<SegmentList, 'holding'>;
  /** Called for each damaged span before reading goes on behind it. */
  readonly onDamage: (span: DamagedSpan) => Promise<void>;
};

export type Reader = {
  /**
   * The records from a position on; none where nothing is left to read. One call at a time. Rejects when the disk
   * cannot be read; the same call may then be made again.
   */
  read(from: Position, limits: ReadLimits): Promise<Chunk>;
  close(): Promise<void>;
};

export function createReader(deps: ReaderDeps): Reader {
  let file: SegmentFile | null = null;
  let window: FrameWindow | null = null;

  const close = async () => {
    const old = file;
    file = null;
    window = null;
    if (old !== null) await closeQuietly(deps.fs, old.fd);
  };

  const open = async (segment: Segment): Promise<SegmentFile> => {
    if (file?.segment === segment) return file;
    await close();
    file = { segment, fd: await deps.fs.open(segment.path, 'r') };
    return file;
  };

  const load = async (from: number, needs: number): Promise<FrameWindow> => {
    const { segment, fd } = file!;
    const length = Math.min(segment.end - from, Math.max(WINDOW_BYTES, needs));
    const bytes = await readUpTo(deps.fs, { fd, position: HEADER_BYTES + from - segment.base }, length);
    window = { bytes, offset: from };
    return window;
  };

  const framesAt = async (from: number, limits: ReadLimits): Promise<Frames> => {
    const held = windowCovers(window, from) ? window! : await load(from, limits.maxBytes);
    let frames = readFrames(held, from, limits);
    // The window may end inside a frame, or inside its head; a file that is shorter than it should be ends this.
    for (
      let asked = 0;
      isCutShort(frames) && frames.needs > asked && from + frames.needs <= file!.segment.end;
    ) {
      asked = frames.needs;
      frames = readFrames(await load(from, asked), from, limits);
    }
    return frames;
  };

  /** The records at `from`, or the offset behind the damage that stands there. */
  const readAt = async (from: Position, limits: ReadLimits): Promise<Chunk | number> => {
    const { records, bytes, next } = await framesAt(from.offset, limits);
    if (records.length > 0)
      return { records, bytes, next: { offset: next, count: from.count + records.length } };
    window = null;
    return findFrame(deps.fs, file!, from.offset + 1);
  };

  const read = async (start: Position, limits: ReadLimits): Promise<Chunk> => {
    let from = start;
    for (;;) {
      const segment = deps.segments.holding(from.offset);
      if (segment === undefined) return { records: [], bytes: 0, next: from };
      if (from.offset <= segment.base) from = { offset: segment.base, count: segment.firstCount };
      try {
        await open(segment);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
        from = { offset: segment.end, count: segment.endCount };
        continue;
      }
      const found = await readAt(from, limits);
      if (typeof found !== 'number') return found;
      await deps.onDamage({ segment, from: from.offset, to: found });
      from = { offset: found, count: from.count };
    }
  };

  return { read, close };
}

function isCutShort(frames: Frames): boolean {
  return frames.records.length === 0 && frames.stop === 'short';
}

function windowCovers(window: FrameWindow | null, offset: number): boolean {
  if (window === null) return false;
  return offset >= window.offset && offset + FRAME_BYTES <= window.offset + window.bytes.length;
}
