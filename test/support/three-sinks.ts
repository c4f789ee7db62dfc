/** The program before an origin, with a log file, a topic and a table of the test's own, on a real Kafka and PostgreSQL. */
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { after, before, type TestContext } from 'node:test';
import { type GotrackProcess, startGotrack } from './gotrack-process.ts';
import { type SharedKafka, sharedKafka, sharedKafkaMissing } from './kafka-shared.ts';
import { newTopic } from './kafka-sink.ts';
import { postgresMissing, startPostgres, type TestServer } from './postgres.ts';
import { startSite } from './site.ts';

export type Servers = {
  /** Why there are none, or null. */
  readonly missing: string | null;
  /** While tests run, where nothing is missing. */
  kafka: SharedKafka;
  postgres: TestServer;
};

/** Both servers for the tests of a file: called where the file begins, they are there while its tests run. */
export function sinkServers(): Servers {
  const servers = { missing: sharedKafkaMissing() ?? postgresMissing() } as Servers;
  before(async () => {
    if (servers.missing !== null) return;
    [servers.kafka, servers.postgres] = await Promise.all([sharedKafka(), startPostgres()]);
  });
  after(async () => {
    await servers.kafka?.release();
    await servers.postgres?.stop();
  });
  return servers;
}

/** Everything that is made here is gone after the test. `origin`: see startSite. */
export async function threeSinks(t: TestContext, { kafka, postgres }: Servers, origin?: RequestListener) {
  const site = await startSite(t, origin);
  const database = await postgres.schema();
  const topic = newTopic();
  const env = {
    ...site.env,
    LOG_PATH: site.logPath,
    OUTPUTS: 'log,kafka,postgres',
    KAFKA_BROKERS: kafka.plain,
    KAFKA_TOPIC: topic,
    PG_DSN: database.dsn,
    PG_FLUSH_MS: '50',
  };
  const start = async (more: Record<string, string> = {}): Promise<GotrackProcess> => {
    const gotrack = await startGotrack({ ...env, ...more });
    t.after(() => gotrack.stop('SIGKILL'));
    return gotrack;
  };
  const lines = () => readFileSync(site.logPath, 'utf8').split('\n').slice(0, -1);
  return { folder: site.folder, env, topic, database, start, lines };
}
