/**
 * Thousands of connections that do nothing, slowly, while others want their pages: those get them, and the memory
 * of the process stays where it is.
 */
import assert from 'node:assert/strict';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { type HttpOrigin, startHttpOrigin, until } from '../support/origin.ts';
import { openSockets, residentBytes } from '../support/process-facts.ts';
import { roundTrip } from '../support/raw-client.ts';
import { findRun } from '../support/snippet.ts';
import { tempFolder } from '../support/temp.ts';

const FULL = process.env.TEST_SIZE === 'full';
const IDLE = FULL ? 5_000 : 300;
const SLOW = FULL ? 1_000 : 100;
const MIB = 2 ** 20;
const LARGE = Buffer.alloc(8 * MIB, 'x');
const BUFFER = 64 * 1024;
/** What 1,024 connections may come to, and a buffer for each further one. */
const maxRss = ({ count }: Crowd) => 250 * MIB + Math.max(0, count - 1_024) * BUFFER;

const PAGE = '<!doctype html><html><head><title>t</title></head><body><p>hello</p></body></html>\n';
const folder = tempFolder();
let origin: HttpOrigin;
let gotrack: GotrackProcess;
let port: number;
const sockets = new Set<Socket>();

before(async () => {
  origin = await startHttpOrigin((request, response) => {
    request.resume();
    if (request.url === '/large')
      return void response.writeHead(200, { 'content-length': LARGE.length }).end(LARGE);
    if (request.url === '/upload') return void request.on('end', () => response.end('uploaded'));
    response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  });
});

after(async () => {
  await origin.close();
  folder.remove();
});

/** One of its own for each crowd: memory that was needed once is not given back. */
async function start(t: TestContext, name: string): Promise<void> {
  gotrack = await startGotrack({
    FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, name, 'journal'),
    LOG_PATH: join(folder.path, name, 'events.ndjson'),
    RATE_DOCUMENT: '0',
  });
  t.after(async () => {
    leave();
    await gotrack.stop();
  });
  port = Number(new URL(gotrack.site).port);
  await browse();
}

function leave(): void {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
}

/** Some hundreds at a time: a listener's queue of what it has not accepted is bounded. */
async function open(count: number, begin: (socket: Socket) => void): Promise<void> {
  for (let made = 0; made < count; made += 250) {
    await Promise.all(Array.from({ length: Math.min(250, count - made) }, () => openOne(begin)));
  }
}

function openOne(begin: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' }, () => {
      begin(socket);
      resolve();
    });
    sockets.add(socket);
    socket.on('error', reject); // after it is open this says nothing any more
  });
}

/** A visitor who wants pages: all of them come, whole. */
async function browse(): Promise<void> {
  const request = [
    'GET / HTTP/1.1',
    'Host: shop.test',
    'Sec-Fetch-Mode: navigate',
    'Sec-Fetch-Dest: document',
  ];
  for (let i = 0; i < 50; i++) {
    const response = await roundTrip(port, [...request, '', ''].join('\r\n'));
    assert.equal(response.status, 200);
    assert.equal(findRun(response.text)?.page, PAGE);
  }
}

const head = (...lines: string[]) => [...lines, 'Host: shop.test', '', ''].join('\r\n');

type Crowd = { name: string; count: number; send: string; reads: boolean };
const UPLOAD = 'POST /upload HTTP/1.1';
const LARGE_PAGE = head('GET /large HTTP/1.1');
const PIPELINED = 20;
const CROWDS: readonly Crowd[] = [
  { name: 'say nothing', count: IDLE, send: '', reads: true },
  { name: 'were served and stay', count: IDLE, send: head('GET / HTTP/1.1'), reads: true },
  {
    name: 'never finish their headers',
    count: SLOW,
    send: 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ',
    reads: true,
  },
  {
    name: 'never finish their upload',
    count: SLOW,
    send: `${head(UPLOAD, 'Content-Length: 1000000')}${'x'.repeat(1000)}`,
    reads: true,
  },
  {
    name: 'upload in chunks and stop',
    count: SLOW,
    send: `${head(UPLOAD, 'Transfer-Encoding: chunked')}5\r\nhello\r\n`,
    reads: true,
  },
  { name: 'ask for 8 MiB and do not read', count: SLOW, send: LARGE_PAGE, reads: false },
  {
    name: `ask for ${PIPELINED} times 8 MiB and do not read`,
    count: SLOW / PIPELINED,
    send: LARGE_PAGE.repeat(PIPELINED),
    reads: false,
  },
  {
    name: 'ask for an upgrade and stop',
    count: SLOW,
    send: head('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: slow/1'),
    reads: false,
  },
];

for (const crowd of CROWDS) {
  const { name, count, send, reads } = crowd;
  test(`${count} connections that ${name}: visitors get their pages, memory is bounded`, async (t) => {
    await start(t, name);
    const before = openSockets(gotrack.pid) - origin.open();
    await open(count, (socket) => {
      socket.write(send);
      if (reads) socket.resume();
    });
    await browse();
    const rss = residentBytes(gotrack.pid);
    t.diagnostic(`${(rss / MIB).toFixed(0)} MiB`);
    assert.ok(rss < maxRss(crowd), `${rss} bytes are resident`);
    leave();
    await until(() => openSockets(gotrack.pid) - origin.open() <= before, 'their sockets to be closed');
    await browse();
  });
}
