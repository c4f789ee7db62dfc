/**
 * One instance holds a journal. The lock is the kernel's record lock on a file, taken through SQLite, which is
 * the one door to such locks in Node: it ends with the process however that ends, leaves nothing stale behind,
 * and holds between containers that share a volume. The database stays empty, nothing is ever written to it.
 * Beside it stands a note for people that says who holds the lock.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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

/**
 * Who holds the lock of a folder, by what they said of themselves; null: nobody. Takes nothing and writes nothing,
 * for somebody who only looks. Throws what the file system throws for a lock that may not be read.
 */
export function journalHolder(dir: string): string | null {
  const path = join(dir, 'lock');
  if (!existsSync(path)) return null;
  const database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return null;
  } catch (error) {
    if (isBusy(error)) return readNote(join(dir, 'lock.owner'));
    throw error;
  } finally {
    database.close();
  }
}

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
