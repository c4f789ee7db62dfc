/**
 * A disk in memory behind the seam of lib/fs.ts. It knows what a power cut leaves (fake-inode.ts, fake-folder.ts),
 * and it fails, fills up, hangs, cuts writes short and dies in the middle of any call when asked to.
 */
import { basename, dirname, resolve } from 'node:path';
import type { Fs, OpenFlags } from '../../src/lib/fs.ts';
import {
  changeNames,
  createFolder,
  cutFolder,
  folderAt,
  fsError,
  inodeAt,
  makeFolders,
  syncFolder,
  usedBytes,
} from './fake-folder.ts';
import { changeInode, createInode, failSync, type Inode, type Random, syncInode } from './fake-inode.ts';

export type FsOp = keyof Fs;

/** What happens to calls that match, for as long as the rule stands. */
export type FaultRule = {
  readonly op: FsOp;
  /** Paths that it concerns; all where absent. */
  readonly path?: RegExp;
  /** How many calls it concerns; all where absent. */
  times?: number;
  readonly fault: Fault;
};

type Fault = { kind: 'error'; code: string } | { kind: 'short' } | { kind: 'hang'; until: Promise<void> };

export type FakeDisk = {
  /** The file system of the process that runs now. */
  fs(): Fs;
  /** Ends the process (calls under way never return) and starts another: the kernel's cache is as it was. */
  kill(): void;
  /** Ends the process and the power: what was not synced is left to chance. */
  cutPower(): void;
  /** Ends the process in the call after so many more; whether that one took effect is left to chance. */
  dieAfter(calls: number): void;
  isDead(): boolean;
  /** Returns what takes the rule away. */
  addRule(rule: FaultRule): () => void;
  clearRules(): void;
  /** Bytes that all files may have; unlimited at first. */
  setCapacity(bytes: number): void;
  /** Calls so far. */
  readonly calls: { op: FsOp; path: string }[];
  /** Most calls that were ever under way at once. */
  mostAtOnce(): number;
  /** The content of a file as a process sees it. */
  content(path: string): Buffer;
  /** Edits a file behind everybody's back; durable at once. */
  edit(path: string, edit: (bytes: Buffer) => Buffer): void;
  /** The names in a folder, sorted. */
  list(path: string): string[];
  /** Removes a file behind everybody's back; durable at once. */
  remove(path: string): void;
};

type OpenFile = { readonly inode: Inode; readonly path: string; readonly append: boolean };
type Process = { dead: boolean; callsLeft: number; readonly files: Map<number, OpenFile>; nextFd: number };

export function createFakeDisk(random: Random): FakeDisk {
  const root = createFolder();
  const rules = new Set<FaultRule>();
  const calls: { op: FsOp; path: string }[] = [];
  let nextIno = 1;
  let capacity = Number.POSITIVE_INFINITY;
  let underWay = 0;
  let most = 0;

  const open = (path: string, flags: OpenFlags): Inode => {
    const folder = folderAt(root, dirname(path));
    if (folder.names.has(basename(path))) {
      if (flags === 'wx+') throw fsError('EEXIST', path);
      return inodeAt(root, path);
    }
    if (flags === 'r' || flags === 'r+') throw fsError('ENOENT', path);
    if (usedBytes(root) >= capacity) throw fsError('ENOSPC', path);
    const inode = createInode(nextIno++);
    changeNames(folder, { set: [[basename(path), inode]], remove: [] });
    return inode;
  };

  const write = (file: OpenFile, bytes: Buffer, place: { position: number; isShort: boolean }): number => {
    const { cached } = file.inode;
    const position = file.append ? cached.length : place.position;
    const growth = Math.max(0, position + bytes.length - cached.length);
    const room = Math.max(0, capacity - usedBytes(root));
    let length = growth > room ? bytes.length - growth + room : bytes.length;
    if (length === 0) throw fsError('ENOSPC', file.path);
    if (place.isShort) length = Math.max(1, Math.floor(length * random()));
    changeInode(file.inode, { kind: 'write', position, bytes: Buffer.from(bytes.subarray(0, length)) });
    return length;
  };

  const faultFor = (op: FsOp, path: string): Fault | undefined => {
    for (const rule of rules) {
      if (rule.op !== op || rule.path?.test(path) === false || rule.times === 0) continue;
      if (rule.times !== undefined) rule.times -= 1;
      return rule.fault;
    }
    return undefined;
  };

  /** One call of a process: it may die in it; it may fail, be short or hang; else it does its work. */
  const perform = async <T>(
    process: Process,
    op: FsOp,
    path: string,
    work: (isShort: boolean) => T,
  ): Promise<T> => {
    if (process.dead) return never();
    calls.push({ op, path });
    if (process.callsLeft-- <= 0) {
      process.dead = true;
      if (random() < 0.5) attempt(() => work(random() < 0.5));
      return never();
    }
    underWay += 1;
    most = Math.max(most, underWay);
    const fault = faultFor(op, path);
    await (fault?.kind === 'hang' ? fault.until : undefined);
    underWay -= 1;
    if (process.dead) return never();
    if (fault?.kind !== 'error') return work(fault?.kind === 'short');
    if (op === 'fdatasync') failSync(inodeAt(root, path), random);
    throw fsError(fault.code, path);
  };

  const createFs = (process: Process): Fs => {
    const withFile = <T>(op: FsOp, fd: number, work: (file: OpenFile, isShort: boolean) => T) => {
      const path = process.files.get(fd)?.path ?? `descriptor ${fd}`;
      return perform(process, op, path, (isShort) => {
        const file = process.files.get(fd);
        if (file === undefined) throw fsError('EBADF', path);
        return work(file, isShort);
      });
    };
    const withPath = <T>(op: FsOp, path: string, work: () => T) => perform(process, op, path, work);
    return {
      open: (path, flags) =>
        withPath('open', path, () => {
          process.files.set(process.nextFd, { inode: open(path, flags), path, append: flags === 'a+' });
          return process.nextFd++;
        }),
      close: (fd) => withFile('close', fd, () => void process.files.delete(fd)),
      read: (fd, into, position) =>
        withFile('read', fd, ({ inode }) =>
          inode.cached.copy(into, 0, Math.min(position, inode.cached.length)),
        ),
      write: (fd, bytes, position) =>
        withFile('write', fd, (file, isShort) => write(file, bytes, { position, isShort })),
      fdatasync: (fd) => withFile('fdatasync', fd, ({ inode }) => syncInode(inode)),
      truncate: (fd, size) =>
        withFile('truncate', fd, ({ inode }) => changeInode(inode, { kind: 'truncate', size })),
      fstat: (fd) => withFile('fstat', fd, ({ inode }) => statOf(inode)),
      stat: (path) => withPath('stat', path, () => statOf(inodeAt(root, path))),
      syncDir: (path) => withPath('syncDir', path, () => syncFolder(folderAt(root, path))),
      readdir: (path) => withPath('readdir', path, () => [...folderAt(root, path).names.keys()]),
      mkdir: (path) => withPath('mkdir', path, () => makeFolders(root, path)),
      rename: (from, to) => withPath('rename', from, () => moveName(from, to)),
      unlink: (path) => withPath('unlink', path, () => removeName(path)),
    };
  };

  const moveName = (from: string, to: string) => {
    const inode = inodeAt(root, from);
    if (dirname(resolve(from)) !== dirname(resolve(to)))
      throw new Error('the fake renames within one folder');
    changeNames(folderAt(root, dirname(to)), { set: [[basename(to), inode]], remove: [basename(from)] });
  };

  const removeName = (path: string) => {
    inodeAt(root, path);
    changeNames(folderAt(root, dirname(path)), { set: [], remove: [basename(path)] });
  };

  let process = createProcess();
  let current = createFs(process);
  const boot = () => {
    process.dead = true;
    underWay = 0;
    process = createProcess();
    current = createFs(process);
  };

  return {
    fs: () => current,
    kill: boot,
    cutPower() {
      cutFolder(root, random);
      boot();
    },
    dieAfter(count) {
      process.callsLeft = count;
    },
    isDead: () => process.dead,
    addRule(rule) {
      rules.add(rule);
      return () => void rules.delete(rule);
    },
    clearRules: () => rules.clear(),
    setCapacity(bytes) {
      capacity = bytes;
    },
    calls,
    mostAtOnce: () => most,
    content: (path) => inodeAt(root, path).cached,
    edit(path, edit) {
      const inode = inodeAt(root, path);
      const bytes = edit(Buffer.from(inode.cached));
      changeInode(inode, { kind: 'truncate', size: 0 });
      changeInode(inode, { kind: 'write', position: 0, bytes });
      syncInode(inode);
    },
    list: (path) => [...folderAt(root, path).names.keys()].sort(),
    remove(path) {
      removeName(path);
      syncFolder(folderAt(root, dirname(path)));
    },
  };
}

function createProcess(): Process {
  return { dead: false, callsLeft: Number.POSITIVE_INFINITY, files: new Map(), nextFd: 3 };
}

function statOf(inode: Inode) {
  return { size: inode.cached.length, mtimeMs: 0, dev: 1, ino: inode.ino };
}

function attempt(work: () => unknown): void {
  try {
    work();
  } catch {
    // The process died in this call: nobody learns how it ended.
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
