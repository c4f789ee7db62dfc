/**
 * The file operations that the journal and the log sink need, and nothing more: the seam behind which a test
 * puts a disk that loses power, fills up, fails or hangs. Raw descriptors and callback `fs`, since a FileHandle
 * costs a finaliser and an object a call.
 */
import fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createLane } from './lane.ts';

export type FileStat = {
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Device and inode: the identity of a file, whatever its name is today. */
  readonly dev: number;
  readonly ino: number;
};

/** `r` reads; `r+` reads and writes; `wx+` too and fails on an existing file; `a+` appends and reads, creating. */
export type OpenFlags = 'r' | 'r+' | 'wx+' | 'a+';

/** All reject with the system's error (`code`: ENOENT, ENOSPC, EIO, …). */
export type Fs = {
  /** Opens a file; a file that is created belongs to the owner alone, or to its group's readers too with `a+`. */
  open(path: string, flags: OpenFlags): Promise<number>;
  close(fd: number): Promise<void>;
  /** Fills `into` from `position` as far as one call goes; the number of bytes read, 0 at the end of the file. */
  read(fd: number, into: Buffer, position: number): Promise<number>;
  /** Writes at `position` (files opened with `a+`: at the end); may write less than asked for. */
  write(fd: number, bytes: Buffer, position: number): Promise<number>;
  /** Returns when the file's bytes and its size are on the disk. */
  fdatasync(fd: number): Promise<void>;
  /** Returns when the names in a folder (created, renamed, removed) are on the disk. */
  syncDir(path: string): Promise<void>;
  truncate(fd: number, size: number): Promise<void>;
  stat(path: string): Promise<FileStat>;
  fstat(fd: number): Promise<FileStat>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  /** Creates a folder and those above it, where they are missing. */
  mkdir(path: string): Promise<void>;
};

const OWNER_ONLY = 0o600;
const GROUP_READS = 0o640;
const FOLDER = 0o750;
const MAY_NOT_READ = ['EACCES', 'EPERM'];
/** What file systems answer that cannot sync a folder; nothing more can be done there. */
const NO_FOLDER_SYNC = ['EINVAL', 'ENOTSUP'];

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

function call<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((settle, reject) => {
    start((error, value) => (error === null || error === undefined ? settle(value) : reject(error)));
  });
}

async function syncDir(path: string): Promise<void> {
  const fd = await call<number>((done) => fs.open(path, 'r', done));
  try {
    await call<void>((done) => fs.fsync(fd, done as fs.NoParamCallback));
  } catch (error) {
    if (!NO_FOLDER_SYNC.includes(errorCode(error) ?? '')) throw error;
  } finally {
    await nodeFs.close(fd);
  }
}

/** The machine's file system. */
export const nodeFs: Fs = {
  open: (path, flags) =>
    call((done) => fs.open(path, flags, flags === 'a+' ? GROUP_READS : OWNER_ONLY, done)),
  close: (fd) => call((done) => fs.close(fd, done as fs.NoParamCallback)),
  read: (fd, into, position) => call((done) => fs.read(fd, into, 0, into.length, position, done)),
  write: (fd, bytes, position) => call((done) => fs.write(fd, bytes, 0, bytes.length, position, done)),
  fdatasync: (fd) => call((done) => fs.fdatasync(fd, done as fs.NoParamCallback)),
  syncDir,
  truncate: (fd, size) => call((done) => fs.ftruncate(fd, size, done as fs.NoParamCallback)),
  stat: (path) => call((done) => fs.stat(path, done)),
  fstat: (fd) => call((done) => fs.fstat(fd, done)),
  rename: (from, to) => call((done) => fs.rename(from, to, done as fs.NoParamCallback)),
  unlink: (path) => call((done) => fs.unlink(path, done as fs.NoParamCallback)),
  readdir: (path) => call((done) => fs.readdir(path, done)),
  mkdir: (path) =>
    call((done) => fs.mkdir(path, { recursive: true, mode: FOLDER }, done as fs.NoParamCallback)),
};

/** A place in an open file, in bytes. */
export type FilePlace = { readonly fd: number; readonly position: number };

/** Writes all of `bytes`, in as many calls as the system needs; what was written before a failure stays there. */
export async function writeAll(fsys: Fs, place: FilePlace, bytes: Buffer): Promise<void> {
  let written = await fsys.write(place.fd, bytes, place.position);
  while (written < bytes.length) {
    const more = await fsys.write(place.fd, bytes.subarray(written), place.position + written);
    if (more === 0) throw new Error('the system wrote nothing and gave no error');
    written += more;
  }
}

/** Reads up to `length` bytes; fewer only where the file ends. */
export async function readUpTo(fsys: Fs, place: FilePlace, length: number): Promise<Buffer> {
  // A pool slab would be kept alive by one small record out of it.
  const into = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const got = await fsys.read(place.fd, into.subarray(filled), place.position + filled);
    if (got === 0) break;
    filled += got;
  }
  return filled === length ? into : into.subarray(0, filled);
}

/**
 * Makes a folder that survives a power cut: every folder above it is synced, since an earlier start may have made
 * some of them and died before it could say so. Those that we may not even read are nobody's to have made.
 */
export async function makeDurableDir(fsys: Fs, path: string): Promise<void> {
  await fsys.mkdir(path);
  for (let at = resolve(path); dirname(at) !== at; at = dirname(at)) {
    try {
      await fsys.syncDir(dirname(at));
    } catch (error) {
      if (!MAY_NOT_READ.includes(errorCode(error) ?? '')) throw error;
    }
  }
}

/** The same file system with at most one call in flight: a disk that hangs then holds one thread, not all. */
export function oneAtATime(fsys: Fs): Fs {
  const lane = createLane();
  return {
    open: (path, flags) => lane(() => fsys.open(path, flags)),
    close: (fd) => lane(() => fsys.close(fd)),
    read: (fd, into, position) => lane(() => fsys.read(fd, into, position)),
    write: (fd, bytes, position) => lane(() => fsys.write(fd, bytes, position)),
    fdatasync: (fd) => lane(() => fsys.fdatasync(fd)),
    syncDir: (path) => lane(() => fsys.syncDir(path)),
    truncate: (fd, size) => lane(() => fsys.truncate(fd, size)),
    stat: (path) => lane(() => fsys.stat(path)),
    fstat: (fd) => lane(() => fsys.fstat(fd)),
    rename: (from, to) => lane(() => fsys.rename(from, to)),
    unlink: (path) => lane(() => fsys.unlink(path)),
    readdir: (path) => lane(() => fsys.readdir(path)),
    mkdir: (path) => lane(() => fsys.mkdir(path)),
  };
}

/** Closes a descriptor on the way out of a failure: the failure that matters is the one before. */
export async function closeQuietly(fsys: Fs, fd: number): Promise<void> {
  try {
    await fsys.close(fd);
  } catch {
    // The descriptor is gone whatever close says, and nothing more will be written through it.
  }
}

/** The system's code of an error (`ENOSPC`), or undefined for an error of another kind. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One line about any thrown value. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
