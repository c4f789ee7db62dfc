/**
 * What does not wait: from the moment that an origin writes the start of a page, whose rest comes later, and a
 * server-sent event, until the client has it. Origin and client are this process, one clock.
 */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Benchmark, plainSetting, runBenchmarks, takeTurns, withCandidates } from './support/bench.ts';
import type { Candidate, Setting } from './support/candidates.ts';
import { median, type Row } from './support/table.ts';

const PAGES = 30;
const EVENTS = 200;
const EVENT_MS = 10;
/** Longer than anything that waits for a whole page. */
const REST_MS = 60;
/** nginx passes on at once what the origin marks so; the others always do. */
const STREAMED = { 'Cache-Control': 'private, no-cache', 'X-Accel-Buffering': 'no' };
const START = `<!doctype html><html><head><title>streamed</title></head><body>${'<p>some text</p>'.repeat(100)}`;

/** `startedAt`: when the start of the last page was written, in milliseconds of performance.now. */
type Origin = { url: string; startedAt(): number; close(): void };

async function startOrigin(): Promise<Origin> {
  let startedAt = 0;
  async function page(originRes: ServerResponse): Promise<void> {
    originRes.writeHead(200, { 'Content-Type': 'text/html', ...STREAMED });
    startedAt = performance.now();
    originRes.write(START);
    await pause(REST_MS);
    originRes.end('</body></html>');
  }
  async function events(originRes: ServerResponse): Promise<void> {
    originRes.writeHead(200, { 'Content-Type': 'text/event-stream', ...STREAMED });
    for (let n = 0; n < EVENTS; n++) {
      originRes.write(`data: ${performance.now()}\n\n`);
      await pause(EVENT_MS);
    }
    originRes.end();
  }
  const server = createServer((req, res) => void (req.url === '/page' ? page(res) : events(res)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    startedAt: () => startedAt,
    close: () => server.close().closeAllConnections(),
  };
}

async function answerTo(url: string): Promise<IncomingMessage> {
  const [originRes] = (await once(get(url), 'response')) as [IncomingMessage];
  return originRes;
}

/** Milliseconds of the median page from the write of its start to the first byte of its body. */
async function firstByteMs(url: string, origin: Origin): Promise<number> {
  const delays: number[] = [];
  for (let n = 0; n < PAGES; n++) {
    const response = await answerTo(`${url}/page`);
    await once(response, 'readable');
    delays.push(performance.now() - origin.startedAt());
    await once(response.resume(), 'end');
  }
  return median(delays);
}

/** Milliseconds of the event at the 99th hundredth, from its write to its arrival. */
async function eventMs(url: string): Promise<number> {
  const response = await answerTo(`${url}/events`);
  const delays: number[] = [];
  let open = '';
  response.setEncoding('latin1').on('data', (text: string) => {
    const now = performance.now();
    const events = (open + text).split('\n\n');
    open = events.pop()!;
    for (const event of events) delays.push(now - Number(event.slice('data: '.length)));
  });
  await once(response, 'end');
  return delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.99)]!;
}

export const firstByte: Benchmark = async (bench) => {
  const origin = await startOrigin();
  const plain = plainSetting(origin.url);
  const work = async (name: string, setting: Setting, measure: typeof firstByteMs) =>
    withCandidates(bench, setting, async ({ candidates }): Promise<Row> => {
      const micros = async ({ url }: Candidate) => (await measure(url, origin)) * 1_000;
      for (const candidate of candidates) await micros(candidate); // warm
      const rounds = await takeTurns(candidates, bench.rounds, micros);
      const straight = ((await measure(origin.url, origin)) * 1_000).toFixed(0);
      const asked = { own: 5_000 };
      const note = `straight to the origin ${straight} µs`;
      return { work: name, unit: 'µs', rounds, note, byPart3: asked, inTheEnd: asked };
    });
  const rows = [
    await work('first byte of a streamed page', { ...plain, html: 'identity' }, firstByteMs),
    await work('server-sent event, p99', plain, eventMs),
  ];
  origin.close();
  return rows;
};

if (import.meta.main) await runBenchmarks([firstByte]);
