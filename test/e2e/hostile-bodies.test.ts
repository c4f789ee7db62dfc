/** Bodies made to cost much, clocks that are wrong and addresses without end, through the program. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventsWhen } from '../support/event-log.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { hello, post, signatureOf } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

const FULL = process.env.TEST_SIZE === 'full';
const TIMES = FULL ? 40 : 8;
const MAX_MS = FULL ? 25 : 250;
const URLS = FULL ? 100_000 : 1000;
const MAX_SERIES = 500;
const DAY_MS = 86_400_000;
const linux = {
  skip: process.platform === 'linux' ? false : 'reads the processor time of a process from /proc',
};

/** What a process has used of the processor so far, in milliseconds. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  // In hundredths of a second on every Linux there is.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const nulls = Array(200_000).fill('null').join();
const BODIES: [string, string, number][] = [
  ['200,000 lists deep', '['.repeat(200_000), 400],
  ['200,000 objects deep', '{"a":'.repeat(200_000), 400],
  ['200,000 nulls', `[${nulls}]`, 400],
  ['200,000 nulls in an event', `{"type":"a","props":{"a":[${nulls}]}}`, 400],
  ['a body over the bound', 'x'.repeat(2 ** 20 + 1), 413],
];

test(`bodies made to cost much are refused within ${MAX_MS} ms of the processor`, linux, async (t) => {
  const found = faultRow(t, 'body', `${TIMES} of each`);
  const { env } = await startSite(t);
  const gotrack = await startGotrack(env);
  t.after(() => gotrack.stop('SIGKILL'));
  const grant = await hello(gotrack.site);
  for (const [name, body, status] of BODIES) {
    const send = async () => {
      const answer = await post(gotrack.site, '/p', body, signatureOf(grant, '/p', body));
      assert.equal(answer.status, status, name);
      await answer.arrayBuffer();
    };
    await send();
    const before = processorMs(gotrack.pid);
    for (let time = 0; time < TIMES; time += 1) await send();
    const eachMs = (processorMs(gotrack.pid) - before) / TIMES;
    assert.ok(eachMs <= MAX_MS, `${name}: ${eachMs} ms`);
    found(`${name}: ${status} in ${eachMs.toFixed(1)} ms`);
  }
});

test('__proto__ in an event is a key like others, and a clock a day off is put right', async (t) => {
  const found = faultRow(t, 'clock', 'a day before, a day behind');
  const { env, logPath } = await startSite(t);
  const gotrack = await startGotrack(env);
  t.after(() => gotrack.stop('SIGKILL'));
  const grant = await hello(gotrack.site);
  for (const offMs of [DAY_MS, -DAY_MS]) {
    const wrong = Date.now() + offMs;
    const said = { type: 'pageview', ts: new Date(wrong).toISOString(), page: { sent_at: wrong } };
    const body = JSON.stringify([said]).replace('"type"', '"__proto__":{"polluted":true},"type"');
    const answer = await post(gotrack.site, '/p', body, signatureOf(grant, '/p', body));
    assert.equal(answer.status, 202);
  }
  const stored = await eventsWhen(logPath, (all) => all.length === 2);
  assert.equal(stored.length, 2);
  for (const event of stored) {
    const wrongMs = Math.abs(Date.parse(event.timestamp) - Date.parse(event.server.received_at));
    assert.ok(wrongMs < 60_000, `${event.timestamp} is ${wrongMs} ms from ${event.server.received_at}`);
    assert.ok(!Object.hasOwn(event, 'polluted'));
  }
  assert.doesNotMatch(await (await fetch(`${gotrack.site}/readyz`)).text(), /polluted/);
  found('accepted, the time corrected');
});

test(`${URLS} distinct URLs make no more than ${MAX_SERIES} series`, async (t) => {
  const found = faultRow(t, 'series', `${URLS} URLs`);
  const { env } = await startSite(t);
  const gotrack = await startGotrack({ ...env, RATE_PIXEL: '0' });
  t.after(() => gotrack.stop('SIGKILL'));
  let next = 0;
  const visit = async () => {
    for (let n = next++; n < URLS; n = next++) {
      const path = n % 10 === 0 ? `/px.gif?e=event-${n}&url=http%3A%2F%2Fa%2F${n}` : `/page-${n}?q=${n}`;
      await (await fetch(gotrack.site + path)).arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 16 }, visit));
  const page = await (await fetch(`${gotrack.admin}/metrics`)).text();
  const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  assert.ok(series <= MAX_SERIES, `${series} series`);
  found(`${series} series`);
});
