/** Finds where valid frames go on behind damage. */
import { type Fs, readUpTo } from '../lib/fs.ts';
import { FRAME_BYTES, HEADER_BYTES, MARK, MAX_RECORD_BYTES, readFrames } from './segment.ts';
import type { Segment } from './segments.ts';

const WINDOW_BYTES = 256 * 1024;
const ONE = { maxRecords: 1, maxBytes: MAX_RECORD_BYTES };

export type SegmentFile = { readonly fd: number; readonly segment: Segment };

/** The offset of the first valid frame at or after `from`, or the segment's end where there is none. */
export async function findFrame(fsys: Fs, file: SegmentFile, from: number): Promise<number> {
  const { segment, fd } = file;
  for (let at = from; at + FRAME_BYTES < segment.end; at += WINDOW_BYTES) {
    // Windows overlap, so that a mark across their border is seen.
    const length = Math.min(WINDOW_BYTES + MARK.length - 1, segment.end - at);
    const bytes = await readUpTo(fsys, { fd, position: HEADER_BYTES + at - segment.base }, length);
    for (let index = bytes.indexOf(MARK); index !== -1; index = bytes.indexOf(MARK, index + 1)) {
      if (await isFrame(fsys, file, at + index)) return at + index;
    }
    if (bytes.length < length) break;
  }
  return segment.end;
}

async function isFrame(fsys: Fs, file: SegmentFile, offset: number): Promise<boolean> {
  const { segment, fd } = file;
  const position = HEADER_BYTES + offset - segment.base;
  const head = await readUpTo(fsys, { fd, position }, FRAME_BYTES);
  const first = readFrames({ bytes: head, offset }, offset, ONE);
  if (first.stop !== 'short' || offset + first.needs > segment.end) return false;
  const bytes = await readUpTo(fsys, { fd, position }, first.needs);
  return readFrames({ bytes, offset }, offset, ONE).records.length === 1;
}
