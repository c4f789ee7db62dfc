/** A broker that is killed, frozen or restarted under a stream of events: what `deliver` and the sink make of it. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { sleep } from '../../../src/lib/backoff.ts';
import type { KafkaTimeouts } from '../../../src/sinks/kafka/options.ts';
import { eventually, keepEventLoopAlive } from '../../support/event-loop.ts';
import { type Kafka, startKafka } from '../../support/kafka.ts';
import { startKafkaCluster } from '../../support/kafka-cluster.ts';
import { kafkaMissing } from '../../support/kafka-jars.ts';
import { kafkaRecords, kafkaSink } from '../../support/kafka-sink.ts';
import { EVENTS_A_SECOND, repeatedIn, streamToKafka } from '../../support/kafka-stream.ts';
import { readTopic } from '../../support/kafka-topic.ts';
import { skipFor } from '../../support/needs.ts';

keepEventLoopAlive();

const FULL = process.env.TEST_SIZE === 'full';
const KILLS = FULL ? 10 : 1;
const FROZEN_MS = FULL ? 20_000 : 4000;
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

it(`${KILLS} times kill -9 of the broker under load: nothing lost, next to nothing repeated`, async (t) => {
  if (skipFor(t, missing)) return;
  const { counts, finish } = await streamToKafka(t, kafka.plain, TIMEOUTS);
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
  const { delivery, counts, finish } = await streamToKafka(t, kafka.plain, TIMEOUTS);
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

it('a broker that is frozen while the topic is read back keeps nobody from starting for ever', async (t) => {
  if (skipFor(t, missing)) return;
  const timeouts = { connectMs: 1000, requestMs: 1500, answerMs: 500 };
  const { sink, topic, log } = kafkaSink(kafka.plain, { timeouts });
  t.after(() => sink.close());
  await eventually(async () => (await sink.open(null)).ok, 'the sink is open');
  const opened = await sink.open(null);
  assert.ok(opened.ok);
  const records = kafkaRecords(100);
  assert.equal((await sink.write(records)).kind, 'ack');
  kafka.freeze();
  try {
    await eventually(async () => {
      const again = await sink.open(opened.state, 100);
      if (again.ok) assert.deepEqual(again.state, opened.state);
      return again.ok;
    }, 'the sink is open again');
  } finally {
    kafka.thaw();
  }
  assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
  await eventually(async () => (await sink.write(records)).kind === 'ack', 'the batch is written');
  assert.equal((await readTopic(kafka.plain, topic)).length, 200);
});

/** Three JVMs: at full size only. */
if (FULL) {
  it('each of three brokers killed and started again under load: nothing lost, nothing repeated', async (t) => {
    if (skipFor(t, missing)) return;
    const cluster = await startKafkaCluster();
    t.after(cluster.stop);
    const { counts, finish } = await streamToKafka(t, cluster.brokers);
    for (const node of [0, 1, 2]) {
      await cluster.kill(node);
      const before = counts.delivered;
      await eventually(() => counts.delivered > before, 'events arrive with two brokers');
      await cluster.restart(node);
      await eventually(() => cluster.isInSync(), 'the third has caught up');
    }
    assert.equal(repeatedIn(t, await finish()), 0);
  });
}
