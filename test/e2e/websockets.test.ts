/** What stays open for long: WebSockets by the thousand leave nothing behind, events and streamed pages pass at once. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { constants, createGzip, gunzipSync } from 'node:zlib';
import { WebSocketServer, WebSocket as WsClient } from 'ws';
import { startBrowser } from '../support/browser.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { skipFor } from '../support/needs.ts';
import { type HttpOrigin, startHttpOrigin, until } from '../support/origin.ts';
import { openSockets } from '../support/process-facts.ts';
import { connect, type RawClient } from '../support/raw-client.ts';
import { findRun } from '../support/snippet.ts';
import { tempFolder } from '../support/temp.ts';

const FULL = process.env.TEST_SIZE === 'full';
const CYCLES = FULL ? 10_000 : 300;
const IN_CHROMIUM = FULL ? 1_000 : 60;
const AT_ONCE = 20;

const folder = tempFolder();
/** The response that a test's request is waiting for, by its path. */
const waiting = new Map<string, ServerResponse>();
let origin: HttpOrigin;
let gotrack: GotrackProcess;

before(async () => {
  origin = await startHttpOrigin((request, response) => {
    if (request.url!.startsWith('/test')) waiting.set(request.url!, response);
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>chat</title>');
  });
  const chat = new WebSocketServer({ server: origin.server });
  chat.on('connection', (socket, request) => {
    socket.on('error', () => {});
    if (request.url === '/aborts') setTimeout(() => socket.terminate(), 5);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  gotrack = await startGotrack({
    FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: join(folder.path, 'events.ndjson'),
  });
});

after(async () => {
  await gotrack.stop();
  await origin.close();
  folder.remove();
});

const url = (path: string) => `${gotrack.site.replace('http', 'ws')}${path}`;

/** The ways in which a socket ends; each cycle takes the next. */
const ENDINGS: readonly (() => Promise<void>)[] = [
  async () => {
    const socket = await opened('/echo');
    socket.send('hello');
    await once(socket, 'message');
    socket.close();
    await closed(socket);
  },
  async () => {
    const socket = await opened('/echo');
    socket.send('x'.repeat(10_000));
    socket.terminate();
    await closed(socket);
  },
  async () => {
    const socket = socketTo('/echo');
    setImmediate(() => socket.terminate()); // before the handshake is over
    await closed(socket);
  },
  async () => {
    const socket = await opened('/aborts');
    await closed(socket);
  },
];

function socketTo(path: string): WsClient {
  const socket = new WsClient(url(path));
  socket.on('error', () => {});
  return socket;
}

/** Aborting is an error too, to a client that waits for its handshake. */
const closed = (socket: WsClient) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

async function opened(path: string): Promise<WsClient> {
  const socket = socketTo(path);
  await once(socket, 'open');
  return socket;
}

async function runCycles(count: number): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await ENDINGS[next++ % ENDINGS.length]!();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Of the proxy, but for the one to the origin that it may keep for the next request. */
const sockets = () => openSockets(gotrack.pid) - origin.open();

/** Runs it, and waits until both processes have no more open than before. */
async function leavesNothing(run: () => Promise<void>): Promise<void> {
  await until(() => origin.open() <= 1, 'the sockets of before to be closed');
  const before = sockets();
  await run();
  await until(() => origin.open() <= 1, 'the sockets at the origin to be closed');
  await until(() => sockets() <= before, 'the sockets of the proxy to be closed');
}

test(`${CYCLES} WebSockets opened, closed and aborted leave no socket open`, () =>
  leavesNothing(() => runCycles(CYCLES)));

test(`${IN_CHROMIUM} WebSockets of Chromium leave no socket open`, async (t) => {
  const start = await startBrowser();
  if (start.kind === 'absent') return void skipFor(t, start.reason);
  t.after(() => start.browser.close());
  await leavesNothing(async () => {
    const page = await start.browser.newPage();
    await page.goto(`${gotrack.site}/chat`);
    const echoed = await page.evaluate(inPage, { count: IN_CHROMIUM, address: url('/echo') });
    assert.equal(echoed, IN_CHROMIUM / 2);
    await page.evaluate((address) => {
      for (let i = 0; i < 10; i++) new WebSocket(address);
    }, url('/echo'));
    await page.close(); // with ten that are open or on their way
    await start.browser.close();
  });
});

/** Every second one says something and is answered, the others are closed as soon as they are open. */
async function inPage({ count, address }: { count: number; address: string }): Promise<number> {
  let echoed = 0;
  const one = (i: number) =>
    new Promise<void>((resolve) => {
      const socket = new WebSocket(address);
      socket.onopen = () => (i % 2 === 0 ? socket.send('hello') : socket.close());
      socket.onmessage = () => {
        echoed += 1;
        socket.close();
      };
      socket.onclose = () => resolve();
    });
  for (let i = 0; i < count; i += 10) await Promise.all(Array.from({ length: 10 }, (_, j) => one(i + j)));
  return echoed;
}

// Streams. Each waits for what was sent to arrive before it sends more, so a byte that is held back never comes.

async function ask(
  path: string,
  ...lines: string[]
): Promise<{ client: RawClient; response: ServerResponse }> {
  const client = await connect(Number(new URL(gotrack.site).port));
  client.send([`GET ${path} HTTP/1.1`, 'Host: shop.test', ...lines, '', ''].join('\r\n'));
  await until(() => waiting.has(path), 'the request');
  return { client, response: waiting.get(path)! };
}

test('a server-sent event passes before the next one is sent', async (t) => {
  const { client, response } = await ask('/test/events', 'Accept: text/event-stream');
  t.after(() => client.destroy());
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  await client.contains('text/event-stream');
  for (let i = 0; i < 50; i++) {
    response.write(`id: ${i}\ndata: event ${i}\n\n`);
    await client.contains(`data: event ${i}\n\n`);
  }
  client.destroy();
  await until(() => response.destroyed, 'the origin to know that nobody listens');
});

const NAVIGATION = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];
const PART = `${'<p>a paragraph of the page</p>\n'.repeat(40)}`;
/** So much may wait for what follows. */
const HELD = 256;

test('the head and the first part of a page arrive before the rest is sent', async (t) => {
  const { client, response } = await ask('/test/page', ...NAVIGATION);
  t.after(() => client.destroy());
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  let sent = '<!doctype html><title>stream</title>';
  response.write(sent);
  for (let i = 0; i < 20; i++) {
    response.write(PART);
    sent += PART;
    await until(() => unchunked(client).length >= sent.length - HELD, 'what was sent');
  }
  sent += '</body></html>';
  response.end('</body></html>');
  assert.equal(findRun((await client.response()).text)?.page, sent);
});

test('a gzip page arrives part by part, too', async (t) => {
  const { client, response } = await ask('/test/gzip', ...NAVIGATION, 'Accept-Encoding: gzip');
  t.after(() => client.destroy());
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip' });
  const gzip = createGzip();
  gzip.pipe(response);
  const write = (text: string) =>
    new Promise<void>((resolve) => {
      gzip.write(text);
      gzip.flush(constants.Z_SYNC_FLUSH, resolve);
    });
  let sent = '<!doctype html><title>stream</title>';
  await write(sent);
  for (let i = 0; i < 20; i++) {
    await write(PART);
    sent += PART;
    await until(() => decoded(unchunked(client)).length >= sent.length - HELD, 'what was sent');
  }
  sent += '</body></html>';
  gzip.end('</body></html>');
  const whole = await client.response();
  assert.equal(findRun(gunzipSync(whole.content).toString('latin1'))?.page, sent);
});

/** The body so far without its chunks; empty while there is no head. */
function unchunked(client: RawClient): string {
  const text = client.received();
  let at = text.indexOf('\r\n\r\n') + 4;
  if (at === 3) return '';
  let body = '';
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return body;
    const size = Number.parseInt(text.slice(at, line), 16);
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

function decoded(body: string): string {
  if (body.length < 20) return '';
  return gunzipSync(Buffer.from(body, 'latin1'), { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
}
