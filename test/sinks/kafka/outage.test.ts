/** A broker that is killed, frozen or restarted under a stream of events: what `deliver` and the sink make of it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it, type TestContext } from 'node:test';
import { toRecord } from '../../../src/event/envelope.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { takeLock } from '../../../src/journal/lock.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { sleep } from '../../../src/lib/backoff.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { nodeFs } from '../../../src/lib/fs.ts';
import type { KafkaTimeouts } from '../../../src/sinks/kafka/options.ts';
import { eventually, keepEventLoopAlive } from '../../support/event-loop.ts';
import { createTestLog } from '../../support/fake-journal.ts';
import { deliver } from '../../support/fake-sink.ts';
import { type Kafka, startKafka } from '../../support/kafka.ts';
import { kafkaMissing } from '../../support/kafka-jars.ts';
import { kafkaEvent, kafkaRecords, kafkaSink } from '../../support/kafka-sink.ts';
import { readTopic } from '../../support/kafka-topic.ts';
import { skipFor } from '../../support/needs.ts';
import { tempFolder } from '../../support/temp.ts';

keepEventLoopAlive();

const FULL = process.env.TEST_SIZE === 'full';
const KILLS = FULL ? 10 : 1;
const FROZEN_MS = FULL ? 20_000 : 4000;
const EVENTS_A_SECOND = 2000;
/** Short ones, so that they strike within a short test; FULL has production's. */
const TIMEOUTS: KafkaTimeouts | undefined = FULL
  ? undefined
  : { connectMs: 1000, requestMs: 1500, answerMs: 1000 };

const missing = kafkaMissing();
let kafka: Kafka;

before(async () => {
  if (missing === null) kafka = await startKafka();
});
after(() => kafka?.stop());

/** A journal on the disk that is filled all the time, and its delivery into a topic of its own. */
async function stream(t: TestContext) {
  const folder = tempFolder();
  const opened = await openJournal(
    {
      dir: join(folder.path, 'journal'),
      maxBytes: 2 ** 28,
      sync: 'always',
      keepMs: 0,
      outputs: ['kafka'],
      owner: 'test',
    },
    {
      ...{ fs: nodeFs, clock: systemClock, random: Math.random, sleep, log: createTestLog(), takeLock },
      metrics: { syncSeconds: () => {}, damagedBytes: () => {} },
    },
  );
  assert.ok(opened.ok);
  const { journal } = opened;
  const { sink, topic } = kafkaSink(kafka.plain, TIMEOUTS && { timeouts: TIMEOUTS });
  const options = { batchSize: 100, flushIntervalMs: 250, backoff: { baseMs: 100, maxMs: 1000 } };
  const { delivery, counts } = deliver(journal, sink, { options });
  const appending = appendSteadily(journal);
  t.after(async () => {
    await appending.stop();
    await delivery.close(0);
    await journal.close();
    folder.remove();
  });
  await eventually(() => counts.delivered > 0, 'events arrive');
  const finish = async () => {
    const accepted = await appending.stop();
    await eventually(() => delivery.status().lag_events === 0, 'the journal is drained');
    const messages = await readTopic(kafka.plain, topic);
    return { accepted, messages };
  };
  return { delivery, counts, finish };
}

/** By the clock, so that a loaded machine appends as many; `stop` returns the records that were accepted. */
function appendSteadily(journal: Journal) {
  const accepted: string[] = [];
  const started = performance.now();
  const waiting = new Set<Promise<void>>();
  let made = 0;
  const append = async (records: Buffer[]) => {
    if ((await journal.append(records)).ok) accepted.push(...records.map(String));
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1000) * EVENTS_A_SECOND) - made;
    const records = Array.from({ length: due }, (_, n) => toRecord(kafkaEvent(made + n)));
    made += due;
    if (due === 0) return;
    const one = append(records).finally(() => waiting.delete(one));
    waiting.add(one);
  }, 10);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(waiting);
      return accepted;
    },
  };
}

type Finished = { accepted: readonly string[]; messages: readonly { value: string }[] };

/** Nothing lost; and the number of messages that are there more than once. */
function repeatedIn(t: TestContext, { accepted, messages }: Finished): number {
  const arrived = new Set(messages.map(({ value }) => value));
  const lost = accepted.filter((record) => !arrived.has(record));
  const repeated = messages.length - arrived.size;
  t.diagnostic(
    `${accepted.length} accepted, ${messages.length} messages, ${lost.length} lost, ${repeated} repeated`,
  );
  assert.deepEqual(lost, []);
  return repeated;
}

it(`${KILLS} times kill -9 of the broker under load: nothing lost, next to nothing repeated`, async (t) => {
  if (skipFor(t, missing)) return;
  const { counts, finish } = await stream(t);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await kafka.kill();
    await kafka.restart();
    const before = counts.delivered;
    await eventually(() => counts.delivered > before, 'events arrive again');
  }
  const finished = await finish();
  assert.ok(finished.accepted.length > EVENTS_A_SECOND, `only ${finished.accepted.length} events`);
  assert.ok(repeatedIn(t, finished) <= finished.messages.length / 100, 'more than 1 % are repeated');
});

it(`a broker frozen for ${FROZEN_MS / 1000} s hangs no write, loses nothing, and is told of`, async (t) => {
  if (skipFor(t, missing)) return;
  const { delivery, counts, finish } = await stream(t);
  kafka.freeze();
  const waited = sleep(FROZEN_MS);
  await eventually(() => delivery.status().state === 'retrying', 'the outage is told of');
  assert.match(delivery.status().detail, /KAFKA_BROKERS 127\.0\.0\.1:\d+: (?:no answer|.*timed out)/i);
  await waited;
  const before = counts.delivered;
  kafka.thaw();
  await eventually(() => counts.delivered > before, 'events arrive again');
  assert.equal(repeatedIn(t, await finish()), 0);
});

it('a batch that nobody answered and that is tried again is there once', async (t) => {
  if (skipFor(t, missing)) return;
  const timeouts = { connectMs: 1000, requestMs: 1500, answerMs: 300 };
  const { sink, topic } = kafkaSink(kafka.plain, { timeouts });
  t.after(() => sink.close());
  await eventually(async () => (await sink.open(null)).ok, 'the sink is open');
  // So that the request itself reaches the broker, which reads it when it is thawed, and not the questions before.
  const first = kafkaRecords(100);
  await eventually(async () => (await sink.write(first)).kind === 'ack', 'the first batch is written');
  const records = kafkaRecords(500);
  kafka.freeze();
  for (let n = 0; n < 8; n += 1) assert.equal((await sink.write(records)).kind, 'retry');
  assert.equal((await sink.probe()).ok, false);
  kafka.thaw();
  await eventually(async () => (await sink.write(records)).kind === 'ack', 'the batch is written');
  assert.equal((await readTopic(kafka.plain, topic)).length, 600);
});
