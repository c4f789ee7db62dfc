/** Promise 1 before promise 2: a disk that does not answer holds up events, then refuses them, and no page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drained } from '../support/drained.ts';
import { readEvents } from '../support/event-log.ts';
import { eventually } from '../support/event-loop.ts';
import { faultRow } from '../support/fault-row.ts';
import { createFaultyDisk } from '../support/faulty-disk.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { createSender } from '../support/sender.ts';
import { hello } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

/** An event waits for ten seconds before it is refused. */
const HANG_MS = process.env.TEST_SIZE === 'full' ? 60_000 : 12_000;
/** Far from what a page takes, and from what an event waits. */
const PAGE_MS = 2000;

/** Asks for pages and assets, one after the other, and resolves with the longest time that one took. */
async function visit(site: string, isOver: () => boolean): Promise<{ count: number; longestMs: number }> {
  let count = 0;
  let longestMs = 0;
  while (!isOver()) {
    for (const path of ['/page', '/asset.js', '/px.gif?e=pageview&auto=1', '/healthz']) {
      const started = performance.now();
      const response = await fetch(site + path, { headers: { 'sec-fetch-mode': 'navigate' } });
      await response.arrayBuffer();
      assert.equal(response.status, 200, path);
      longestMs = Math.max(longestMs, performance.now() - started);
      count += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { count, longestMs };
}

test(`fdatasync hangs for ${HANG_MS / 1000} s: pages come, events wait and are refused, none is lost`, async (t) => {
  const found = faultRow(t, 'hang', `${HANG_MS / 1000} s`);
  const site = await startSite(t);
  const disk = createFaultyDisk(site.folder);
  const gotrack = await startGotrack({ ...site.env, ...disk.env });
  t.after(() => gotrack.stop('SIGKILL'));
  const grant = await hello(gotrack.site);
  const sender = createSender(10);
  let isOver = false;
  const sending = sender.sendUntil(gotrack.site, grant, () => isOver);
  await eventually(() => (sender.answers.get('202') ?? 0) >= 10, 'events are accepted');

  const release = disk.hang();
  const until = performance.now() + HANG_MS;
  const { count, longestMs } = await visit(gotrack.site, () => performance.now() > until);
  const refused = sender.answers.get('503+') ?? 0;
  assert.ok(refused > 0, 'nobody was told to come again later');
  const readiness = (await (await fetch(`${gotrack.site}/readyz`)).json()) as { journal: { state: string } };
  assert.equal(readiness.journal.state, 'unavailable');
  release();

  const before = sender.answers.get('202')!;
  await eventually(() => sender.answers.get('202')! > before + 10, 'events are accepted again');
  isOver = true;
  await sending;
  await drained(gotrack.site);
  assert.equal(await gotrack.stop(), 0);
  assert.ok(longestMs < PAGE_MS, `a page took ${longestMs} ms`);
  const ids = readEvents(site.logPath).map((event) => event.event_id);
  const { accepted, lost, repeated } = sender.ledger.balance(ids);
  assert.deepEqual({ lost, repeated }, { lost: [], repeated: [] });
  assert.deepEqual([...sender.answers.keys()].sort(), ['202', '503+']);
  const pages = `${count} pages, the slowest in ${Math.round(longestMs)} ms`;
  found(`0 of ${accepted} lost; ${refused} POSTs told 503 after waiting; ${pages}`);
});
