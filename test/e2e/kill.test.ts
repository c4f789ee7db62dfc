/** Promise 2: what was answered 202 is in the log after `kill -9`, at 2,000 events a second. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { readEvents } from '../support/event-log.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { events, type Grant, hello, post, signatureOf } from '../support/signer.ts';
import { tempFolder } from '../support/temp.ts';

const ROUNDS = process.env.TEST_SIZE === 'full' ? 50 : 10;
const EVENTS_A_POST = 20;
const POSTS_A_SECOND = 100;
const ROUND_MS = 700;

/** Ids of every event that was answered 202. */
const acknowledged = new Set<string>();

/** By the clock and not by pauses, so that a loaded machine sends as many. */
async function sendUntilKilled(gotrack: GotrackProcess, grant: Grant, killed: () => boolean): Promise<void> {
  const waiting: Promise<void>[] = [];
  const startedAt = performance.now();
  while (!killed()) {
    const due = ((performance.now() - startedAt) / 1000) * POSTS_A_SECOND;
    while (waiting.length < due) waiting.push(sendOne(gotrack.site, grant));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(waiting);
}

async function sendOne(site: string, grant: Grant): Promise<void> {
  const batch = events(EVENTS_A_POST);
  const body = JSON.stringify(batch);
  try {
    const response = await post(site, '/p', body, signatureOf(grant, '/p', body));
    const answer = (await response.json()) as { accepted: number };
    if (response.status === 202 && answer.accepted === batch.length)
      for (const { event_id } of batch) acknowledged.add(event_id);
  } catch {
    // the process died under this request: nothing was promised
  }
}

test(`${ROUNDS} times kill -9 under load: every acknowledged event is in the log, once`, async (t) => {
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
  for (let round = 0; round < ROUNDS; round++) {
    const gotrack = await startGotrack(env);
    const grant = await hello(gotrack.site);
    let dead = false;
    const sending = sendUntilKilled(gotrack, grant, () => dead);
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS * (0.5 + Math.random())));
    await gotrack.stop('SIGKILL');
    dead = true;
    await sending;
  }
  const last = await startGotrack(env);
  await drained(last.site);
  await last.stop();

  const ids = readEvents(logPath).map((event) => event.event_id);
  const written = new Set(ids);
  const lost = [...acknowledged].filter((id) => !written.has(id));
  t.diagnostic(
    `${acknowledged.size} acknowledged, ${ids.length} lines, ${ids.length - written.size} repeated`,
  );
  assert.ok(acknowledged.size > ROUNDS * 100, `only ${acknowledged.size} events were acknowledged`);
  assert.deepEqual(lost, []);
  assert.ok(ids.length - written.size <= ids.length / 100, 'more than 1 % of the lines are repeated');
});

async function drained(site: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const readiness = (await (await fetch(`${site}/readyz`)).json()) as {
      sinks: { log: { lag_events: number } };
    };
    if (readiness.sinks.log.lag_events === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the log sink did not drain');
}
