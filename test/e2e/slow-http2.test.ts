/**
 * As slow.test.ts, over HTTP/2: sessions that say nothing, readers that take nothing, and a flood of resets, while
 * a visitor from another address wants pages.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import tls, { type TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { makeCertificate } from '../support/certificate.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { ask, END_HEADERS, END_STREAM, FRAME, frame, headerBlock } from '../support/http2.ts';
import type { FloodReport } from '../support/http2-flooder.ts';
import { findProgram, skipFor } from '../support/needs.ts';
import { type HttpOrigin, startHttpOrigin, until } from '../support/origin.ts';
import { residentBytes } from '../support/process-facts.ts';
import { tempFolder } from '../support/temp.ts';

const FULL = process.env.TEST_SIZE === 'full';
const IDLE = FULL ? 5_000 : 200;
const SLOW = FULL ? 1_000 : 100;
const FLOOD_MS = FULL ? 60_000 : 3_000;
const QUIET_PAGES = FULL ? 5_000 : 200;
const MIB = 2 ** 20;
const SESSION = 120 * 1024;
/** What the program itself may come to, and what each idle session and the piece that waits for it cost. */
const maxRss = (sessions: number) => 200 * MIB + sessions * SESSION;
const LARGE = Buffer.alloc(8 * MIB, 'x');
const PAGE = 'a small page';

const openssl = findProgram('openssl');
const absent = openssl === null ? 'no openssl here' : null;
const folder = tempFolder();
const files = { cert: join(folder.path, 'server.crt'), key: join(folder.path, 'server.key') };
let origin: HttpOrigin;
let gotrack: GotrackProcess;
let port: number;
const sockets = new Set<TLSSocket>();

before(async () => {
  if (openssl !== null) {
    const { cert, key } = makeCertificate(openssl, 'IP:127.0.0.1');
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
  }
  origin = await startHttpOrigin((request, response) => {
    const body = request.url === '/large' ? LARGE : PAGE;
    response.writeHead(200, { 'content-length': body.length }).end(body);
  });
});

after(async () => {
  await origin.close();
  folder.remove();
});

async function start(t: TestContext, name: string): Promise<void> {
  gotrack = await startGotrack({
    ENABLE_HTTPS: 'true',
    SSL_CERT_FILE: files.cert,
    SSL_KEY_FILE: files.key,
    FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, name, 'journal'),
    LOG_PATH: join(folder.path, name, 'events.ndjson'),
  });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await gotrack.stop();
  });
  port = Number(new URL(gotrack.site).port);
}

/** A session of its own from an address of its own, closed by the caller. */
function visitor(): ClientHttp2Session {
  const options = { port, host: '127.0.0.1', localAddress: '127.0.0.2', rejectUnauthorized: false };
  const session = connect(`https://127.0.0.1:${port}`, {
    createConnection: () => tls.connect({ ...options, ALPNProtocols: ['h2'] }),
  });
  session.on('error', () => {});
  return session;
}

/** Pages until `until` says so, ten of a session; all of them come whole. How long each took, sorted. */
async function browse(isDone: (pages: number) => boolean): Promise<number[]> {
  const times: number[] = [];
  while (!isDone(times.length)) {
    const session = visitor();
    for (let i = 0; i < 10; i++) {
      const from = performance.now();
      assert.equal((await ask(session)).text, PAGE);
      times.push(performance.now() - from);
    }
    session.destroy();
  }
  return times.sort((a, b) => a - b);
}

const middle = (sorted: number[]) => sorted[Math.floor(sorted.length / 2)]!;
const p99 = (sorted: number[]) => sorted[Math.floor(sorted.length * 0.99)]!;

/** Fifty at a time: each costs both sides a handshake. */
async function open(count: number, hello: Buffer): Promise<void> {
  for (let made = 0; made < count; made += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - made) }, () => openOne(hello)));
}

function openOne(hello: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] };
    const socket = tls.connect(options, () => {
      socket.write(hello);
      resolve();
    });
    sockets.add(socket);
    socket.resume(); // the connection is read; the streams' windows are never opened
    socket.on('error', reject); // after it is open this says nothing any more
  });
}

const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)]);
const LARGE_HEADERS = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'shop.test'],
  [':path', '/large'],
] as const;
const askLarge = (stream: number) =>
  frame(FRAME.headers, END_HEADERS | END_STREAM, stream, headerBlock(LARGE_HEADERS));
const hello = (streams: number) =>
  Buffer.concat([PREFACE, ...Array.from({ length: streams }, (_, i) => askLarge(2 * i + 1))]);

const STREAMS = 20;
const CROWDS = [
  { name: 'say nothing', count: IDLE, streams: 0 },
  { name: 'ask for 8 MiB and take nothing', count: SLOW, streams: 1 },
  { name: `ask for ${STREAMS} times 8 MiB and take nothing`, count: SLOW / STREAMS, streams: STREAMS },
];

for (const { name, count, streams } of CROWDS) {
  test(`${count} sessions that ${name}: visitors get their pages, memory is bounded`, async (t) => {
    if (skipFor(t, absent)) return;
    await start(t, name);
    await open(count, hello(streams));
    await browse((pages) => pages >= 50);
    const rss = residentBytes(gotrack.pid);
    t.diagnostic(`${(rss / MIB).toFixed(0)} MiB`);
    assert.ok(rss < maxRss(count * Math.max(1, streams)), `${rss} bytes are resident`);
  });
}

test('a flood of resets: it is cut, a visitor from elsewhere gets pages in time, memory is bounded', async (t) => {
  if (skipFor(t, absent)) return;
  await start(t, 'flood');
  await browse((pages) => pages >= 50);
  const quiet = await browse((pages) => pages >= QUIET_PAGES);
  const flooder = new Worker(new URL('../support/http2-flooder.ts', import.meta.url), {
    workerData: { port, connections: 10 },
  });
  t.after(() => flooder.terminate());
  let report: FloodReport = { connected: 0, gotHttp2: 0, cut: 0 };
  flooder.on('message', (next: FloodReport) => {
    report = next;
  });
  await until(() => report.cut > 0, 'the first of the flood to be cut');
  const end = performance.now() + FLOOD_MS;
  const flooded = await browse(() => performance.now() > end);
  const rss = residentBytes(gotrack.pid);
  const ms = (times: number[]) => `${middle(times).toFixed(1)} ms (p99 ${p99(times).toFixed(1)})`;
  t.diagnostic(`${ms(quiet)}, in the flood ${ms(flooded)}, ${(rss / MIB).toFixed(0)} MiB`);
  t.diagnostic(`${JSON.stringify(report)}, ${flooded.length} pages`);
  assert.ok(middle(flooded) < 10 * middle(quiet) + 50, 'pages take their time');
  assert.ok(p99(flooded) < 10 * p99(quiet) + 500, 'some pages take very long');
  assert.ok(rss < 400 * MIB, `${rss} bytes are resident`);
  assert.ok(
    report.gotHttp2 - report.cut <= 10 && report.gotHttp2 < report.connected / 2,
    JSON.stringify(report),
  );
});
