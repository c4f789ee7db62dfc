/**
 * One instance holds a journal. The lock is the kernel's record lock on a file, taken through SQLite, which is
 * the one door to such locks in Node: it ends with the process however that ends, leaves nothing stale behind,
 * and holds between containers that share a volume. The database stays empty, nothing is ever written to it.
 * Beside it stands a note for people that says who holds the lock.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

export type LockOutcome =
  | { ok: true; release: () => void }
  /** `holder`: what the one who holds it said of itself. */
  | { ok: false; reason: 'locked'; holder: string }
  | { ok: false; reason: 'unusable'; error: unknown };

/** Takes the lock of a folder for `owner` (a text for people) or says at once who has it. Called when starting. */
export type TakeLock = (dir: string, owner: string) => LockOutcome;

export const takeLock: TakeLock = (dir, owner) => {
  const note = join(dir, 'lock.owner');
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(join(dir, 'lock'), { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    writeNote(note, owner);
  } catch (error) {
    database?.close();
    if (isBusy(error)) return { ok: false, reason: 'locked', holder: readNote(note) };
    return { ok: false, reason: 'unusable', error };
  }
  const held = database;
  return { ok: true, release: () => held.close() };
};

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function writeNote(path: string, owner: string): void {
  try {
    writeFileSync(path, `${owner}\n`, { mode: 0o600 });
  } catch {
    // The lock is what counts: on a full disk the note says less than it should, and sinks must still drain.
  }
}

function readNote(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'an instance that left no name';
  }
}
