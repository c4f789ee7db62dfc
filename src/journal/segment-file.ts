/** The files that the writer makes: begun, closed when full, given up when the disk failed under them. */
import { join } from 'node:path';
import { closeQuietly, type Fs, writeAll } from '../lib/fs.ts';
import { encodeHeader, HEADER_BYTES, segmentName } from './segment.ts';
import type { Position, Segment, SegmentList } from './segments.ts';

export type SegmentFileDeps = { readonly fs: Fs; readonly segments: SegmentList; readonly dir: string };

/** The segment that is being written. */
export type WrittenFile = {
  readonly segment: Segment;
  readonly fd: number;
  /** Where the next frame goes: beyond `segment.end` by what is written and not synced. */
  written: Position;
  /** Up to which offset a write may have touched the file, whether it succeeded or not. */
  touched: number;
};

/**
 * Creates the segment that begins at `start`. When this resolves, its header and its name are on the disk and
 * it stands in the list. Where it rejects, nothing does; a file may be left that recovery removes.
 */
export async function beginSegment(
  deps: SegmentFileDeps,
  start: Position,
  createdMs: number,
): Promise<WrittenFile> {
  const path = join(deps.dir, segmentName(start.offset));
  const fd = await deps.fs.open(path, 'wx+');
  try {
    const header = encodeHeader({ base: start.offset, count: start.count, createdMs });
    await writeAll(deps.fs, { fd, position: 0 }, header);
    await deps.fs.fdatasync(fd);
    await deps.fs.syncDir(deps.dir);
  } catch (error) {
    await closeQuietly(deps.fs, fd);
    await unlinkQuietly(deps.fs, path);
    throw error;
  }
  const segment: Segment = {
    path,
    base: start.offset,
    firstCount: start.count,
    createdMs,
    end: start.offset,
    endCount: start.count,
    bytes: HEADER_BYTES,
  };
  deps.segments.add(segment);
  return { segment, fd, written: start, touched: start.offset };
}

/**
 * Gives up a file under which a write or a sync failed: it is never written to again. What lies beyond its end
 * is cut off, so that a record whose sender was told to come again does not come twice; where even that fails,
 * it may. A file without any record goes altogether, or a full disk would gather empty ones. Never rejects.
 */
export async function abandonSegment(deps: SegmentFileDeps, file: WrittenFile): Promise<void> {
  const { segment, fd } = file;
  const size = HEADER_BYTES + segment.end - segment.base;
  try {
    await deps.fs.truncate(fd, size);
    segment.bytes = size;
  } catch {
    // The tail stays: readers end before it, and after a restart each frame of it is judged by its checksum.
  }
  await closeQuietly(deps.fs, fd);
  if (segment.end > segment.base) return;
  if (await unlinkQuietly(deps.fs, segment.path)) deps.segments.remove(segment);
}

async function unlinkQuietly(fsys: Fs, path: string): Promise<boolean> {
  try {
    await fsys.unlink(path);
    return true;
  } catch {
    return false; // recovery and retention look at it again
  }
}
