/** The program before an origin, with a log file, a topic and a table of the test's own. */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from './event-loop.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from './gotrack-process.ts';
import type { SharedKafka } from './kafka-shared.ts';
import { newTopic } from './kafka-sink.ts';
import type { TestServer } from './postgres.ts';
import { tempFolder } from './temp.ts';

const servesText: RequestListener = (_request, response) => response.end('origin');

type Servers = { kafka: SharedKafka; postgres: TestServer };

/** Everything that is made here is gone after the test. */
export async function threeSinks(t: TestContext, { kafka, postgres }: Servers, origin = servesText) {
  const folder = tempFolder();
  const server = createServer(origin).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
    folder.remove();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const database = await postgres.schema();
  const topic = newTopic();
  const logPath = join(folder.path, 'events.ndjson');
  const env = {
    FORWARD_DESTINATION: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    OUTPUTS: 'log,kafka,postgres',
    LOG_PATH: logPath,
    KAFKA_BROKERS: kafka.plain,
    KAFKA_TOPIC: topic,
    PG_DSN: database.dsn,
    RATE_COLLECT: '0',
    RATE_HELLO: '0',
  };
  const start = async (more: Record<string, string> = {}): Promise<GotrackProcess> => {
    const gotrack = await startGotrack({ ...env, ...more });
    t.after(() => gotrack.stop('SIGKILL'));
    return gotrack;
  };
  const lines = () => readFileSync(logPath, 'utf8').split('\n').slice(0, -1);
  return { folder: folder.path, env, topic, database, start, lines };
}

/** Every sink has everything that it is going to take. */
export const allDrained = (site: string, timeoutMs = 60_000) =>
  eventually(
    async () => {
      const { sinks } = (await (await fetch(`${site}/readyz`)).json()) as {
        sinks: Record<string, { lag_events: number | null }>;
      };
      return Object.values(sinks).every((sink) => sink.lag_events === 0);
    },
    'drained',
    timeoutMs,
  );
