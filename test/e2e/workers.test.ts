/** WORKERS: several processes serve, one keeps what they accepted, and each of them may die. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { drained } from '../support/drained.ts';
import { readEvents } from '../support/event-log.ts';
import { eventually } from '../support/event-loop.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { createSender } from '../support/sender.ts';
import { hello } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

const ROUNDS = process.env.TEST_SIZE === 'full' ? 20 : 3;

async function setUp(t: TestContext) {
  const { env, logPath } = await startSite(t);
  return { env: { ...env, WORKERS: '2' }, logPath };
}

/** The processes that a process has started and that are there yet. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** How many workers were started anew and serve. */
const standIns = (log: readonly string[]) =>
  log.filter((line) => line.includes('a new worker serves')).length;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function forwardedBy(admin: string): Promise<number> {
  const page = await (await fetch(`${admin}/metrics`)).text();
  const line = page
    .split('\n')
    .find((text) => text.startsWith('gotrack_http_requests_total{endpoint="forward"'));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const linux = { skip: process.platform === 'linux' ? false : 'reads the children of a process from /proc' };

test('what any of the workers accepted is in the one log, though they are killed', linux, async (t) => {
  const found = faultRow(t, 'worker', `${ROUNDS} times`);
  const { env, logPath } = await setUp(t);
  const gotrack = await startGotrack(env);
  t.after(() => gotrack.stop('SIGKILL'));
  assert.equal(childrenOf(gotrack.pid).length, 2);
  const sender = createSender();
  const grant = await hello(gotrack.site);
  for (let round = 0; round < ROUNDS; round++) {
    let stopped = false;
    const sending = sender.sendUntil(gotrack.site, grant, () => stopped);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [victim] = childrenOf(gotrack.pid);
    process.kill(victim!, 'SIGKILL');
    await eventually(() => standIns(gotrack.log) === round + 1, 'a new worker stands in for the killed one');
    stopped = true;
    await sending;
  }
  await eventually(
    () => gotrack.log.some((line) => line.includes('"how":"SIGKILL"')),
    'the log says who was killed',
  );
  await drained(gotrack.site);
  assert.equal(await gotrack.stop(), 0);
  const lines = readEvents(logPath).map((event) => event.event_id);
  const { accepted, lost, repeated } = sender.ledger.balance(lines);
  assert.ok(accepted > ROUNDS * 100, `only ${accepted} were acknowledged`);
  assert.deepEqual({ lost, repeated }, { lost: [], repeated: [] });
  found(`0 of ${accepted} lost, 0 repeated`);
});

test(
  'workers end when the first process is killed, and any number of them finds what was accepted',
  linux,
  async (t) => {
    const { env, logPath } = await setUp(t);
    const sender = createSender();
    for (const workers of ['2', '1', '3']) {
      const gotrack = await startGotrack({ ...env, WORKERS: workers });
      t.after(() => gotrack.stop('SIGKILL'));
      const children = childrenOf(gotrack.pid);
      const grant = await hello(gotrack.site);
      let stopped = false;
      const sending = sender.sendUntil(gotrack.site, grant, () => stopped);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await gotrack.stop('SIGKILL');
      stopped = true;
      await sending;
      await eventually(() => !children.some(isAlive), 'no worker outlives the first process');
    }
    const last = await startGotrack(env);
    await drained(last.site);
    assert.equal(await last.stop(), 0);
    const lines = readEvents(logPath).map((event) => event.event_id);
    const { accepted, held, lost } = sender.ledger.balance(lines);
    assert.ok(accepted > 300, `only ${accepted} were acknowledged`);
    assert.deepEqual(lost, []);
    assert.ok(lines.length - held <= lines.length / 100, 'more than 1 % of the lines are repeated');
  },
);

test('one scrape has what all workers counted, those that are gone included', linux, async (t) => {
  const { env } = await setUp(t);
  const gotrack = await startGotrack(env);
  t.after(() => gotrack.stop('SIGKILL'));
  // A connection of its own for each, so that they are dealt out in turn.
  for (let n = 0; n < 8; n++) await fetch(`${gotrack.site}/page`, { headers: { connection: 'close' } });
  await eventually(async () => (await forwardedBy(gotrack.admin!)) === 8, 'all requests are counted');
  const [victim] = childrenOf(gotrack.pid);
  process.kill(victim!, 'SIGKILL');
  await eventually(() => standIns(gotrack.log) === 1, 'a new worker');
  await eventually(async () => (await forwardedBy(gotrack.admin!)) === 8, 'nothing is forgotten');
});

test('an address in use is said once, with the variable, and nothing stays behind', linux, async (t) => {
  const { env } = await setUp(t);
  const holder = createServer().listen(0, '127.0.0.1');
  t.after(() => void holder.close());
  await new Promise((resolve) => holder.once('listening', resolve));
  const taken = { ...env, SERVER_ADDR: `127.0.0.1:${(holder.address() as AddressInfo).port}` };
  await assert.rejects(startGotrack(taken), ({ message }: Error) => {
    assert.match(message, /ended with 1 before it listened/);
    assert.equal(message.match(/cannot listen: .* is in use\. Set SERVER_ADDR/g)?.length, 1);
    return true;
  });
});

test(
  '/readyz of a worker tells of the sinks, and exchanges under way finish when it is stopped',
  linux,
  async (t) => {
    const { env } = await setUp(t);
    const slow = createServer((_request, response) => {
      response.write('first, ');
      setTimeout(() => response.end('last'), 700);
    }).listen(0, '127.0.0.1');
    t.after(() => void slow.close());
    await new Promise((resolve) => slow.once('listening', resolve));
    const destination = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    const gotrack = await startGotrack({ ...env, FORWARD_DESTINATION: destination });
    t.after(() => gotrack.stop('SIGKILL'));
    const ready = (await (await fetch(`${gotrack.site}/readyz`)).json()) as {
      sinks: { log: { state: string } };
    };
    assert.equal(ready.sinks.log.state, 'ok');
    const response = await fetch(`${gotrack.site}/slow`);
    const stopped = gotrack.stop();
    assert.equal(await response.text(), 'first, last');
    assert.equal(await stopped, 0);
  },
);
