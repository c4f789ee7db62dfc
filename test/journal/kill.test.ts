/** kill -9 in the middle of 2,000 events a second, on the real disk: the ledger of what was accepted is the judge. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { until } from '../support/event-loop.ts';
import { tempFolder } from '../support/temp.ts';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3);
const RATE = 2000;
const SCRIPT = join(import.meta.dirname, '../support/journal-process.ts');
const folder = tempFolder();
after(folder.remove);

/** Runs until it has accepted so many events, then kills; the numbers that were accepted. */
async function runAndKill(first: number, accepted: number): Promise<number[]> {
  const child = spawn(process.execPath, [SCRIPT, folder.path, String(first), String(RATE)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (bytes) => {
    text += bytes;
  });
  const count = () => text.split('\n').length - 1;
  await until(() => count() >= accepted || child.exitCode !== null, 'events are accepted', 30_000);
  child.kill('SIGKILL');
  await once(child, 'close');
  return text.split('\n').slice(0, -1).map(Number);
}

/** The numbers in the log, in order; throws for a line that is none. */
function numbersInLog(): number[] {
  const names = readdirSync(folder.path).filter((name) => name.startsWith('events'));
  const rotated = names.filter((name) => name.startsWith('events-')).sort();
  const text = [...rotated, 'events.ndjson']
    .map((name) => readFileSync(join(folder.path, name), 'utf8'))
    .join('');
  assert.ok(text.endsWith('\n'));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).n);
}

/** What a ledger and a log say together. */
export function compare(ledger: readonly number[], log: readonly number[]) {
  const there = new Set(log);
  return { lost: ledger.filter((n) => !there.has(n)), duplicates: log.length - there.size };
}

it('loses nothing that was accepted, and writes nothing twice', async () => {
  const ledger: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Numbers of their own: what the last round had not accepted yet may still come.
    ledger.push(...(await runAndKill(round * 1_000_000, 300 + 377 * round)));
  }
  const last = spawn(process.execPath, [SCRIPT, folder.path], { stdio: 'inherit' });
  const [code] = await once(last, 'exit');
  assert.equal(code, 0, 'drained');
  const log = numbersInLog();
  assert.ok(ledger.length > 300 * ROUNDS);
  assert.deepEqual(compare(ledger, log), { lost: [], duplicates: 0 });
  assert.deepEqual(
    log,
    [...log].sort((a, b) => a - b),
    'in order',
  );
});

it('the ledger catches one lost event and one written twice', () => {
  assert.deepEqual(compare([1, 2, 3], [1, 3, 3]), { lost: [2], duplicates: 1 });
});
