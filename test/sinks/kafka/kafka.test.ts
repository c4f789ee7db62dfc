/** The Kafka sink against a real broker: what arrives, and what is said where nothing can. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { ConfigResourceTypeValue } from '@platformatic/kafka';
import { toRecord } from '../../../src/event/envelope.ts';
import type { KafkaSinkOptions } from '../../../src/sinks/kafka/options.ts';
import type { ReadyOutcome, Sink, SinkOpenOutcome, WriteOutcome } from '../../../src/sinks/sink.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { eventually } from '../../support/event-loop.ts';
import { KAFKA_PASSWORD, KAFKA_USER, type KafkaListeners } from '../../support/kafka.ts';
import { type SharedKafka, sharedKafka, sharedKafkaMissing } from '../../support/kafka-shared.ts';
import { kafkaEvent, kafkaEvents, kafkaRecords, kafkaSink } from '../../support/kafka-sink.ts';
import { countMessages, readTopic, withAdmin } from '../../support/kafka-topic.ts';
import { findProgram, skipFor } from '../../support/needs.ts';

const ACK: WriteOutcome = { kind: 'ack' };
const missing = sharedKafkaMissing();
let kafka: SharedKafka;

before(async () => {
  if (missing === null) kafka = await sharedKafka();
});
after(() => kafka?.release());

/** The listeners of a broker that we started ourselves, or a skip. */
function ownListeners(t: TestContext): KafkaListeners | null {
  if (skipFor(t, missing)) return null;
  skipFor(t, kafka.listeners === null ? 'KAFKA_TEST_BROKERS names a broker whose secrets nobody told' : null);
  return kafka.listeners;
}

/** As the protocol numbers what has a configuration. */
const TOPIC: ConfigResourceTypeValue = 2;

async function opened(broker: string, options: Partial<KafkaSinkOptions> = {}) {
  const parts = kafkaSink(broker, options);
  assert.partialDeepStrictEqual(await parts.sink.open(null), { ok: true });
  return parts;
}

/** A broker hears of a new topic a little after its creator. */
const untilOpen = (sink: Sink) => eventually(async () => (await sink.open(null)).ok, 'the sink is open');

function detailOf(outcome: ReadyOutcome | SinkOpenOutcome): string {
  assert.ok(!outcome.ok);
  return outcome.detail;
}

describe('events', () => {
  it('arrive once each, in order, with their bytes, key and headers', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic } = await opened(kafka.plain);
    const events = kafkaEvents(1200);
    const records = events.map(toRecord);
    assert.partialDeepStrictEqual(await sink.write(records.slice(0, 1000)), ACK);
    assert.partialDeepStrictEqual(await sink.write(records.slice(1000)), ACK);
    await sink.close();
    const messages = await readTopic(kafka.plain, topic);
    const byKey = new Map(messages.map((message) => [message.key, message]));
    assert.equal(messages.length, events.length);
    for (const [n, event] of events.entries()) {
      const message = byKey.get(event.event_id)!;
      assert.equal(message.value, records[n]!.toString());
      assert.deepEqual(message.headers, { event_type: event.type, schema: 'v1' });
    }
    assert.equal(new Set(messages.map(({ partition }) => partition)).size, 6);
    const places = new Map(records.map((record, n) => [record.toString(), n]));
    for (let partition = 0; partition < 6; partition += 1) {
      const order = messages
        .filter((one) => one.partition === partition)
        .map(({ value }) => places.get(value)!);
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      );
    }
  });

  it('keep their partition when they come again', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic } = await opened(kafka.plain);
    const records = kafkaRecords(20);
    assert.partialDeepStrictEqual(await sink.write(records), ACK);
    await sink.close();
    const again = await opened(kafka.plain, { topic });
    assert.partialDeepStrictEqual(await again.sink.write(records), ACK);
    await again.sink.close();
    const partitions = new Map<string, Set<number>>();
    for (const { key, partition } of await readTopic(kafka.plain, topic))
      partitions.set(key, (partitions.get(key) ?? new Set()).add(partition));
    assert.deepEqual(
      [...partitions.values()].map((all) => all.size),
      Array(20).fill(1),
    );
  });

  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    it(`arrive with KAFKA_COMPRESSION=${compression}`, async (t) => {
      if (skipFor(t, missing)) return;
      const { sink, topic } = await opened(kafka.plain, { compression });
      const records = kafkaRecords(200);
      assert.partialDeepStrictEqual(await sink.write(records), ACK);
      await sink.close();
      const values = (await readTopic(kafka.plain, topic)).map(({ value }) => value);
      assert.deepEqual(values.toSorted(), records.map(String).toSorted());
    });
  }

  it('arrive at least once with KAFKA_ACKS=1', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic } = await opened(kafka.plain, { acks: '1' });
    const records = kafkaRecords(50);
    assert.partialDeepStrictEqual(await sink.write(records), ACK);
    await sink.close();
    // A topic that is new has partitions without a leader at first, and only KAFKA_ACKS=all tells a repetition.
    const values = new Set((await readTopic(kafka.plain, topic)).map(({ value }) => value));
    assert.deepEqual([...values].toSorted(), records.map(String).toSorted());
  });
});

describe('a record that the topic will not take', () => {
  const LIMIT = 20_000;
  const large = () => toRecord(kafkaEvent(0, { url: `https://example.com/${'x'.repeat(LIMIT)}` }));

  async function smallTopic() {
    const parts = kafkaSink(kafka.plain, { createTopic: false });
    const configs = [{ name: 'max.message.bytes', value: `${LIMIT}` }];
    await withAdmin(kafka.plain, (admin) =>
      admin.createTopics({ topics: [parts.topic], partitions: 3, replicas: 1, configs }),
    );
    await untilOpen(parts.sink);
    return parts;
  }

  it('is named, and everything else of its batch is there once', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic } = await smallTopic();
    const records = [...kafkaRecords(150), large(), ...kafkaRecords(150), large(), ...kafkaRecords(10)];
    const outcome = await sink.write(records);
    assert.ok(outcome.kind === 'refused');
    assert.deepEqual(
      outcome.refusals.toSorted((a, b) => a.index - b.index),
      [
        { index: 150, reason: 'too-large' },
        { index: 301, reason: 'too-large' },
      ],
    );
    const small = records.filter((record) => record.length < LIMIT).map(String);
    const values = (await readTopic(kafka.plain, topic)).map(({ value }) => value);
    assert.deepEqual(values.toSorted(), small.toSorted());
    await sink.close();
  });

  it('does not keep a batch of small ones from a topic that takes little at once', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic } = await smallTopic();
    for (let n = 0; n < 3; n += 1) assert.partialDeepStrictEqual(await sink.write(kafkaRecords(1000)), ACK);
    await sink.close();
    assert.equal(await countMessages(kafka.plain, topic), 3000);
  });

  it('is named where it is no event', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic } = await opened(kafka.plain);
    const outcome = await sink.write([...kafkaRecords(2), Buffer.from('no event'), ...kafkaRecords(2)]);
    assert.partialDeepStrictEqual(outcome, {
      kind: 'refused',
      refusals: [{ index: 2, reason: 'not-an-event' }],
    });
    assert.equal(await countMessages(kafka.plain, topic), 4);
    await sink.close();
  });
});

describe('the topic', () => {
  it('is created with partitions to share and a bound on its age', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic, log } = await opened(kafka.plain);
    await sink.close();
    assert.ok(log.lines.some(({ text }) => text === 'topic created'));
    const [described] = await withAdmin(kafka.plain, (admin) =>
      admin.describeConfigs({
        resources: [
          {
            resourceType: TOPIC,
            resourceName: topic,
            configurationKeys: ['cleanup.policy', 'min.insync.replicas'],
          },
        ],
      }),
    );
    const configs = Object.fromEntries(described!.configs.map(({ name, value }) => [name, value]));
    const { brokers } = await withAdmin(kafka.plain, (admin) => admin.metadata({ topics: [] }));
    const atLeast = brokers.size < 3 ? '1' : '2';
    assert.deepEqual(configs, { 'cleanup.policy': 'delete', 'min.insync.replicas': atLeast });
  });

  it('is waited for, with the cure, where it is missing and may not be created', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic } = kafkaSink(kafka.plain, { name: 'kafka:eu', createTopic: false });
    for (const outcome of [await sink.open(null), await sink.probe()]) {
      assert.match(
        detailOf(outcome),
        new RegExp(`KAFKA_EU_TOPIC ${topic} does not exist.*KAFKA_EU_CREATE_TOPIC is off: create it`),
      );
    }
    const written = await sink.write(kafkaRecords(1));
    assert.equal(written.kind, 'retry');
    await withAdmin(kafka.plain, (admin) =>
      admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 }),
    );
    await untilOpen(sink);
    assert.deepEqual(await sink.probe(), { ok: true });
    assert.partialDeepStrictEqual(await sink.write(kafkaRecords(3)), ACK);
    assert.equal(await countMessages(kafka.plain, topic), 3);
    await sink.close();
  });

  it('is made again when somebody deletes it', async (t) => {
    if (skipFor(t, missing)) return;
    const { sink, topic } = await opened(kafka.plain);
    assert.partialDeepStrictEqual(await sink.write(kafkaRecords(5)), ACK);
    await withAdmin(kafka.plain, (admin) => admin.deleteTopics({ topics: [topic] }));
    await withAdmin(kafka.plain, (admin) =>
      eventually(async () => !(await admin.listTopics()).includes(topic), 'the topic is gone'),
    );
    const records = kafkaRecords(7);
    await eventually(async () => (await sink.write(records)).kind === 'ack', 'the batch is written');
    assert.equal(await countMessages(kafka.plain, topic), 7);
    await sink.close();
  });
});

describe('a login', () => {
  const login = (mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', password = KAFKA_PASSWORD) => ({
    sasl: { mechanism, user: KAFKA_USER, password },
  });

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    it(`with ${mechanism} lets events in, over TLS and without`, async (t) => {
      const listeners = ownListeners(t);
      if (listeners === null) return;
      const plain = await opened(listeners.sasl, login(mechanism));
      assert.partialDeepStrictEqual(await plain.sink.write(kafkaRecords(3)), ACK);
      await plain.sink.close();
      const tls = await opened(listeners.saslTls, {
        ...login(mechanism),
        topic: plain.topic,
        tls: { ca: listeners.ca, skipVerify: false },
      });
      assert.partialDeepStrictEqual(await tls.sink.write(kafkaRecords(2)), ACK);
      await tls.sink.close();
      assert.equal(await countMessages(kafka.plain, plain.topic), 5);
    });

    it(`with ${mechanism} and a wrong password names user and password, not what they are`, async (t) => {
      const listeners = ownListeners(t);
      if (listeners === null) return;
      const { sink } = kafkaSink(listeners.sasl, login(mechanism, 'an utterly wrong one'));
      const outcome = await sink.open(null);
      assert.match(detailOf(outcome), /KAFKA_SASL_USER or KAFKA_SASL_PASSWORD is wrong/);
      assert.doesNotMatch(detailOf(outcome), /utterly/);
      const written = await sink.write(kafkaRecords(1));
      assert.equal(written.kind, 'retry');
      await sink.close();
    });
  }

  it('that the port does not ask for, and one that is missing, are called that', async (t) => {
    const listeners = ownListeners(t);
    if (listeners === null) return;
    const needless = kafkaSink(listeners.plain, login('PLAIN'));
    assert.match(detailOf(await needless.sink.open(null)), /this port wants no login.*KAFKA_SASL_MECHANISM/);
    const absent = kafkaSink(listeners.sasl);
    assert.match(
      detailOf(await absent.sink.open(null)),
      /as a port that wants a login does: KAFKA_SASL_MECHANISM is not set/,
    );
  });
});

describe('TLS', () => {
  it('takes a broker that the CA vouches for', async (t) => {
    const listeners = ownListeners(t);
    if (listeners === null) return;
    const { sink, topic } = await opened(listeners.tls, { tls: { ca: listeners.ca, skipVerify: false } });
    assert.partialDeepStrictEqual(await sink.write(kafkaRecords(3)), ACK);
    await sink.close();
    assert.equal(await countMessages(kafka.plain, topic), 3);
  });

  it('refuses one that it does not vouch for, or no public authority does', async (t) => {
    const listeners = ownListeners(t);
    if (listeners === null) return;
    const { cert } = makeCertificate(findProgram('openssl')!, 'IP:127.0.0.1');
    const other = kafkaSink(listeners.tls, { tls: { ca: cert, skipVerify: false } });
    assert.match(
      detailOf(await other.sink.open(null)),
      /vouched for by none of the certificates in KAFKA_TLS_CA/,
    );
    const open = kafkaSink(listeners.tls, { tls: { ca: undefined, skipVerify: false } });
    assert.match(detailOf(await open.sink.probe()), /no public authority: give yours in KAFKA_TLS_CA/);
  });

  it('takes any certificate with KAFKA_TLS_SKIP_VERIFY', async (t) => {
    const listeners = ownListeners(t);
    if (listeners === null) return;
    const { sink } = await opened(listeners.tls, { tls: { ca: undefined, skipVerify: true } });
    await sink.close();
  });

  it('on one side only is called that', async (t) => {
    const listeners = ownListeners(t);
    if (listeners === null) return;
    const without = kafkaSink(listeners.tls);
    assert.match(detailOf(await without.sink.open(null)), /this port speaks TLS: set KAFKA_TLS=true/);
    const needless = kafkaSink(listeners.plain, { tls: { ca: listeners.ca, skipVerify: false } });
    assert.match(detailOf(await needless.sink.open(null)), /does not speak TLS/);
  });
});

describe('nobody at that address', () => {
  it('is an outage with the address in its words, for open, write and probe', async () => {
    const { sink } = kafkaSink('127.0.0.1:1');
    const opening = await sink.open(null);
    assert.match(detailOf(opening), /KAFKA_BROKERS 127\.0\.0\.1:1: .*ECONNREFUSED/);
    assert.deepEqual(await sink.probe(), opening);
    const written = await sink.write(kafkaRecords(1));
    assert.equal(written.kind, 'retry');
    await sink.close();
  });
});
