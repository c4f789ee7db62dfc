/** A disk that fills up: a small file system of its own where this machine lets us mount one, else a faulty one. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createFaultyDisk } from './faulty-disk.ts';
import { tempFolder } from './temp.ts';

export type SmallDisk = {
  readonly kind: string;
  readonly path: string;
  /** What the program has to be started with. */
  readonly env: Record<string, string>;
  /** Takes all the room there is; the function that is returned gives it back. */
  fill(): () => void;
};

const BYTES = 16 * 1024 * 1024;

export function createSmallDisk(t: TestContext): SmallDisk {
  const { path, remove } = tempFolder();
  const isMounted = mount(path);
  t.after(() => {
    if (isMounted) execFileSync('umount', ['--lazy', path]);
    remove();
  });
  if (!isMounted) {
    const disk = createFaultyDisk(path);
    return { kind: 'writes that fail with ENOSPC', path, env: disk.env, fill: () => disk.fail('ENOSPC') };
  }
  return {
    kind: 'a tmpfs of 16 MB',
    path,
    env: {},
    fill() {
      const filler = join(path, 'filler');
      fillUp(path, filler);
      return () => rmSync(filler);
    },
  };
}

function mount(path: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${BYTES}`, 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    // a container may not
    return false;
  }
}

function fillUp(path: string, filler: string): void {
  const { bavail, bsize } = statfsSync(path);
  try {
    appendFileSync(filler, Buffer.alloc(bavail * bsize));
    for (;;) appendFileSync(filler, Buffer.alloc(1024));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
