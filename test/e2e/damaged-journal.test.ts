/**
 * A journal whose end was cut or flipped while nobody looked: what stands before the damage is delivered, nothing
 * that is damaged is, and the program starts at once. The records are their lines in the log, which is how the test
 * knows where in the file each of them lies.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { drained } from '../support/drained.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { events, hello, post, signatureOf } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

const FULL = process.env.TEST_SIZE === 'full';
const ROUNDS = FULL ? 200 : 10;
const START_MS = FULL ? 5000 : 50_000;
const POSTS = 30;
/** How far from its end the file is damaged, most of the time: within the last few records. */
const TAIL_BYTES = 4096;

type Damage = {
  bytes: Buffer /** Whether a byte of the file is no longer what it was. */;
  isAt(offset: number): boolean;
};

function damage(file: Buffer, random: () => number): Damage {
  const at = () => file.length - 1 - Math.floor(random() * TAIL_BYTES);
  const from = at();
  if (random() < 0.5) return { bytes: file.subarray(0, from), isAt: (offset) => offset >= from };
  const bytes = Buffer.from(file);
  const places = Array.from({ length: 1 + Math.floor(random() * 20) }, at);
  for (const place of new Set(places)) bytes[place]! ^= 1 << Math.floor(random() * 8);
  return { bytes, isAt: (offset) => bytes[offset] !== file[offset] };
}

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);

test(`${ROUNDS} times the end of the journal is cut or flipped while it is down`, async (t) => {
  const found = faultRow(t, 'damage', `${ROUNDS} times`);
  const { env, folder, logPath } = await startSite(t);
  const journal = env.JOURNAL_DIR!;
  const kept = join(folder, 'kept');

  const first = await startGotrack({ ...env, LOG_PATH: join(folder, 'nowhere', 'events.ndjson') });
  t.after(() => first.stop('SIGKILL'));
  const grant = await hello(first.site);
  for (let n = 0; n < POSTS; n += 1) {
    const body = JSON.stringify(events(1 + (n % 5)));
    assert.equal((await post(first.site, '/p', body, signatureOf(grant, '/p', body))).status, 202);
  }
  await first.stop('SIGKILL');
  cpSync(journal, kept, { recursive: true });

  /** Starts on a journal, and what is in the log when all of it is delivered. */
  const deliver = async (): Promise<{ lines: string[]; ms: number }> => {
    rmSync(logPath, { force: true });
    const started = performance.now();
    const gotrack = await startGotrack(env);
    const ms = performance.now() - started;
    t.after(() => gotrack.stop('SIGKILL'));
    await drained(gotrack.site);
    assert.equal(await gotrack.stop(), 0);
    return { lines: linesOf(logPath), ms };
  };

  const whole = (await deliver()).lines;
  assert.equal(whole.length, (POSTS / 5) * 15);
  const [name] = readdirSync(kept).filter((each) => each.endsWith('.seg'));
  const file = readFileSync(join(kept, name!));
  const ends = whole.map((line) => file.indexOf(line) + Buffer.byteLength(line));
  assert.equal(ends.at(-1), file.length);

  let slowestMs = 0;
  let spared = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { bytes, isAt } = damage(file, Math.random);
    const isDamaged = (from: number, to: number) => {
      for (let offset = from; offset < to; offset += 1) if (isAt(offset)) return true;
      return false;
    };
    const expected = whole.filter((_, n) => !isDamaged(n === 0 ? 0 : ends[n - 1]!, ends[n]!));
    rmSync(journal, { recursive: true });
    cpSync(kept, journal, { recursive: true });
    mkdirSync(dirname(logPath), { recursive: true });
    writeFileSync(join(journal, name!), bytes);
    const { lines, ms } = await deliver();
    assert.deepEqual(lines, expected);
    slowestMs = Math.max(slowestMs, ms);
    spared += expected.length;
  }
  assert.ok(slowestMs < START_MS, `a start took ${slowestMs} ms`);
  found(`${spared} of ${spared} undamaged events, no other; slowest start ${Math.round(slowestMs)} ms`);
});
