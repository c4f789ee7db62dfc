/**
 * One address asks for pages, pixels and tokens as fast as it can, under a forged address each time: it is known by
 * its own, the journal does not fill, and others are heard. 127.0.0.0/8 has addresses for everybody.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { drained } from '../support/drained.ts';
import { readEvents } from '../support/event-log.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { residentBytes } from '../support/process-facts.ts';
import { createSender } from '../support/sender.ts';
import { hello } from '../support/signer.ts';
import { startSite } from '../support/site.ts';

const EACH = process.env.TEST_SIZE === 'full' ? 40_000 : 3000;
const AT_ONCE = 16;
/** A minute of each, as they are where nobody sets them. */
const RATES = { document: 1200, pixel: 600, hello: 600 };
const FLOODER = '127.0.0.2';
const MAX_RSS_BYTES = 300_000_000;
const linux = { skip: process.platform === 'linux' ? false : 'needs 127.0.0.2, and the memory of a process' };

const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const REQUESTS: http.RequestOptions[] = [
  { path: '/page', headers: navigation },
  { path: '/px.gif?e=pageview' },
  { path: '/', method: 'POST', headers: { 'x-gotrack-hmac': 'hello' } },
];

const forged = () => Array.from({ length: 4 }, () => 1 + Math.floor(Math.random() * 250)).join('.');

/** Statuses and how often each came. */
async function flood(site: string): Promise<Map<string, number>> {
  const statuses = new Map<string, number>();
  const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let left = EACH * REQUESTS.length;
  const ask = async () => {
    while (left-- > 0) {
      const request = REQUESTS[left % REQUESTS.length]!;
      const address = forged();
      const claims = { 'x-forwarded-for': address, 'x-real-ip': address, forwarded: `for=${address}` };
      const options = {
        ...request,
        agent,
        localAddress: FLOODER,
        headers: { ...request.headers, ...claims },
      };
      const key = `${request.path} ${await statusOf(site, options)}`;
      statuses.set(key, (statuses.get(key) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  agent.destroy();
  return statuses;
}

function statusOf(site: string, options: http.RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(site, options, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    request.on('error', reject).end();
  });
}

test(`${EACH} pages, pixels and tokens for one address: others are heard`, linux, async (t) => {
  const found = faultRow(t, 'flood', `${EACH} of each`);
  const foundForged = faultRow(t, 'forwarded', `${EACH * REQUESTS.length} requests`);
  const site = await startSite(t);
  const logPath = join(site.folder, 'later', 'events.ndjson');
  const { RATE_HELLO: _, RATE_COLLECT: __, ...env } = site.env;
  const gotrack = await startGotrack({ ...env, LOG_PATH: logPath, JOURNAL_MAX_BYTES: '16MiB' });
  t.after(() => gotrack.stop('SIGKILL'));
  const grant = await hello(gotrack.site);
  const sender = createSender(5);
  let isOver = false;
  const sending = sender.sendUntil(gotrack.site, grant, () => isOver);
  const started = performance.now();
  const statuses = await flood(gotrack.site);
  const minutes = (performance.now() - started) / 60_000;
  const rss = residentBytes(gotrack.pid);
  assert.equal(site.lastHeaders()['x-forwarded-for'], FLOODER);
  isOver = true;
  await sending;
  const readiness = (await (await fetch(`${gotrack.site}/readyz`)).json()) as { journal: { used: number } };
  mkdirSync(dirname(logPath));
  await drained(gotrack.site);
  assert.equal(await gotrack.stop(), 0);

  assert.deepEqual([...sender.answers.keys()], ['202']);
  const events = readEvents(logPath);
  assert.deepEqual(sender.ledger.balance(events.map(({ event_id }) => event_id)).lost, []);
  const own = events.filter(({ ip }) => ip === FLOODER);
  assert.deepEqual([...new Set(events.map(({ ip }) => ip))].sort(), ['127.0.0.1', FLOODER]);
  assert.equal(statuses.get('/page 200'), EACH);
  assert.equal(statuses.get('/px.gif?e=pageview 200'), EACH);
  for (const [type, rate] of Object.entries({ document: RATES.document, pixel: RATES.pixel })) {
    const count = own.filter(
      (event) => event.type === type || (type === 'pixel' && event.type === 'pageview'),
    );
    assert.ok(count.length >= rate && count.length <= rate * (1 + minutes) + 1, `${count.length} ${type}`);
  }
  assert.ok(statuses.get('/ 429')! >= EACH - RATES.hello * (1 + minutes) - 1, 'tokens are refused');
  assert.ok(readiness.journal.used < 0.5, `${readiness.journal.used} of the journal`);
  assert.ok(rss < MAX_RSS_BYTES);
  const { accepted } = sender.ledger.balance([]);
  found(`${own.length} events of ${EACH * 3} requests; ${accepted} of ${accepted} of another accepted`);
  foundForged(`0 honoured; ${Math.round(rss / 1e6)} MB of memory`);
});
