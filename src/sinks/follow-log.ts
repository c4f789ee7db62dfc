/**
 * Follows the log as a reader: through the files that were rotated, into the file of today and on as it grows, across
 * rotation, logrotate and emptying in place. It reads and nothing else. The log's only promise to it is that a file
 * which is at the path no more grows no more once another one is there.
 */
import { closeQuietly, errorCode, type Fs, readUpTo } from '../lib/fs.ts';
import { createLineCutter } from '../lib/read-lines.ts';
import { rotatedFiles } from './rotation.ts';

export type FollowOptions = {
  readonly path: string;
  readonly from:
    | { kind: 'last'; lines: number }
    /** From the first file on that may hold lines of that time (epoch milliseconds). */
    | { kind: 'since'; ms: number };
  /** How long to wait for more at the end of the file; null: not at all. */
  readonly pollMs: number | null;
};

export type FollowDeps = {
  readonly fs: Fs;
  /** Waits; sooner when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Aborts when no more is wanted. */
  readonly stop: AbortSignal;
};

const CHUNK_BYTES = 256 * 1024;
/** How far back the last lines are looked for. */
const LOOK_BACK_BYTES = 4 * 1024 * 1024;
const LINE_FEED = 0x0a;

type OpenFile = {
  readonly fd: number;
  readonly dev: number;
  readonly ino: number;
  /** Where the next line begins. */
  position: number;
};

/** Whole lines without their line feeds, in order. Rejects with the system's error; a missing file is waited for. */
export async function* followLog(
  options: FollowOptions,
  deps: FollowDeps,
): AsyncGenerator<Buffer, void, void> {
  const { fs, stop } = deps;
  let file = await openFirst(options, fs);
  try {
    while (!stop.aborted) {
      if (file !== null) yield* linesLeft(file, fs);
      const next = await openNext(file, options.path, fs);
      if (next !== null) {
        // Between the last read and the rename more may have come.
        if (file !== null) yield* linesLeft(file, fs);
        if (file !== null) await closeQuietly(fs, file.fd);
        file = next;
      } else if (options.pollMs === null) return;
      else await deps.sleep(options.pollMs, stop);
    }
  } finally {
    if (file !== null) await closeQuietly(fs, file.fd);
  }
}

/** A line that is not whole yet is read again later: it may be cut off, if its writer was killed. */
async function* linesLeft(file: OpenFile, fs: Fs): AsyncGenerator<Buffer, void, void> {
  const cutter = createLineCutter();
  for (let position = file.position; ; ) {
    const chunk = await readUpTo(fs, { fd: file.fd, position }, CHUNK_BYTES);
    if (chunk.length === 0) return;
    position += chunk.length;
    for (const line of cutter.push(chunk)) {
      file.position += line.length + 1;
      yield line;
    }
  }
}

async function openFirst({ path, from }: FollowOptions, fs: Fs): Promise<OpenFile | null> {
  if (from.kind === 'last') {
    const file = await openIfThere(path, fs);
    if (file !== null) file.position = await startOfLast(file.fd, from.lines, fs);
    return file;
  }
  // What is in a rotated file was written before it was rotated.
  const first = (await rotatedFiles(fs, path)).find(({ rotatedMs }) => rotatedMs >= from.ms);
  return openIfThere(first?.path ?? path, fs);
}

async function openIfThere(path: string, fs: Fs): Promise<OpenFile | null> {
  try {
    const fd = await fs.open(path, 'r');
    const { dev, ino } = await fs.fstat(fd);
    return { fd, dev, ino, position: 0 };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function startOfLast(fd: number, lines: number, fs: Fs): Promise<number> {
  const { size } = await fs.fstat(fd);
  const start = Math.max(0, size - LOOK_BACK_BYTES);
  const tail = await readUpTo(fs, { fd, position: start }, size - start);
  let at = tail.lastIndexOf(LINE_FEED) + 1;
  for (let left = lines; left > 0 && at > 0; left -= 1) {
    const before = at < 2 ? -1 : tail.lastIndexOf(LINE_FEED, at - 2);
    if (before === -1 && start > 0) break;
    at = before + 1;
  }
  return start + at;
}

/**
 * The file that follows, opened; null: there is none yet. A file that was emptied in place begins anew, unless it has
 * grown to its old size since the last look.
 */
async function openNext(file: OpenFile | null, path: string, fs: Fs): Promise<OpenFile | null> {
  if (file === null) return openIfThere(path, fs);
  const today = await fs.stat(path).catch(() => null);
  if (today === null) return null;
  if (today.dev === file.dev && today.ino === file.ino) {
    if (today.size < file.position) file.position = 0;
    return null;
  }
  return openIfThere(await pathAfter(file, path, fs), fs);
}

/** The first file that was rotated after this one, else the path itself. */
async function pathAfter(file: OpenFile, path: string, fs: Fs): Promise<string> {
  const rotated = await rotatedFiles(fs, path);
  for (const [index, candidate] of rotated.entries()) {
    const stat = await fs.stat(candidate.path).catch(() => null);
    if (stat?.dev === file.dev && stat.ino === file.ino) return rotated[index + 1]?.path ?? path;
  }
  return path;
}
