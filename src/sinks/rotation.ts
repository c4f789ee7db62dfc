/**
 * Rotated log files: `events-20261121T100000.000Z.ndjson` beside `events.ndjson`, so that their order by name is
 * their order in time. No name is ever given out twice.
 */
import { basename, dirname, extname, join } from 'node:path';
import { errorCode, type Fs } from '../lib/fs.ts';

export type RotationOptions = {
  readonly path: string;
  /** How many rotated files stay; 0: all of them. */
  readonly backups: number;
  /** How old a rotated file may become; 0: any age. */
  readonly maxAgeMs: number;
};

const STAMP = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2}\.\d{3})Z$/;

export type RotatedFile = { readonly path: string; readonly rotatedMs: number };

/** The rotated files of a log, oldest first. */
export async function rotatedFiles(fsys: Fs, path: string): Promise<RotatedFile[]> {
  const folder = dirname(path);
  const { stem, extension } = partsOf(path);
  const files: RotatedFile[] = [];
  for (const name of await fsys.readdir(folder)) {
    if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) continue;
    const rotatedMs = msOf(name.slice(stem.length + 1, name.length - extension.length));
    if (rotatedMs !== null) files.push({ path: join(folder, name), rotatedMs });
  }
  return files.sort((a, b) => a.rotatedMs - b.rotatedMs);
}

/** Renames the log to its rotated name. Opening the next file puts both names on the disk. */
export async function rotate(fsys: Fs, path: string, nowMs: number): Promise<void> {
  const latest = (await rotatedFiles(fsys, path)).at(-1);
  const { stem, extension } = partsOf(path);
  const stamp = stampOf(Math.max(nowMs, (latest?.rotatedMs ?? 0) + 1));
  await fsys.rename(path, join(dirname(path), `${stem}-${stamp}${extension}`));
}

/** Removes rotated files that are too many or too old; returns their paths. */
export async function prune(fsys: Fs, options: RotationOptions, nowMs: number): Promise<string[]> {
  const files = await rotatedFiles(fsys, options.path);
  const removed: string[] = [];
  for (const [index, file] of files.entries()) {
    const isExtra = options.backups > 0 && index < files.length - options.backups;
    const isOld = options.maxAgeMs > 0 && nowMs - file.rotatedMs > options.maxAgeMs;
    if (!isExtra && !isOld) continue;
    await removeFile(fsys, file.path);
    removed.push(file.path);
  }
  return removed;
}

async function removeFile(fsys: Fs, path: string): Promise<void> {
  try {
    await fsys.unlink(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function partsOf(path: string): { stem: string; extension: string } {
  const extension = extname(path);
  return { stem: basename(path, extension), extension };
}

/** 20261121T100000.000Z */
function stampOf(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]/g, '');
}

function msOf(stamp: string): number | null {
  const match = STAMP.exec(stamp);
  if (match === null) return null;
  const [, year, month, day, hours, minutes, seconds] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(ms) ? null : ms;
}
