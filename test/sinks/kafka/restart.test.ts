/** A process that is killed between a send and its checkpoint, and what the next one sends, on a real broker. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toRecord } from '../../../src/event/envelope.ts';
import type { KafkaSinkOptions } from '../../../src/sinks/kafka/options.ts';
import { MAX_PARTITIONS } from '../../../src/sinks/kafka/topic-ends.ts';
import type { Sink, SinkState } from '../../../src/sinks/sink.ts';
import { eventually } from '../../support/event-loop.ts';
import type { createTestLog } from '../../support/fake-journal.ts';
import { KAFKA_PASSWORD, KAFKA_USER } from '../../support/kafka.ts';
import { type SharedKafka, sharedKafka, sharedKafkaMissing } from '../../support/kafka-shared.ts';
import { kafkaEvent, kafkaEvents, kafkaRecords, kafkaSink, newTopic } from '../../support/kafka-sink.ts';
import { countMessages, readTopic, withAdmin } from '../../support/kafka-topic.ts';
import { skipFor } from '../../support/needs.ts';

const missing = sharedKafkaMissing();
let kafka: SharedKafka;

before(async () => {
  if (missing === null) kafka = await sharedKafka();
});
after(() => kafka?.release());

type Start = { topic: string; state: SinkState; waiting?: number } & Partial<KafkaSinkOptions>;

/** A process that starts with what the last checkpoint says. A broker hears of a new topic a little late. */
async function start({ state, waiting, ...options }: Start, broker = kafka.plain) {
  const { sink, log } = kafkaSink(broker, options);
  let saved: SinkState = null;
  await eventually(async () => {
    const opened = await sink.open(state, waiting);
    if (opened.ok) saved = opened.state;
    return opened.ok;
  }, 'the sink is open');
  return { sink, log, state: saved };
}

async function write(sink: Sink, records: readonly Buffer[]): Promise<SinkState> {
  const outcome = await sink.write(records);
  assert.ok(outcome.kind === 'ack', JSON.stringify(outcome));
  return outcome.state;
}

const warnings = (log: ReturnType<typeof createTestLog>) =>
  log.lines.filter(({ level }) => level === 'warn').map(({ facts }) => (facts as { detail: string }).detail);

async function assertOnceEach(topic: string, records: readonly Buffer[]): Promise<void> {
  const values = (await readTopic(kafka.plain, topic)).map(({ value }) => value);
  assert.deepEqual(values.toSorted(), records.map(String).toSorted());
}

describe('after a kill between a send and its checkpoint', () => {
  it('what was sent is not sent again, however it is cut into batches', async (t) => {
    if (skipFor(t, missing)) return;
    const topic = newTopic();
    const records = kafkaRecords(1500);
    const first = await start({ topic, state: null });
    const state = await write(first.sink, records.slice(0, 300));
    await write(first.sink, records.slice(300, 700));
    await write(first.sink, records.slice(700, 900));
    await first.sink.close();
    const second = await start({ topic, state, waiting: 1200 });
    await write(second.sink, records.slice(300, 450));
    // Killed once more, with what it has saved by then.
    const again = await write(second.sink, records.slice(450, 1000));
    await write(second.sink, records.slice(1000, 1100));
    await second.sink.close();
    const third = await start({ topic, state: again, waiting: 500 });
    await write(third.sink, records.slice(1000));
    await third.sink.close();
    await assertOnceEach(topic, records);
    for (const { log } of [first, second, third]) assert.deepEqual(warnings(log), []);
  });

  it('before the first checkpoint of all, too', async (t) => {
    if (skipFor(t, missing)) return;
    const topic = newTopic();
    const records = kafkaRecords(400);
    const first = await start({ topic, state: null });
    await write(first.sink, records);
    await first.sink.close();
    const second = await start({ topic, state: first.state, waiting: 400 });
    await write(second.sink, records);
    await second.sink.close();
    await assertOnceEach(topic, records);
  });

  it('of a request that some partitions took and others did not, the rest is sent', async (t) => {
    if (skipFor(t, missing)) return;
    const topic = newTopic();
    const records = kafkaRecords(900);
    const first = await start({ topic, state: null });
    const took = records.filter((_, n) => n % 7 < 3);
    await write(first.sink, took);
    await first.sink.close();
    const second = await start({ topic, state: first.state, waiting: 900 });
    for (let n = 0; n < 900; n += 100) await write(second.sink, records.slice(n, n + 100));
    await second.sink.close();
    await assertOnceEach(topic, records);
  });

  it('what others wrote there meanwhile changes nothing', async (t) => {
    if (skipFor(t, missing)) return;
    const topic = newTopic();
    const [ours, theirs] = [kafkaRecords(600), kafkaRecords(1200)];
    const first = await start({ topic, state: null });
    const others = await start({ topic, state: null });
    for (let n = 0; n < 6; n += 1) {
      await write(others.sink, theirs.slice(n * 100, n * 100 + 100));
      await write(first.sink, ours.slice(n * 100, n * 100 + 100));
    }
    await first.sink.close();
    await write(others.sink, theirs.slice(600));
    await others.sink.close();
    const second = await start({ topic, state: first.state, waiting: 600 });
    await write(second.sink, ours);
    await second.sink.close();
    await assertOnceEach(topic, [...ours, ...theirs]);
  });

  it('nothing is left out for an id alone: what is there must be the very same', async (t) => {
    if (skipFor(t, missing)) return;
    const topic = newTopic();
    const events = kafkaEvents(20);
    const first = await start({ topic, state: null });
    const claimed = events.map((event) => toRecord({ ...event, url: 'https://example.com/another' }));
    await write(first.sink, claimed);
    await first.sink.close();
    const second = await start({ topic, state: first.state, waiting: 20 });
    await write(second.sink, events.map(toRecord));
    await second.sink.close();
    await assertOnceEach(topic, [...claimed, ...events.map(toRecord)]);
  });

  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    it(`what was sent with KAFKA_COMPRESSION=${compression} is recognised`, async (t) => {
      if (skipFor(t, missing)) return;
      const topic = newTopic();
      const records = kafkaRecords(200);
      const first = await start({ topic, state: null, compression });
      await write(first.sink, records);
      await first.sink.close();
      const second = await start({ topic, state: first.state, waiting: 200, compression });
      await write(second.sink, records);
      await second.sink.close();
      await assertOnceEach(topic, records);
    });
  }

  it('a refusal names the record of the batch as it came', async (t) => {
    if (skipFor(t, missing)) return;
    const topic = newTopic();
    const large = toRecord(kafkaEvent(0, { url: `https://example.com/${'x'.repeat(20_000)}` }));
    const configs = [{ name: 'max.message.bytes', value: '10000' }];
    await withAdmin(kafka.plain, (admin) =>
      admin.createTopics({ topics: [topic], partitions: 3, replicas: 1, configs }),
    );
    const records = kafkaRecords(20);
    const first = await start({ topic, state: null });
    await write(first.sink, records.slice(0, 10));
    await first.sink.close();
    const second = await start({ topic, state: first.state, waiting: 21 });
    const outcome = await second.sink.write([...records.slice(0, 15), large, ...records.slice(15)]);
    await second.sink.close();
    assert.partialDeepStrictEqual(outcome, {
      kind: 'refused',
      refusals: [{ index: 15, reason: 'too-large' }],
    });
    await assertOnceEach(topic, records);
  });
});

describe('where the topic cannot tell, events come twice and that is said once', () => {
  async function killedAfter(records: readonly Buffer[], topic: string, partitions = 6) {
    await withAdmin(kafka.plain, (admin) => admin.createTopics({ topics: [topic], partitions, replicas: 1 }));
    const first = await start({ topic, state: null });
    await write(first.sink, records);
    await first.sink.close();
    return first;
  }

  it('to a user who may write to it and not read', async (t) => {
    if (skipFor(t, missing)) return;
    const { listeners } = kafka;
    if (skipFor(t, listeners === null ? 'KAFKA_TEST_BROKERS names a broker whose secrets nobody told' : null))
      return;
    const [topic, records] = [newTopic(), kafkaRecords(50)];
    const { state } = await killedAfter(records, topic);
    await allowToWrite(topic);
    const sasl = { mechanism: 'PLAIN', user: KAFKA_USER, password: KAFKA_PASSWORD } as const;
    const second = await start({ topic, state, waiting: 50, sasl }, listeners!.sasl);
    await write(second.sink, records);
    await write(second.sink, kafkaRecords(10));
    await second.sink.close();
    const [warning, ...others] = warnings(second.log);
    assert.match(warning!, new RegExp(`may not read KAFKA_TOPIC ${topic}: grant it Read`));
    assert.deepEqual(others, []);
    assert.equal(await countMessages(kafka.plain, topic), 110);
  });

  it('when it was trimmed meanwhile', async (t) => {
    if (skipFor(t, missing)) return;
    const [topic, records] = [newTopic(), kafkaRecords(50)];
    const { state } = await killedAfter(records, topic, 1);
    await withAdmin(kafka.plain, (admin) =>
      admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 20n }] }] }),
    );
    const second = await start({ topic, state, waiting: 50 });
    await write(second.sink, records);
    await second.sink.close();
    assert.deepEqual(warnings(second.log), [`KAFKA_TOPIC ${topic} was trimmed meanwhile`]);
    // The thirty that are left are recognised.
    assert.equal(await countMessages(kafka.plain, topic), 70);
  });

  it('when it has more partitions than a checkpoint holds', async (t) => {
    if (skipFor(t, missing)) return;
    const [topic, records] = [newTopic(), kafkaRecords(50)];
    const { state, log } = await killedAfter(records, topic, MAX_PARTITIONS + 1);
    assert.equal(state, null);
    assert.match(warnings(log).join('|'), new RegExp(`${topic} has 171 partitions, more than 170`));
    const second = await start({ topic, state, waiting: 50 });
    assert.equal(await write(second.sink, records), null);
    await second.sink.close();
    assert.equal(await countMessages(kafka.plain, topic), 100);
  });

  it('but not when it is another topic of that name: there is nothing to compare', async (t) => {
    if (skipFor(t, missing)) return;
    const [topic, records] = [newTopic(), kafkaRecords(50)];
    const { state } = await killedAfter(records, topic);
    await withAdmin(kafka.plain, (admin) => admin.deleteTopics({ topics: [topic] }));
    await withAdmin(kafka.plain, (admin) =>
      eventually(async () => !(await admin.listTopics()).includes(topic), 'the topic is gone'),
    );
    const second = await start({ topic, state, waiting: 50 });
    await write(second.sink, records);
    await second.sink.close();
    assert.deepEqual(warnings(second.log), []);
    await assertOnceEach(topic, records);
  });
});

/** What a producer is granted, as the protocol numbers it: on a topic, to one user, to describe and to write. */
async function allowToWrite(topic: string): Promise<void> {
  const [TOPIC, LITERAL, ALLOW] = [2, 3, 3] as const;
  const creations = ([8, 4] as const).map((operation) => ({
    resourceType: TOPIC,
    resourceName: topic,
    resourcePatternType: LITERAL,
    principal: `User:${KAFKA_USER}`,
    host: '*',
    operation,
    permissionType: ALLOW,
  }));
  await withAdmin(kafka.plain, (admin) => admin.createAcls({ creations }));
}
