/** Promise 2: what was answered 202 is in the log after `kill -9`, at 2,000 events a second. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drained } from '../support/drained.ts';
import { readEvents } from '../support/event-log.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { createSender } from '../support/sender.ts';
import { hello } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

const ROUNDS = process.env.TEST_SIZE === 'full' ? 50 : 10;
const ROUND_MS = 700;
test(`${ROUNDS} times kill -9 under load: every acknowledged event is in the log, once`, async (t) => {
  const found = faultRow(t, 'kill', `${ROUNDS} times, the log`);
  const { env, logPath } = await startSite(t);
  const sender = createSender();
  for (let round = 0; round < ROUNDS; round++) {
    const gotrack = await startGotrack(env);
    const grant = await hello(gotrack.site);
    let dead = false;
    const sending = sender.sendUntil(gotrack.site, grant, () => dead);
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS * (0.5 + Math.random())));
    await gotrack.stop('SIGKILL');
    dead = true;
    await sending;
  }
  const last = await startGotrack(env);
  await drained(last.site);
  await last.stop();

  const lines = readEvents(logPath).map((event) => event.event_id);
  const { accepted, held, lost } = sender.ledger.balance(lines);
  const extra = lines.length - held;
  found(`${lost.length} of ${accepted} lost, ${extra} repeated`);
  assert.ok(accepted > ROUNDS * 100, `only ${accepted} events were acknowledged`);
  assert.deepEqual(lost, []);
  assert.ok(extra <= lines.length / 100, 'more than 1 % of the lines are repeated');
});
