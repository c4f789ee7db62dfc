import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkJournal } from '../../src/doctor/checks/journal.ts';
import { checkSinks } from '../../src/doctor/checks/sinks.ts';
import { error } from '../../src/doctor/row.ts';
import { takeLock } from '../../src/journal/lock.ts';
import { tempFolder } from '../support/temp.ts';
import { examination, faultsIn, rowsOf } from './harness.ts';

const ORIGIN = 'http://127.0.0.1:9';

test('a journal that does not exist yet can be created, and doctor does not create it', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  const rows = await rowsOf(
    checkJournal,
    examination(t, ORIGIN, { env: { JOURNAL_DIR: join(folder.path, 'a/b') } }),
  );
  assert.deepEqual(faultsIn(rows), []);
  assert.match(rows[0]!.found, /can be created; a sync takes/);
  assert.deepEqual(readdirSync(folder.path), []);
});

test('a journal that is held by a running instance is a note that names it, and stays as it is', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  const lock = takeLock(folder.path, 'pid 12 on web1');
  assert.ok(lock.ok);
  t.after(lock.release);
  const before = readdirSync(folder.path);
  const examined = examination(t, ORIGIN, { env: { JOURNAL_DIR: folder.path } });
  const rows = await rowsOf(checkJournal, examined);
  assert.deepEqual(faultsIn(rows), []);
  assert.match(faultsIn(rows, 'note').at(-1)!.found, /pid 12 on web1/);
  assert.deepEqual(readdirSync(folder.path), before);
});

test('a journal that nobody holds any more is not said to be held', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  const lock = takeLock(folder.path, 'pid 12 on web1');
  assert.ok(lock.ok);
  lock.release();
  const rows = await rowsOf(checkJournal, examination(t, ORIGIN, { env: { JOURNAL_DIR: folder.path } }));
  assert.doesNotMatch(JSON.stringify(rows), /web1/);
});

test('a journal where a file stands is an error', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  writeFileSync(join(folder.path, 'file'), '');
  const env = { JOURNAL_DIR: join(folder.path, 'file/journal') };
  const [row] = await rowsOf(checkJournal, examination(t, ORIGIN, { env }));
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /JOURNAL_DIR .*ENOTDIR/);
});

test('a disk that fails at a sync, or has less room than the journal may take, is found', async (t) => {
  const made = examination(t, ORIGIN);
  const { machine } = made;
  const failing = {
    ...machine.fs,
    fdatasync: () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })),
  };
  const [row] = await rowsOf(checkJournal, { ...made, machine: { ...machine, fs: failing } });
  assert.deepEqual([row!.level, /EIO/.test(row!.found)], ['error', true]);
  const full = { ...machine, freeBytes: async () => 4096 };
  const [warning] = faultsIn(await rowsOf(checkJournal, { ...made, machine: full }));
  assert.match(warning!.found, /4\.0 KB free, and it may grow to JOURNAL_MAX_BYTES, 1\.0 GB/);
});

test('the log sink is written to beside its file, which stays as it is', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  const LOG_PATH = join(folder.path, 'events.ndjson');
  const rows = await rowsOf(checkSinks, examination(t, ORIGIN, { env: { LOG_PATH, LOG_ROTATE_MB: '1' } }));
  assert.deepEqual(faultsIn(rows), []);
  assert.match(rows[0]!.found, /was written, synced and read back/);
  assert.deepEqual(readdirSync(folder.path), [], 'nothing is left, and the log was not made');
});

test('a folder of the log that does not exist is an error with the command that makes it', async (t) => {
  const LOG_PATH = '/does/not/exist/events.ndjson';
  const [row] = await rowsOf(checkSinks, examination(t, ORIGIN, { env: { LOG_PATH } }));
  assert.equal(row!.level, 'error');
  assert.equal(row!.cure, 'mkdir -p /does/not/exist');
});

test('a log file that is somebody else’s, or a folder, is an error', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  writeFileSync(join(folder.path, 'notes.txt'), 'do not touch');
  mkdirSync(join(folder.path, 'folder'));
  for (const name of ['notes.txt', 'folder']) {
    const env = { LOG_PATH: join(folder.path, name) };
    const rows = faultsIn(await rowsOf(checkSinks, examination(t, ORIGIN, { env })));
    assert.deepEqual(
      rows.map(({ level }) => level),
      ['error'],
      name,
    );
  }
});

test('standard output needs no folder, and a disk that is nearly full is a warning', async (t) => {
  const out = await rowsOf(checkSinks, examination(t, ORIGIN, { env: { LOG_PATH: 'stdout' } }));
  assert.deepEqual(
    out.map(({ level }) => level),
    ['ok'],
  );
});

test('each sink brings its probe, and one that fails does not silence the next', async (t) => {
  const sinks = [
    { name: 'broken', probe: () => Promise.reject(new Error('boom')) },
    { name: 'down', probe: async () => [error('sink down', 'no broker answers', 'start it')] },
  ];
  const rows = await rowsOf(checkSinks, { ...examination(t, ORIGIN), sinks });
  assert.deepEqual(
    rows.map(({ name, level }) => [name, level]),
    [
      ['sink broken', 'error'],
      ['sink down', 'error'],
    ],
  );
  assert.match(rows[0]!.found, /boom/);
});
