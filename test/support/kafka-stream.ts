/** A steady stream of events through a journal on the disk and `deliver` into a topic of its own, and what arrives. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { toRecord } from '../../src/event/envelope.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { takeLock } from '../../src/journal/lock.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { sleep } from '../../src/lib/backoff.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { nodeFs } from '../../src/lib/fs.ts';
import type { KafkaTimeouts } from '../../src/sinks/kafka/options.ts';
import { eventually } from './event-loop.ts';
import { createTestLog } from './fake-journal.ts';
import { deliver } from './fake-sink.ts';
import { faultRow } from './fault-row.ts';
import { kafkaEvent, kafkaSink } from './kafka-sink.ts';
import { readTopic } from './kafka-topic.ts';
import { tempFolder } from './temp.ts';

export const EVENTS_A_SECOND = 2000;

/** A journal on the disk that is filled all the time, and its delivery into a topic of its own. */
export async function streamToKafka(t: TestContext, brokers: string, timeouts?: KafkaTimeouts) {
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
  const { sink, topic } = kafkaSink(brokers, timeouts && { timeouts });
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
    const messages = await readTopic(brokers, topic);
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

export type Finished = { accepted: readonly string[]; messages: readonly { value: string }[] };

/** Nothing lost; and the number of messages that are there more than once. */
export function repeatedIn(t: TestContext, { accepted, messages }: Finished): number {
  const arrived = new Set(messages.map(({ value }) => value));
  const lost = accepted.filter((record) => !arrived.has(record));
  const repeated = messages.length - arrived.size;
  const found = faultRow(t, 'outage', `Kafka: ${t.name}`);
  found(`${lost.length} of ${accepted.length} lost, ${repeated} repeated`);
  assert.deepEqual(lost, []);
  return repeated;
}
