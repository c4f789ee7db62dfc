/** The examples for consumers, on what the program itself puts into a real Kafka and a real PostgreSQL. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { networkOf } from '../../examples/kafka-fraud-counter/window.ts';
import { drained } from '../support/drained.ts';
import { skipFor } from '../support/needs.ts';
import { startSession } from '../support/session.ts';
import { type Grant, headersFor, hello, signatureOf } from '../support/signer.ts';
import { sinkServers, threeSinks } from '../support/three-sinks.ts';

const at = (path: string) => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
const servers = sinkServers();

/** A page as a client with this address gets it: what its tracker would sign with. */
async function servePage(site: string, ip: string): Promise<Grant> {
  const url = new URL(site);
  const { text } = await startSession(Number(url.port), url.host).get('/p', `X-Forwarded-For: ${ip}`);
  const attribute = (name: string) => new RegExp(`data-${name}="?([^" >]+)`).exec(text)![1]!;
  return {
    token: attribute('token'),
    key: Buffer.from(attribute('key'), 'base64url'),
    offsetMs: Number(attribute('now')) - Date.now(),
  };
}

type Sent = { event_id: string; type: string } & Record<string, unknown>;

async function send(site: string, { grant, ip, events }: { grant: Grant; ip: string; events: Sent[] }) {
  const body = JSON.stringify(events);
  const headers = { ...headersFor(signatureOf(grant, '/p', body)), 'x-forwarded-for': ip };
  const answer = await fetch(`${site}/p`, { method: 'POST', headers, body });
  assert.equal(answer.status, 202, await answer.text());
}

const event = (type: string, more: Record<string, unknown> = {}): Sent => ({
  event_id: randomUUID(),
  type,
  session: { session_id: 'one-session', visitor_id: randomUUID() },
  ...more,
});

/** A reader, a bot that renders nothing, a buyer beside the reader, and a conversion out of nowhere. */
async function traffic(site: string): Promise<void> {
  const [reader, bot, buyer, forger] = ['203.0.113.7', '198.51.100.9', '203.0.113.8', '192.0.2.1'];
  const clicks = [event('click'), event('click')];
  for (let page = 0; page < 2; page += 1) {
    const grant = await servePage(site, reader!);
    await send(site, {
      grant,
      ip: reader!,
      events: [event('pageview'), ...clicks.map(() => event('click'))],
    });
  }
  await servePage(site, reader!);
  for (let page = 0; page < 5; page += 1) await servePage(site, bot!);
  const grant = await servePage(site, buyer!);
  const twice = [
    event('pageview', { page: { page_id: 'a-page', seq: 0 } }),
    event('click'),
    event('conversion'),
  ];
  await send(site, { grant, ip: buyer!, events: twice });
  await send(site, { grant, ip: buyer!, events: twice });
  await send(site, { grant, ip: buyer!, events: [event('scroll', { page: { page_id: 'a-page', seq: 0 } })] });
  await send(site, { grant: await hello(site), ip: forger!, events: [event('conversion')] });
}

test('the fraud counter and the SQL tell what happened, from what the program stored', async (t) => {
  if (skipFor(t, servers.missing)) return;
  const { env, database, start } = await threeSinks(t, servers, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'private' });
    response.end('<!doctype html><html><head><title>Shop</title></head><body><p>hello</p></body></html>');
  });
  const gotrack = await start({ TRUST_PROXY: 'true' });
  await traffic(gotrack.site);
  // Documents are recorded when their response is over.
  await drained(gotrack.site);
  assert.equal(await gotrack.stop(), 0);

  const count = async () => {
    const { KAFKA_BROKERS, KAFKA_TOPIC } = env;
    const settings = { KAFKA_BROKERS, KAFKA_TOPIC, KAFKA_GROUP: KAFKA_TOPIC };
    const timing = { WINDOW_SECONDS: '3600', EXIT_WHEN_IDLE_SECONDS: '5' };
    const options = { env: { PATH: process.env.PATH ?? '', ...settings, ...timing } };
    return (await promisify(execFile)(process.execPath, [at('kafka-fraud-counter/counter.ts')], options))
      .stdout;
  };
  const table = await count();
  assert.match(table, /: 20 events, 3 repeats dropped, 6 of 9 pages not rendered/);
  assert.match(table, /clicks of a client +203\.0\.113\.7 +4\n/);
  assert.match(table, /clicks of a network +203\.0\.113\.0\/24 +5\n/);
  assert.match(table, /pages not rendered +198\.51\.100\.9 +5\n/);
  assert.match(await count(), /: 0 events, 0 repeats/, 'what was printed was committed');

  const ask = (name: string) => database.ask(readFileSync(at(`sql/${name}.sql`), 'utf8'));
  const today = new Date().toISOString().slice(0, 10);
  assert.deepEqual(await ask('served-not-rendered'), [
    { client: '198.51.100.9', served: 5, not_rendered: 5 },
    { client: '203.0.113.7', served: 3, not_rendered: 1 },
    { client: '203.0.113.8', served: 1, not_rendered: 0 },
  ]);
  assert.deepEqual(await ask('pageviews-per-day'), [{ day: today, pageviews: 3, visitors: 3 }]);
  const session = (await ask('sessions')).find((row) => row.session === 'one-session');
  assert.deepEqual([session?.pageviews, session?.clicks], [3, 5]);
  assert.deepEqual(await ask('click-farms'), [{ network: '203.0.113.0/24', clicks: 5, addresses: 2 }]);
  const [device] = await ask('one-device-class');
  assert.deepEqual([device?.client, device?.visitors], ['203.0.113.7', 2]);
  assert.deepEqual(await ask('replay-attempts'), [
    { page: 'a-page', seq: '0', client: '203.0.113.8', times: 2 },
  ]);
  assert.deepEqual(
    (await ask('conversion-without-rendering')).map(({ client }) => client),
    ['192.0.2.1'],
  );
  assert.deepEqual(await ask('funnel'), [{ served: 3, viewed: 2, clicked: 2, converted: 1 }]);
});

test('every query begins with what it tells', () => {
  const files = readdirSync(at('sql')).filter((name) => name.endsWith('.sql'));
  assert.equal(files.length, 8);
  for (const name of files) assert.match(readFileSync(at(`sql/${name}`), 'utf8'), /^-- \S.*\.\n/, name);
});

test('a network is the /24 or the /64 of an address', () => {
  assert.equal(networkOf('203.0.113.7'), '203.0.113.0/24');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0::/64');
});
