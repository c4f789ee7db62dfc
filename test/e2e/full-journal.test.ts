/** Every sink is down until the journal is full: events are told 429, each refusal is counted, memory is bounded. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { metricOf } from '../support/metric.ts';
import { residentBytes } from '../support/process-facts.ts';
import { hello, post, signatureOf } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

const FULL = process.env.TEST_SIZE === 'full';
const JOURNAL = FULL ? '1GiB' : '16MiB';
const REFUSALS = FULL ? 2000 : 50;
const AT_ONCE = 4;
const MAX_RSS_BYTES = 300_000_000;
const linux = { skip: process.platform === 'linux' ? false : 'reads the memory of a process from /proc' };

/** Nearly as large as a body may be. */
function largeBody(): string {
  const gpu = 'x'.repeat(8000);
  const each = () => ({ event_id: randomUUID(), type: 'pageview', route: { path: '/p' }, device: { gpu } });
  return JSON.stringify(Array.from({ length: 100 }, each));
}

test(`a journal of ${JOURNAL} is full, and every sink down`, linux, async (t) => {
  const found = faultRow(t, 'full', JOURNAL);
  const site = await startSite(t);
  const gotrack = await startGotrack({
    ...site.env,
    JOURNAL_MAX_BYTES: JOURNAL,
    OUTPUTS: 'log,kafka,postgres',
    LOG_PATH: join(site.folder, 'nowhere', 'events.ndjson'),
    KAFKA_BROKERS: '127.0.0.1:1',
    PG_DSN: 'postgres://nobody:nothing@127.0.0.1:1/none',
  });
  t.after(() => gotrack.stop('SIGKILL'));
  let accepted = 0;
  let refused = 0;
  let mostBytes = 0;
  const send = async () => {
    const grant = await hello(gotrack.site);
    while (refused < REFUSALS) {
      const body = largeBody();
      const response = await post(gotrack.site, '/p', body, signatureOf(grant, '/p', body));
      const answer = (await response.json()) as { accepted?: number; error?: string };
      mostBytes = Math.max(mostBytes, residentBytes(gotrack.pid));
      if (response.status === 202) {
        accepted += answer.accepted!;
        continue;
      }
      assert.deepEqual([response.status, answer.error], [429, 'journal-full']);
      assert.ok(Number(response.headers.get('retry-after')) > 0);
      refused += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  assert.equal((await fetch(`${gotrack.site}/page`)).status, 200);
  assert.equal((await fetch(`${gotrack.site}/px.gif?e=pageview`)).status, 200, 'an image cannot come again');
  assert.equal(await metricOf(gotrack.admin!, 'gotrack_rejections_total{reason="journal-full"}'), refused);
  assert.equal(await metricOf(gotrack.admin!, 'gotrack_events_accepted_total{scheme="v1"}'), accepted);
  assert.ok(mostBytes < MAX_RSS_BYTES, `${mostBytes} bytes of memory`);
  const megabytes = Math.round(mostBytes / 1e6);
  found(`${accepted} events kept, ${refused} times 429, all counted; at most ${megabytes} MB of memory`);
});
