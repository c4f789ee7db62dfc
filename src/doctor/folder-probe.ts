/** Whether a folder takes what we write: a file of a few bytes, synced, read back, and gone again. */
import { join } from 'node:path';
import { closeQuietly, errorCode, errorText, readUpTo, writeAll } from '../lib/fs.ts';
import type { Machine } from './examination.ts';

export type FolderOutcome =
  /** `ms`: of writing, syncing and reading back. */
  | { readonly ok: true; readonly ms: number; readonly syncMs: number }
  | { readonly ok: false; readonly why: string; readonly cure: string };

const LINE = Buffer.from('{"gotrack":"doctor"}\n');

export async function tryFolder(
  folder: string,
  { fs, clock, random48 }: Pick<Machine, 'fs' | 'clock' | 'random48'>,
): Promise<FolderOutcome> {
  const path = join(folder, `.gotrack-doctor-${random48()}`);
  const start = clock.monotonic();
  let fd: number | null = null;
  try {
    fd = await fs.open(path, 'wx+');
    await writeAll(fs, { fd, position: 0 }, LINE);
    const beforeSync = clock.monotonic();
    await fs.fdatasync(fd);
    const syncMs = clock.monotonic() - beforeSync;
    const read = await readUpTo(fs, { fd, position: 0 }, LINE.length);
    if (!read.equals(LINE))
      return { ok: false, why: 'other bytes come back than were written', cure: 'look at the disk' };
    return { ok: true, ms: clock.monotonic() - start, syncMs };
  } catch (cause) {
    return { ok: false, why: errorText(cause), cure: cureOf(errorCode(cause), folder) };
  } finally {
    if (fd !== null) {
      await closeQuietly(fs, fd);
      await fs.unlink(path).catch(() => {}); // the failure before is the one to report
    }
  }
}

function cureOf(code: string | undefined, folder: string): string {
  switch (code) {
    case 'ENOENT':
      return `mkdir -p ${folder}`;
    case 'ENOTDIR':
      return `${folder} is no folder: choose another`;
    case 'EACCES':
    case 'EPERM':
      return `let the user of gotrack write to ${folder}`;
    case 'EROFS':
      return `mount a volume that can be written to at ${folder}`;
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room on this disk';
    default:
      return `look at ${folder} and its disk`;
  }
}
