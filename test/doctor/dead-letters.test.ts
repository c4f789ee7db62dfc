import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkDeadLetters } from '../../src/doctor/checks/dead-letters.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { nodeFs } from '../../src/lib/fs.ts';
import { createDeadLetters } from '../../src/sinks/dead-letters.ts';
import { tempFolder } from '../support/temp.ts';
import { examination, faultsIn, rowsOf } from './harness.ts';

function setUp(t: TestContext, more: Record<string, string> = {}) {
  const folder = tempFolder();
  t.after(folder.remove);
  const path = join(folder.path, 'dead-letter.ndjson');
  const env = { JOURNAL_DIR: join(folder.path, 'journal'), ...more };
  const file = createDeadLetters({ path, maxBytes: 1e9 }, { fs: nodeFs, clock: systemClock });
  const refuse = (sink: string, reason: string, count: number) =>
    file.keep(
      sink,
      Array.from({ length: count }, () => ({ record: Buffer.from('{"event_id":"secret-content"}'), reason })),
    );
  const rows = () => rowsOf(checkDeadLetters, examination(t, 'http://127.0.0.1:9', { env }));
  return { folder: folder.path, path, refuse, rows };
}

test('letters that wait are a warning with their number, their sinks and the command that sends them', async (t) => {
  const { folder, path, refuse, rows } = setUp(t);
  await refuse('postgres', '23514 check_amount', 3);
  await refuse('kafka:eu', 'too-large', 1);
  const before = readFileSync(path);
  const [row, ...more] = await rows();
  assert.deepEqual([row!.level, more], ['warning', []]);
  assert.equal(
    row!.found,
    `4 events wait in ${path}: 3 of postgres (first: 23514 check_amount), 1 of kafka:eu (first: too-large)`,
  );
  assert.equal(row!.cure, `mend the cause, then: gotrack replay ${path}`);
  assert.deepEqual(readFileSync(path), before, 'it is only looked at');
  assert.deepEqual(readdirSync(folder), ['dead-letter.ndjson']);
});

test('no file and an empty one are in order, and a torn last line is no letter', async (t) => {
  const { path, rows } = setUp(t);
  assert.deepEqual(
    (await rows()).map(({ level }) => level),
    ['ok'],
  );
  appendFileSync(path, '');
  assert.match((await rows())[0]!.found, /none waits in/);
  appendFileSync(path, '{"at":"2026-11-24T10:00:00.000Z","si');
  assert.match((await rows())[0]!.found, /none waits in/);
});

test('a file that replay would not take is an error', async (t) => {
  const { path, refuse, rows } = setUp(t);
  await refuse('postgres', '23514', 1);
  appendFileSync(path, 'a note\n');
  const [row] = await rows();
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /1 line is no dead letter/);
});

test('a file that is nearly full is an error, since a sink would stall', async (t) => {
  const { path, refuse, rows } = setUp(t, { DEAD_LETTER_MAX_MB: '1' });
  await refuse('postgres', '23514', 12_000);
  const full = faultsIn(await rows(), 'error');
  assert.deepEqual([full.length, /DEAD_LETTER_MAX_MB, 1\.0 MB: a sink/.test(full[0]!.found)], [1, true]);
  assert.match(full[0]!.cure!, /gotrack replay/);
  truncateSync(path, 0);
  assert.deepEqual(faultsIn(await rows()), []);
});

test('a folder where no letter could be kept, or a folder in its place, is an error', async (t) => {
  const missing = setUp(t, { DEAD_LETTER_PATH: '/does/not/exist/letters.ndjson' });
  const [row] = faultsIn(await missing.rows(), 'error');
  assert.equal(row!.cure, 'mkdir -p /does/not/exist');
  const { path, rows } = setUp(t);
  mkdirSync(path);
  assert.match(faultsIn(await rows(), 'error')[0]!.found, /cannot be read: EISDIR/);
});
