/** A file of whole lines: what is appended is durable in full, or the file is as long as before. */
import { dirname } from 'node:path';
import { closeQuietly, type Fs, readUpTo, writeAll } from '../lib/fs.ts';

/** Which file, and how much of it is whole and durable. */
export type FileEnd = { readonly dev: number; readonly ino: number; readonly size: number };

export type LineFile = {
  end(): FileEnd;
  /** Whole lines. Resolves when they are on the disk; rejects when they are not in the file, or `end` says so. */
  append(lines: Buffer): Promise<void>;
  /** Cuts off what begins at `size`. */
  cut(size: number): Promise<void>;
  /** Cuts off the line with a hole in it, as a power cut leaves one in what was appended last; how many bytes. */
  cutHole(): Promise<number>;
  /** Takes note of what somebody else did to the file under this path; false if it is not this file any more. */
  checkIdentity(): Promise<boolean>;
  close(): Promise<void>;
};

const LINE_FEED = 0x0a;
const CHUNK_BYTES = 64 * 1024;
/** No append is longer: a batch, or a record that is larger than one. */
const MAX_APPEND_BYTES = 17 * 1024 * 1024;
/** What a file of ours begins with; zero bytes are what a power cut may leave of its first lines. */
const FIRST_BYTES = ['{'.charCodeAt(0), 0];

/**
 * Opens a file for appending, created where there is none, with its name on the disk. `known`: what this process
 * had acked of it; anything behind that was not acked and goes. Else the file is cut back to its last whole line.
 * Rejects with the system's error, and for a file that is none of ours.
 */
export async function openLineFile(fsys: Fs, path: string, known: FileEnd | null): Promise<LineFile> {
  const fd = await fsys.open(path, 'a+');
  try {
    const { dev, ino, size } = await fsys.fstat(fd);
    const isKnown = known !== null && known.dev === dev && known.ino === ino && known.size <= size;
    if (!isKnown) await checkBeginning(fsys, { fd, path });
    const whole = isKnown ? known.size : await endOfLastLine(fsys, fd, size);
    if (whole < size) await fsys.truncate(fd, whole);
    // A killed process may only have written its last lines; who recognises them as done relies on them.
    await fsys.fdatasync(fd);
    await fsys.syncDir(dirname(path));
    return createLineFile(fsys, { fd, path }, { dev, ino, size: whole });
  } catch (error) {
    await closeQuietly(fsys, fd);
    throw error;
  }
}

function createLineFile(fsys: Fs, file: { fd: number; path: string }, start: FileEnd): LineFile {
  const { fd, path } = file;
  const { dev, ino } = start;
  let size = start.size;
  return {
    end: () => ({ dev, ino, size }),
    async append(lines) {
      try {
        await writeAll(fsys, { fd, position: size }, lines);
        await fsys.fdatasync(fd);
      } catch (error) {
        await undo(fsys, fd, size);
        throw error;
      }
      size += lines.length;
    },
    async cut(to) {
      await fsys.truncate(fd, to);
      size = to;
    },
    async cutHole() {
      const hole = await findHole(fsys, fd, size);
      if (hole === null) return 0;
      const whole = await endOfLastLine(fsys, fd, hole);
      await fsys.truncate(fd, whole);
      const bytes = size - whole;
      size = whole;
      return bytes;
    },
    async checkIdentity() {
      const seen = await fsys.stat(path).catch(() => null);
      if (seen === null || seen.dev !== dev || seen.ino !== ino) return false;
      // Somebody has emptied it (logrotate's copytruncate): appending goes on from there.
      size = Math.min(size, seen.size);
      return true;
    },
    close: () => fsys.close(fd),
  };
}

/** Best effort: what stays is cut off when the file is opened again. Never makes a file longer. */
async function undo(fsys: Fs, fd: number, size: number): Promise<void> {
  try {
    if ((await fsys.fstat(fd)).size > size) await fsys.truncate(fd, size);
  } catch {
    // The failure that is being undone is the one to report.
  }
}

/** Throws for a file that is none of ours. */
async function checkBeginning(fsys: Fs, { fd, path }: { fd: number; path: string }): Promise<void> {
  const [first] = await readUpTo(fsys, { fd, position: 0 }, 1);
  if (first === undefined || FIRST_BYTES.includes(first)) return;
  throw new Error(
    `${path} is no log of events (it does not begin with "{") and is left alone: move it, or choose another LOG_PATH`,
  );
}

/** Behind the last line feed before `size`; 0 where there is none. */
async function endOfLastLine(fsys: Fs, fd: number, size: number): Promise<number> {
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const chunk = await readUpTo(fsys, { fd, position: start }, end - start);
    const at = chunk.lastIndexOf(LINE_FEED);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return 0;
}

/** The first zero byte of what may have been appended last: no line has one, a sector that was never written has. */
async function findHole(fsys: Fs, fd: number, size: number): Promise<number | null> {
  for (let start = Math.max(0, size - MAX_APPEND_BYTES); start < size; ) {
    const chunk = await readUpTo(fsys, { fd, position: start }, Math.min(CHUNK_BYTES, size - start));
    if (chunk.length === 0) return null;
    const at = chunk.indexOf(0);
    if (at !== -1) return start + at;
    start += chunk.length;
  }
  return null;
}
