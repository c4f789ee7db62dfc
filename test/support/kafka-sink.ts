/** Kafka sinks for tests, and events to put into them. */
import { randomUUID } from 'node:crypto';
import { type Envelope, SCHEMA, toRecord } from '../../src/event/envelope.ts';
import { sleep } from '../../src/lib/backoff.ts';
import { createKafkaSink } from '../../src/sinks/kafka/kafka.ts';
import type { KafkaSinkOptions } from '../../src/sinks/kafka/options.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { createTestLog } from './fake-journal.ts';

export const newTopic = () => `test.${randomUUID()}`;

/** One for `host:port` between commas, with production's timeouts unless they are named. */
export function kafkaSink(brokers: string, options: Partial<KafkaSinkOptions> = {}) {
  const log = createTestLog();
  const topic = options.topic ?? newTopic();
  const sink: Sink = createKafkaSink(
    {
      name: 'kafka',
      brokers: brokers.split(',').map((one) => {
        const [host, port] = one.split(':');
        return { host: host!, port: Number(port) };
      }),
      createTopic: true,
      acks: 'all',
      compression: 'none',
      sasl: undefined,
      tls: undefined,
      ...options,
      topic,
    },
    { sleep, log },
  );
  return { sink, topic, log };
}

export function kafkaEvent(n: number, changes: Partial<Envelope> = {}): Envelope {
  return {
    event_id: randomUUID(),
    timestamp: new Date(Date.UTC(2026, 10, 21) + n).toISOString(),
    type: ['pageview', 'click', 'scroll'][n % 3]!,
    url: `https://example.com/prodúkt/${n}?q="a\\b"`,
    server: { received_at: new Date(Date.UTC(2026, 10, 21) + n).toISOString(), request_id: `r-${n}` },
    schema: SCHEMA,
    ...changes,
  };
}

export const kafkaEvents = (count: number) => Array.from({ length: count }, (_, n) => kafkaEvent(n));

export const kafkaRecords = (count: number) => kafkaEvents(count).map(toRecord);
