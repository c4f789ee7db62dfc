/** SIGTERM under load, as each deployment sends it: nothing accepted is lost, and it ends in time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { drained } from '../support/drained.ts';
import { readEvents } from '../support/event-log.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { createSender } from '../support/sender.ts';
import { hello } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

const FULL = process.env.TEST_SIZE === 'full';
const ROUNDS = FULL ? 20 : 2;
const EXIT_MS = FULL ? 10_000 : 100_000;
const DRAIN_MS = 2000;

test(`${ROUNDS} times SIGTERM under load: nothing is lost, exchanges finish or are cut at DRAIN_MS`, async (t) => {
  const found = faultRow(t, 'stop', `${ROUNDS} times`);
  const site = await startSite(t, (request, response) => {
    response.write('first, ');
    if (request.url === '/slow') setTimeout(() => response.end('last'), DRAIN_MS / 4);
  });
  const env = { ...site.env, DRAIN_MS: String(DRAIN_MS) };
  const sender = createSender();
  let slowestMs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const gotrack = await startGotrack(env);
    t.after(() => gotrack.stop('SIGKILL'));
    const grant = await hello(gotrack.site);
    let isOver = false;
    const sending = sender.sendUntil(gotrack.site, grant, () => isOver);
    await pause(300 + 400 * Math.random());
    const slow = await fetch(`${gotrack.site}/slow`);
    const endless = await fetch(`${gotrack.site}/endless`);
    const cut = assert.rejects(endless.text(), 'what never ends is cut');
    const started = performance.now();
    const stopped = gotrack.stop('SIGTERM');
    assert.equal(await slow.text(), 'first, last');
    assert.equal(await stopped, 0);
    slowestMs = Math.max(slowestMs, performance.now() - started);
    await cut;
    isOver = true;
    await sending;
  }
  const last = await startGotrack(env);
  t.after(() => last.stop('SIGKILL'));
  await drained(last.site);
  assert.equal(await last.stop(), 0);
  assert.ok(slowestMs < EXIT_MS, `an exit took ${slowestMs} ms`);
  const ids = readEvents(site.logPath).map((event) => event.event_id);
  const { accepted, lost, repeated } = sender.ledger.balance(ids);
  assert.ok(accepted > ROUNDS * 100, `only ${accepted} events were accepted`);
  assert.deepEqual({ lost, repeated }, { lost: [], repeated: [] });
  found(
    `0 of ${accepted} lost, 0 repeated; slowest exit ${Math.round(slowestMs)} ms with DRAIN_MS ${DRAIN_MS}`,
  );
});
