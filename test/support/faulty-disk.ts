/**
 * A disk that hangs or fails under the real program, on any machine and without rights: `node` loads this file before
 * the program and passes on its disk calls, except while a file in FAULTY_DISK says otherwise. A call that hangs
 * holds a thread of libuv's pool in the kernel, in the opening of a pipe that nobody writes to, as a call to a dead
 * disk holds one.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';

export type FaultyDisk = {
  /** What the program has to be started with. */
  readonly env: Record<string, string>;
  /** From now on syncs wait; the function that is returned lets them go on. */
  hang(): () => void;
  /** From now on writes and syncs fail with this code, and some write a part before; the same. */
  fail(code: 'ENOSPC' | 'EIO'): () => void;
};

const HANGS = 'hangs';
const FAILS = 'fails';
const STANDARD_ERROR = 2;

/** `folder`: where the test and the program meet. */
export function createFaultyDisk(folder: string): FaultyDisk {
  return {
    env: { FAULTY_DISK: folder, NODE_OPTIONS: `--import=${import.meta.url}` },
    hang() {
      const pipe = join(folder, HANGS);
      execFileSync('mkfifo', [pipe]);
      return () => {
        // With a writer there every opening returns; without a name nobody opens it any more.
        const writer = fs.openSync(pipe, 'r+');
        fs.unlinkSync(pipe);
        setTimeout(() => fs.closeSync(writer), 1000);
      };
    },
    fail(code) {
      const note = join(folder, FAILS);
      fs.writeFileSync(`${note}.new`, code);
      fs.renameSync(`${note}.new`, note);
      return () => fs.unlinkSync(note);
    },
  };
}

type Done = (error: NodeJS.ErrnoException | null, written?: number) => void;

function install(folder: string): void {
  const { write, fdatasync, fsync } = fs;
  let writes = 0;

  const afterHanging = (next: () => void) => {
    fs.open(join(folder, HANGS), 'r', (error, pipe) => {
      if (error === null) fs.closeSync(pipe);
      next();
    });
  };
  const failure = (): NodeJS.ErrnoException | null => {
    try {
      const code = fs.readFileSync(join(folder, FAILS), 'utf8');
      return Object.assign(new Error(`${code}: the disk of a test`), { code });
    } catch {
      // nothing says that it should
      return null;
    }
  };
  const faultySync = (sync: (fd: number, done: Done) => void) => (fd: number, done: Done) =>
    afterHanging(() => {
      const error = failure();
      if (error === null) sync(fd, done);
      else done(error);
    });
  const faultyWrite = (fd: number, ...rest: [Buffer, number, number, number | null, Done]) => {
    const [bytes, from, length, at, done] = rest;
    const error = fd > STANDARD_ERROR ? failure() : null;
    if (error === null) return void (write as (fd: number, ...all: unknown[]) => void)(fd, ...rest);
    writes += 1;
    // Every other one writes a part: so ends a disk that fills up.
    if (length > 1 && writes % 2 === 0) write(fd, bytes, from, length >> 1, at, done);
    else setImmediate(done, error);
  };
  Object.assign(fs, { write: faultyWrite, fdatasync: faultySync(fdatasync), fsync: faultySync(fsync) });
}

if (process.env.FAULTY_DISK !== undefined) install(process.env.FAULTY_DISK);
