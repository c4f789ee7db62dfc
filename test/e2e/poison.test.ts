/** What a table and a topic refuse, through the whole program: kept with its reason, and delivered when that is mended. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { drained } from '../support/drained.ts';
import { readTopic, withAdmin } from '../support/kafka-topic.ts';
import { skipFor } from '../support/needs.ts';
import { type Grant, hello, post, signatureOf } from '../support/signer.ts';
import { sinkServers, threeSinks } from '../support/three-sinks.ts';

const EVENTS = process.env.TEST_SIZE === 'full' ? 100_000 : 2_000;
const A_POST = 100;
const POSTS_AT_ONCE = 4;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** One of a hundred is bad: every other of these for the table, every other for the topic. */
const MAX_MESSAGE_BYTES = 9_000;
const LONG = ['x'.repeat(4_000), 'y'.repeat(4_000), 'z'.repeat(4_000)];
const TABLE = [
  'CREATE TABLE events_json (event_id uuid PRIMARY KEY, ts timestamptz NOT NULL, payload jsonb NOT NULL)',
  `ALTER TABLE events_json ADD CONSTRAINT amount_is_positive
     CHECK (coalesce((payload #>> '{payload,props,amount}')::int, 0) >= 0)`,
];

const servers = sinkServers();

type Sent = { all: string[]; table: string[]; topic: string[] };

/** `all` were accepted, of which `table` and `topic` are refused there. */
async function sendAll(site: string): Promise<Sent> {
  const sent: Sent = { all: [], table: [], topic: [] };
  const grant = await hello(site);
  const sendSome = async () => {
    while (sent.all.length < EVENTS) await sendOne(site, grant, sent);
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, sendSome));
  return sent;
}

async function sendOne(site: string, grant: Grant, sent: Sent): Promise<void> {
  const bad = (sent.all.length / A_POST) % 2 === 0 ? 'table' : 'topic';
  const batch = Array.from({ length: A_POST }, (_, n) => ({
    event_id: randomUUID(),
    type: 'conversion',
    payload: { amount: n === 50 && bad === 'table' ? -1 : n },
    ...(n === 50 && bad === 'topic' && { results: { long: LONG } }),
  }));
  sent.all.push(...batch.map(({ event_id }) => event_id));
  sent[bad].push(batch[50]!.event_id);
  const body = JSON.stringify(batch);
  const answer = await post(site, '/p', body, signatureOf(grant, '/p', body));
  assert.deepEqual([answer.status, ((await answer.json()) as { accepted: number }).accepted], [202, A_POST]);
}

const limitTopic = (topic: string, bytes: number) =>
  withAdmin(servers.kafka.plain, (admin) =>
    admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: topic,
          configs: [
            {
              name: 'max.message.bytes',
              configOperation: IncrementalAlterConfigOperationTypes.SET,
              value: `${bytes}`,
            },
          ],
        },
      ],
    }),
  );

async function setUp(t: TestContext) {
  const made = await threeSinks(t, servers);
  const { database, topic, env, lines, folder } = made;
  for (const sql of TABLE) await database.ask(sql);
  await withAdmin(servers.kafka.plain, (admin) =>
    admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 }),
  );
  await limitTopic(topic, MAX_MESSAGE_BYTES);
  const held = async () => ({
    log: lines().map(idOf).sort(),
    topic: (await readTopic(servers.kafka.plain, topic)).map(({ key }) => key).sort(),
    table: (await database.ask<{ event_id: string }>('SELECT event_id FROM events_json'))
      .map(({ event_id }) => event_id)
      .sort(),
  });
  /** As an operator calls it, beside the instance that runs. */
  const replay = (file: string) =>
    new Promise<{ code: number; out: string }>((resolve) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH ?? '', ...env } };
      execFile(process.execPath, [MAIN, 'replay', file], options, (error, out, told) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: out + told }),
      );
    });
  return { ...made, held, replay };
}

const idOf = (text: string) => (JSON.parse(text) as { event_id: string }).event_id;

type Letter = { at: string; sink: string; reason: string; event: { event_id: string } };

function lettersIn(path: string): Letter[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Letter);
}

const without = (ids: readonly string[], some: readonly string[]) => {
  const left = new Set(some);
  return ids.filter((id) => !left.has(id));
};

test(`of ${EVENTS} events 1 % are refused: the rest arrives, they are kept with reasons, and replay delivers them`, async (t) => {
  if (skipFor(t, servers.missing)) return;
  const { folder, topic, database, start, held, replay } = await setUp(t);
  const gotrack = await start();
  const sent = await sendAll(gotrack.site);
  await drained(gotrack.site, 600_000);
  const all = sent.all.toSorted();

  const letters = lettersIn(join(folder, 'dead-letter.ndjson'));
  const of = (sink: string, reason: string) =>
    letters
      .filter((letter) => letter.sink === sink && letter.reason === reason)
      .map(({ event }) => event.event_id);
  assert.deepEqual(of('postgres', '23514 amount_is_positive').sort(), sent.table.toSorted());
  assert.deepEqual(of('kafka', 'too-large').sort(), sent.topic.toSorted());
  assert.equal(letters.length, EVENTS / 100, 'and nothing else is there, nor anything twice');
  assert.deepEqual(await held(), {
    log: all,
    topic: without(all, sent.topic),
    table: without(all, sent.table),
  });

  await database.ask('ALTER TABLE events_json DROP CONSTRAINT amount_is_positive');
  const half = await replay('dead-letter.ndjson');
  assert.equal(half.code, 1, half.out);
  assert.deepEqual(await held(), { log: all, topic: without(all, sent.topic), table: all });
  assert.ok(!existsSync(join(folder, 'dead-letter.ndjson')));
  const [left] = readdirSync(folder).filter((name) => name.endsWith('.left.ndjson'));
  assert.deepEqual(
    lettersIn(join(folder, left!)).map(({ sink, reason }) => `${sink} ${reason}`),
    sent.topic.map(() => 'kafka too-large'),
  );

  await limitTopic(topic, 1_048_588);
  const rest = await replay(left!);
  assert.deepEqual([rest.code, /All letters were sent/.test(rest.out)], [0, true], rest.out);
  assert.deepEqual(await held(), { log: all, topic: all, table: all });
  assert.equal(await gotrack.stop(), 0);
});
