/**
 * What an event costs in the Kafka sink, by the size of the batch and the compression, against a real broker that
 * is started for it.
 *
 *   node bench/kafka.ts
 *
 * CPU time of this process (user and system, all its threads); the broker's is not counted. Candidates in turn, median
 * of three.
 */
import { randomUUID } from 'node:crypto';
import { type Envelope, SCHEMA, toRecord } from '../src/event/envelope.ts';
import { startKafka } from '../test/support/kafka.ts';
import { kafkaSink } from '../test/support/kafka-sink.ts';

const RUNS = 3;
const BATCHES = [100, 1000];
const EVENTS = 30_000;
const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

type Cost = { cpuUs: number; wallUs: number };

/** A page view as the tracker makes it, of 1.3 KB. */
function pageView(n: number): Envelope {
  const at = new Date(Date.UTC(2026, 10, 21) + n * 37).toISOString();
  const path = `/products/${n % 97}`;
  return {
    event_id: randomUUID(),
    timestamp: at,
    type: ['pageview', 'click', 'scroll'][n % 3]!,
    ip: `203.0.113.${n % 250}`,
    ua: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    url: `https://example.com${path}?utm_source=google&gclid=${randomUUID()}`,
    payload: {
      url: { referrer: 'https://www.google.com/', referrer_hostname: 'www.google.com', query_size: 2 },
      route: { domain: 'example.com', path, title: `Product ${n % 97}`, protocol: 'https:' },
      device: {
        language: 'en-US',
        languages: ['en-US', 'en'],
        tz: 'Europe/Berlin',
        viewport_w: 1280 + (n % 100),
      },
      session: { visitor_id: randomUUID(), session_id: randomUUID(), session_seq: n % 10 },
      page: { page_id: randomUUID(), seq: n % 20, sent_at: n },
    },
    server: {
      received_at: at,
      request_id: randomUUID(),
      document_id: randomUUID(),
      auth: { scheme: 'v1', key_id: '0', issued_at: at },
      consent: { analytics: 'unknown', security: 'granted', source: 'default' },
      http: {
        version: '2.0',
        host: 'example.com',
        method: 'POST',
        header_order: ['host', 'user-agent', 'accept'],
      },
    },
    schema: SCHEMA,
  };
}

const kafka = await startKafka();
const records = Array.from({ length: EVENTS }, (_, n) => toRecord(pageView(n)));
const bytes = records.reduce((sum, record) => sum + record.length, 0) / EVENTS;

async function measure(compression: (typeof COMPRESSIONS)[number], batch: number): Promise<Cost> {
  const { sink } = kafkaSink(kafka.plain, { compression });
  const opened = await sink.open(null);
  if (!opened.ok) throw new Error(opened.detail);
  const writeAll = async (count: number) => {
    for (let at = 0; at < count; at += batch) {
      const outcome = await sink.write(records.slice(at, at + batch));
      if (outcome.kind !== 'ack') throw new Error(JSON.stringify(outcome));
    }
  };
  await writeAll(5000);
  const cpu = process.cpuUsage();
  const started = performance.now();
  await writeAll(EVENTS);
  const { user, system } = process.cpuUsage(cpu);
  const wallUs = ((performance.now() - started) * 1000) / EVENTS;
  await sink.close();
  return { cpuUs: (user + system) / EVENTS, wallUs };
}

function median(costs: readonly Cost[], pick: (cost: Cost) => number): string {
  const middle = costs.map(pick).sort((a, b) => a - b)[Math.floor(costs.length / 2)]!;
  return middle.toFixed(1).padStart(16);
}

const columns = ['CPU µs each', 'time µs each'].map((title) => title.padStart(16)).join('');
console.log(`${`events of ${Math.round(bytes)} bytes`.padEnd(28)}${columns}`);
for (const batch of BATCHES) {
  const costs = new Map(COMPRESSIONS.map((compression) => [compression, [] as Cost[]]));
  for (let run = 0; run < RUNS; run += 1)
    for (const compression of COMPRESSIONS) costs.get(compression)!.push(await measure(compression, batch));
  for (const [compression, all] of costs) {
    const cells = [median(all, (one) => one.cpuUs), median(all, (one) => one.wallUs)];
    console.log(`${`batches of ${batch}, ${compression}`.padEnd(28)}${cells.join('')}`);
  }
}
await kafka.stop();
