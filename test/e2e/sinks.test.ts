/** The whole way to all three sinks at once: the program, a real Kafka, a real PostgreSQL, a log file. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { drained, sinksOf } from '../support/drained.ts';
import { readEvents } from '../support/event-log.ts';
import { eventually } from '../support/event-loop.ts';
import { faultRow } from '../support/fault-row.ts';
import { startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { readTopic } from '../support/kafka-topic.ts';
import { skipFor } from '../support/needs.ts';
import { createSender } from '../support/sender.ts';
import { events, hello, post, signatureOf } from '../support/signer.ts';
import { sinkServers, threeSinks } from '../support/three-sinks.ts';

const KILLS = process.env.TEST_SIZE === 'full' ? 50 : 3;
const servers = sinkServers();

async function setUp(t: TestContext) {
  const { database, env, lines, topic } = await threeSinks(t, servers);
  const values = async () => (await readTopic(servers.kafka.plain, topic)).map(({ value }) => String(value));
  const rows = () => database.ask<{ event_id: string; payload: unknown }>('SELECT * FROM events_json');
  return { env, lines, values, rows };
}

const idOf = (text: string) => (JSON.parse(text) as { event_id: string }).event_id;

async function postEvents(site: string, count: number): Promise<string[]> {
  const batch = events(count);
  const body = JSON.stringify(batch);
  const answer = await post(site, '/p', body, signatureOf(await hello(site), '/p', body));
  assert.equal(answer.status, 202);
  return batch.map(({ event_id }) => event_id);
}

test('an event is the same bytes in the log and in Kafka, and the same JSON in Postgres', async (t) => {
  if (skipFor(t, servers.missing)) return;
  const { env, lines, values, rows } = await setUp(t);
  const gotrack = await startGotrack(env);
  t.after(() => gotrack.stop('SIGKILL'));
  const ids = await postEvents(gotrack.site, 20);
  await drained(gotrack.site);
  const metrics = await (await fetch(`${gotrack.admin}/metrics`)).text();
  assert.equal(await gotrack.stop(), 0);
  assert.deepEqual(lines().map(idOf), ids);
  assert.deepEqual((await values()).sort(), lines().sort());
  const payloads = new Map((await rows()).map(({ event_id, payload }) => [event_id, payload]));
  for (const line of lines()) assert.deepEqual(payloads.get(idOf(line)), JSON.parse(line));
  for (const sink of ['log', 'kafka', 'postgres'])
    assert.match(metrics, new RegExp(`gotrack_events_ingested_total\\{sink="${sink}"\\} 20\n`));
});

test(`${KILLS} times kill -9 under load: every acknowledged event is in all three, once in Postgres`, async (t) => {
  if (skipFor(t, servers.missing)) return;
  const found = faultRow(t, 'kill', `${KILLS} times, all three sinks`);
  const { env, lines, values, rows } = await setUp(t);
  const sender = createSender();
  for (let round = 0; round < KILLS; round++) {
    const gotrack = await startGotrack(env);
    t.after(() => gotrack.stop('SIGKILL'));
    const grant = await hello(gotrack.site);
    let dead = false;
    const sending = sender.sendUntil(gotrack.site, grant, () => dead);
    await new Promise((resolve) => setTimeout(resolve, 300 + 600 * Math.random()));
    await gotrack.stop('SIGKILL');
    dead = true;
    await sending;
  }
  const last = await startGotrack(env);
  t.after(() => last.stop('SIGKILL'));
  await drained(last.site);
  assert.equal(await last.stop(), 0);
  const held = {
    log: lines().map(idOf),
    kafka: (await values()).map(idOf),
    postgres: (await rows()).map(({ event_id }) => event_id),
  };
  for (const [sink, ids] of Object.entries(held)) {
    const { accepted, held: distinct, lost } = sender.ledger.balance(ids);
    assert.ok(accepted > KILLS * 100, `only ${accepted} were acknowledged`);
    assert.deepEqual(lost, [], `${sink} lost some`);
    const repeated = ids.length - distinct;
    found(`${sink}: ${lost.length} of ${accepted} lost, ${repeated} repeated`);
    assert.ok(repeated <= (sink === 'postgres' ? 0 : ids.length / 100), `${sink} repeats ${repeated}`);
  }
});

test('a sink that is down is named, holds up nobody, and gets everything when it is back', async (t) => {
  if (skipFor(t, servers.missing)) return;
  const { env, lines, values, rows } = await setUp(t);
  const down = {
    ...env,
    KAFKA_BROKERS: '127.0.0.1:1',
    PG_DSN: 'postgres://nobody:secret-word@127.0.0.1:1/none',
  };
  const first = await startGotrack(down);
  t.after(() => first.stop('SIGKILL'));
  const ids = await postEvents(first.site, 20);
  await eventually(() => lines().length === 20, 'the log has its events');
  assert.equal((await fetch(`${first.site}/page`)).status, 200);
  await eventually(async () => {
    const { kafka: topic, postgres: table, log } = await sinksOf(first.site);
    return topic?.state === 'retrying' && table?.state === 'retrying' && log?.state === 'ok';
  }, '/readyz names what is down');
  const told = first.log.join('\n');
  assert.match(told, /127\.0\.0\.1:1/);
  assert.doesNotMatch(told, /secret-word/);
  assert.equal(await first.stop(), 0);
  const second = await startGotrack(env);
  t.after(() => second.stop('SIGKILL'));
  await drained(second.site);
  assert.equal(await second.stop(), 0);
  assert.deepEqual((await values()).map(idOf).sort(), [...ids].sort());
  assert.equal((await rows()).length, 20);
  assert.equal(readEvents(env.LOG_PATH).length, 20);
});

test('what an output lacks is said with its variable before anything starts', async () => {
  const enough = { FORWARD_DESTINATION: 'http://127.0.0.1:1', HMAC_SECRET: TEST_SECRET };
  await assert.rejects(
    startGotrack({ ...enough, OUTPUTS: 'kafka' }),
    /KAFKA_BROKERS is required for the output kafka/,
  );
  await assert.rejects(startGotrack({ ...enough, OUTPUTS: 'kafka:eu' }), /KAFKA_EU_BROKERS is required/);
  await assert.rejects(
    startGotrack({ ...enough, OUTPUTS: 'postgres:us' }),
    /PG_US_DSN is required for the output/,
  );
});
