/** Promise 2: what was answered 202 is in the log after `kill -9`, at 2,000 events a second. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { readEvents } from '../support/event-log.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { createSender, drained } from '../support/sender.ts';
import { hello } from '../support/signer.ts';
import { tempFolder } from '../support/temp.ts';

const ROUNDS = process.env.TEST_SIZE === 'full' ? 50 : 10;
const ROUND_MS = 700;
test(`${ROUNDS} times kill -9 under load: every acknowledged event is in the log, once`, async (t) => {
  const found = faultRow(t, 'kill', `${ROUNDS} times, the log`);
  const folder = tempFolder();
  const origin = createServer((_request, response) => response.end('origin')).listen(0, '127.0.0.1');
  t.after(() => {
    origin.close();
    folder.remove();
  });
  await new Promise((resolve) => origin.once('listening', resolve));
  const logPath = join(folder.path, 'events.ndjson');
  const env = {
    FORWARD_DESTINATION: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: logPath,
    LOG_LEVEL: 'info',
    RATE_COLLECT: '0',
    RATE_HELLO: '0',
  };
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
