/** The names of the fake disk: of changes to an unsynced folder, a power cut leaves any number of the first. */
import { basename, dirname, resolve } from 'node:path';
import { cutInode, type Inode, type Random } from './fake-inode.ts';

type NameChange = { set: readonly [string, Node][]; remove: readonly string[] };
type Node = Inode | Folder;
export type Folder = { names: Map<string, Node>; durable: Map<string, Node>; pending: NameChange[] };

export function createFolder(): Folder {
  return { names: new Map(), durable: new Map(), pending: [] };
}

export function changeNames(folder: Folder, what: NameChange): void {
  applyTo(folder.names, what);
  folder.pending.push(what);
}

export function syncFolder(folder: Folder): void {
  for (const what of folder.pending) applyTo(folder.durable, what);
  folder.pending = [];
}

export function cutFolder(folder: Folder, random: Random): void {
  const { length } = folder.pending;
  const luck = random();
  const kept = luck < 0.4 ? 0 : luck < 0.6 ? length : Math.floor(random() * (length + 1));
  for (const what of folder.pending.slice(0, kept)) applyTo(folder.durable, what);
  folder.pending = [];
  folder.names = new Map(folder.durable);
  for (const child of folder.names.values()) {
    if (isFile(child)) cutInode(child, random);
    else cutFolder(child, random);
  }
}

export function folderAt(root: Folder, path: string): Folder {
  let at = root;
  for (const part of partsOf(path)) {
    const child = at.names.get(part);
    if (child === undefined || isFile(child)) throw fsError('ENOENT', path);
    at = child;
  }
  return at;
}

export function inodeAt(root: Folder, path: string): Inode {
  const child = folderAt(root, dirname(path)).names.get(basename(path));
  if (child === undefined || !isFile(child)) throw fsError('ENOENT', path);
  return child;
}

/** Makes a folder and those above it. */
export function makeFolders(root: Folder, path: string): void {
  let at = root;
  for (const part of partsOf(path)) {
    let child = at.names.get(part);
    if (child === undefined) {
      child = createFolder();
      changeNames(at, { set: [[part, child]], remove: [] });
    }
    if (isFile(child)) throw fsError('ENOTDIR', path);
    at = child;
  }
}

/** Bytes of all files below. */
export function usedBytes(folder: Folder): number {
  let sum = 0;
  for (const child of folder.names.values()) sum += isFile(child) ? child.cached.length : usedBytes(child);
  return sum;
}

export function fsError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function isFile(node: Node): node is Inode {
  return 'ino' in node;
}

function partsOf(path: string): string[] {
  return resolve(path).split('/').filter(Boolean);
}

function applyTo(names: Map<string, Node>, what: NameChange): void {
  for (const name of what.remove) names.delete(name);
  for (const [name, node] of what.set) names.set(name, node);
}
