/**
 * After a crash the journal sends again what the log may hold already: everything that was written after the last
 * saved checkpoint. That checkpoint carries which file it was and how long. From there on, the lines that are in
 * the log (there, in files rotated since, in the file of today) are compared with the records as they come, in
 * order, and those that are there are not written again.
 */
import { closeQuietly, type FilePlace, type Fs, readUpTo } from '../lib/fs.ts';
import type { FileEnd } from './line-file.ts';
import { rotatedFiles } from './rotation.ts';

/** A stretch of lines: of one file, from a byte on. */
type Stretch = { readonly path: string; readonly from: number };

export type Resume = {
  /** How many of these records, from the first on, the log holds. Less than all: the comparison is over. */
  known(records: readonly Buffer[]): Promise<number>;
  /** How far the lines have been recognised. */
  end(): FileEnd;
  /** Whether nothing more is to be compared. */
  isOver(): boolean;
  /** Where in the last file something stands that is no line of JSON, as a power cut leaves it; else null. */
  garbageAt(): number | null;
  close(): Promise<void>;
};

const CHUNK_BYTES = 256 * 1024;
/** No record is longer (the journal's bound), so what is longer is no line. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;

/** Null where there is nothing to compare: no state, or a file that is not here any more. */
export async function createResume(fsys: Fs, path: string, state: unknown): Promise<Resume | null> {
  if (!isFileEnd(state)) return null;
  const paths = [...(await rotatedFiles(fsys, path)).map((file) => file.path), path];
  for (const [index, candidate] of paths.entries()) {
    const stat = await fsys.stat(candidate);
    if (stat.dev !== state.dev || stat.ino !== state.ino) continue;
    if (stat.size < state.size) return null;
    const later = paths.slice(index + 1).map((name) => ({ path: name, from: 0 }));
    return compareFrom(fsys, state, [{ path: candidate, from: state.size }, ...later]);
  }
  return null;
}

function isFileEnd(state: unknown): state is FileEnd {
  if (typeof state !== 'object' || state === null) return false;
  const { dev, ino, size } = state as Partial<Record<keyof FileEnd, unknown>>;
  return [dev, ino, size].every((value) => typeof value === 'number');
}

function compareFrom(fsys: Fs, start: FileEnd, stretches: readonly Stretch[]): Resume {
  const lines = linesOf(fsys, stretches);
  let next: Promise<IteratorResult<Line, void>> | null = null;
  let end = start;
  let garbage: number | null = null;
  let over = false;

  const finish = async () => {
    over = true;
    next = null;
    await lines.return();
  };

  return {
    async known(records) {
      for (const [index, record] of records.entries()) {
        next ??= lines.next();
        const { value: line } = await next;
        if (line?.bytes.equals(record)) {
          end = line.end;
          next = null;
          continue;
        }
        if (line?.isLast && !isJson(line.bytes)) garbage = line.start;
        await finish();
        return index;
      }
      return records.length;
    },
    end: () => end,
    isOver: () => over,
    garbageAt: () => garbage,
    close: finish,
  };
}

type Line = {
  readonly bytes: Buffer;
  /** Of the line in its file. */
  readonly start: number;
  /** Behind its line feed. */
  readonly end: FileEnd;
  /** Whether it stands in the last of the stretches. */
  readonly isLast: boolean;
};

async function* linesOf(fsys: Fs, stretches: readonly Stretch[]): AsyncGenerator<Line, void, void> {
  for (const [index, { path, from }] of stretches.entries()) {
    const fd = await fsys.open(path, 'r');
    try {
      const { dev, ino } = await fsys.fstat(fd);
      let start = from;
      for await (const bytes of linesIn(fsys, { fd, position: from })) {
        const size = start + bytes.length + 1;
        yield { bytes, start, end: { dev, ino, size }, isLast: index === stretches.length - 1 };
        start = size;
      }
    } finally {
      await closeQuietly(fsys, fd);
    }
  }
}

/** Without their line feeds; what stands behind the last line feed is none. */
async function* linesIn(fsys: Fs, place: FilePlace): AsyncGenerator<Buffer, void, void> {
  let held = Buffer.alloc(0);
  let position = place.position;
  for (;;) {
    const at = held.indexOf(LINE_FEED);
    if (at !== -1) {
      yield held.subarray(0, at);
      held = held.subarray(at + 1);
      continue;
    }
    if (held.length > MAX_LINE_BYTES) return;
    const more = await readUpTo(fsys, { fd: place.fd, position }, CHUNK_BYTES);
    if (more.length === 0) return;
    position += more.length;
    held = Buffer.concat([held, more]);
  }
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString());
    return true;
  } catch {
    return false;
  }
}
