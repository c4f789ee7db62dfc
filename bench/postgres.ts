/**
 * What an event costs on its way into PostgreSQL, and how many of them a second one connection takes.
 *
 *   node bench/postgres.ts [ROWS]
 *
 * A real server of its own on this machine, with its syncs on; the table has all its indexes. CPU is that of this
 * process alone (the server's has a column of its own); candidates in turn, median of three.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '../src/lib/clock.ts';
import type { PostgresSinkOptions } from '../src/sinks/postgres/options.ts';
import { createPostgresSink } from '../src/sinks/postgres/postgres.ts';
import type { Sink } from '../src/sinks/sink.ts';
import { startPostgres, type TestServer } from '../test/support/postgres.ts';
import { cpuMicros } from './support/machine.ts';

const ROUNDS = 3;
const ROWS = Number(process.argv[2] ?? 50_000);
const WARM_ROWS = 10_000;

type Candidate = { name: string; options: Partial<PostgresSinkOptions>; drop?: string };

const CANDIDATES: Candidate[] = [
  { name: 'COPY, batches of 500', options: {} },
  { name: 'COPY, batches of 1,000', options: { batch: 1000 } },
  { name: 'COPY, batches of 100', options: { batch: 100 } },
  { name: 'arrays, batches of 500', options: { copyAtLeast: Number.POSITIVE_INFINITY } },
  { name: 'COPY, partition by day', options: { partition: 'day' } },
  { name: 'COPY, without the GIN index', options: {}, drop: 'events_json_payload_idx' },
];

/** An envelope of a page view as a browser's visit makes it, about 1.4 KB. */
function envelope(n: number): Buffer {
  const path = `/products/${n % 997}`;
  const at = new Date(Date.now() - (n % 1000)).toISOString();
  return Buffer.from(
    JSON.stringify({
      event_id: randomUUID(),
      timestamp: at,
      type: n % 3 === 0 ? 'click' : 'pageview',
      ip: `203.0.113.${n % 250}`,
      ua: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      url: `https://shop.example${path}?page=${n % 7}`,
      payload: {
        url: { referrer: 'https://search.example/', referrer_hostname: 'search.example', query_size: 6 },
        route: {
          domain: 'shop.example',
          path,
          fullPath: `${path}?page=${n % 7}`,
          title: `Product "${n % 997}"`,
          protocol: 'https:',
        },
        device: {
          ...{
            os: 'Linux',
            browser: 'Chrome',
            language: 'en-US',
            languages: ['en-US', 'en'],
            tz: 'Europe/Berlin',
          },
          ...{
            viewport_w: 1280,
            viewport_h: 720,
            device_pixel_ratio: 2,
            hardware_concurrency: 8,
            cookie_enabled: true,
          },
        },
        session: { visitor_id: randomUUID(), session_id: randomUUID(), session_seq: n % 9 },
        page: { page_id: randomUUID(), seq: n % 5, sent_at: at },
      },
      server: {
        received_at: at,
        request_id: randomUUID(),
        document_id: randomUUID(),
        auth: { scheme: 'v1', key_id: '0', issued_at: at },
        consent: { analytics: 'granted', security: 'granted', source: 'default' },
        http: {
          ...{ version: '1.1', host: 'shop.example', method: 'POST', status: 202 },
          header_order: [
            'host',
            'connection',
            'content-length',
            'user-agent',
            'content-type',
            'accept',
            'origin',
            'referer',
          ],
        },
      },
      schema: 'gotrack.event/1',
    }),
  );
}

type Cost = { rowsPerSecond: number; ownUs: number; serverUs: number };

async function measure(server: TestServer, { options, drop }: Candidate): Promise<Cost> {
  const database = await server.database('gotrack_bench');
  const sink = sinkFor(database.dsn, options);
  await sink.open(null);
  if (drop !== undefined) await database.ask(`DROP INDEX ${drop}`);
  const batch = options.batch ?? 500;
  await writeAll(sink, batchesOf(WARM_ROWS, batch));
  const batches = batchesOf(ROWS, batch);
  const [cpu, backend, started] = [process.cpuUsage(), await backendMicros(database), performance.now()];
  await writeAll(sink, batches);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const serverUs = ((await backendMicros(database)) - backend) / ROWS;
  await sink.close();
  const [{ count } = { count: 0 }] = await database.ask<{ count: number }>(
    'SELECT count(*)::int FROM events_json',
  );
  if (count !== ROWS + WARM_ROWS) throw new Error(`${count} rows of ${ROWS + WARM_ROWS}`);
  return { rowsPerSecond: ROWS / seconds, ownUs: (user + system) / ROWS, serverUs };
}

function sinkFor(dsn: string, options: Partial<PostgresSinkOptions>): Sink {
  const name = 'postgres';
  const table = { schema: null, table: 'events_json' };
  return createPostgresSink(
    {
      ...{
        name,
        dsn,
        table,
        create: true,
        copyAtLeast: 0,
        batch: 500,
        timeoutMs: 30_000,
        connectTimeoutMs: 10_000,
      },
      ...{ partition: 'none', retentionDays: 0, ...options },
    },
    { clock: systemClock, log: { info: () => {}, warn: console.warn, error: console.error } },
  );
}

function batchesOf(rows: number, batch: number): Buffer[][] {
  const records = Array.from({ length: rows }, (_, n) => envelope(n));
  return Array.from({ length: Math.ceil(rows / batch) }, (_, n) => records.slice(n * batch, (n + 1) * batch));
}

async function writeAll(sink: Sink, batches: Buffer[][]): Promise<void> {
  for (const batch of batches) {
    const outcome = await sink.write(batch);
    if (outcome.kind !== 'ack') throw new Error(JSON.stringify(outcome));
  }
}

/** CPU of the one session that the sink has. */
async function backendMicros(database: { ask<Row>(sql: string): Promise<Row[]> }): Promise<number> {
  const [session] = await database.ask<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'gotrack'",
  );
  return cpuMicros(session!.pid);
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const cells = (values: (string | number)[]) => values.map((value) => String(value).padStart(16)).join('');

const server = await startPostgres({ fsync: 'on', shared_buffers: '256MB' });
const [{ version } = { version: '' }] = await (await server.database('gotrack_bench')).ask<{
  version: string;
}>('SELECT version()');
console.log(`${version.split(' on ')[0]}, Node ${process.version}, events of ${envelope(1).length} bytes`);
console.log(`load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`);
console.log(`${''.padEnd(30)}${cells(['rows a second', 'own CPU µs', 'server CPU µs'])}`);
const costs = new Map<Candidate, Cost[]>(CANDIDATES.map((candidate) => [candidate, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const candidate of CANDIDATES) costs.get(candidate)!.push(await measure(server, candidate));
}
for (const [{ name }, found] of costs) {
  const row = [
    Math.round(median(found.map((cost) => cost.rowsPerSecond))),
    median(found.map((cost) => cost.ownUs)).toFixed(2),
    median(found.map((cost) => cost.serverUs)).toFixed(1),
  ];
  console.log(`${name.padEnd(30)}${cells(row)}`);
}
await server.stop();
