/**
 * One broker for all tests of a run that do it no harm, each with topics of its own. The first that asks starts it;
 * `npm test` ends it. KAFKA_TEST_BROKERS names one that runs already.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KafkaListeners, startKafka } from './kafka.ts';
import { kafkaMissing } from './kafka-jars.ts';

export type SharedKafka = {
  /** `host:port` between commas. */
  readonly plain: string;
  /** Null for a broker that was there before us: nobody knows its secrets. */
  readonly listeners: KafkaListeners | null;
  release(): Promise<void>;
};

const external = () => process.env.KAFKA_TEST_BROKERS;

/** Why there is none, or null. */
export function sharedKafkaMissing(): string | null {
  return external() === undefined ? kafkaMissing() : null;
}

export async function sharedKafka(): Promise<SharedKafka> {
  const brokers = external();
  if (brokers !== undefined) return { plain: brokers, listeners: null, release: async () => {} };
  const folder = process.env.TEST_RUN_FOLDER;
  if (folder === undefined) {
    const kafka = await startKafka();
    return { plain: kafka.plain, listeners: kafka, release: kafka.stop };
  }
  const listeners = await ofThisRun(folder);
  return { plain: listeners.plain, listeners, release: async () => {} };
}

/** What scripts/test.ts reads when the run is over: `{pid, folder}` and the listeners. */
const FILE = 'kafka.json';

async function ofThisRun(folder: string): Promise<KafkaListeners> {
  const file = join(folder, FILE);
  if (isFirst(folder)) {
    const { plain, tls, sasl, saslTls, ca, pid, folder: data } = await startKafka();
    writeFileSync(`${file}.new`, JSON.stringify({ plain, tls, sasl, saslTls, ca, pid, folder: data }));
    renameSync(`${file}.new`, file);
  }
  for (let tries = 0; !existsSync(file); tries += 1) {
    if (tries === 1200) throw new Error('the test file that starts Kafka for this run did not succeed');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return JSON.parse(readFileSync(file, 'utf8')) as KafkaListeners;
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(join(folder, 'kafka.lock'));
    return true;
  } catch {
    // somebody else's is being started
    return false;
  }
}
