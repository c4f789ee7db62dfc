/** WebSockets over HTTP/2 (RFC 8441) by the thousand, many to a connection: none leaves a socket, a stream or a tunnel. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { connectHttp2, testKeyPair } from '../support/http2.ts';
import { startHttpOrigin, until } from '../support/origin.ts';
import { openSockets } from '../support/process-facts.ts';
import { startProxy } from '../support/proxy.ts';

const CYCLES = process.env.TEST_SIZE === 'full' ? 10_000 : 300;
const AT_ONCE = 20;
/** Aborts are resets, and of those a session may have so many: what comes after belongs to a new one. */
const PER_SESSION = 100;
/** RFC 6455 §5.2, with a mask of zeros. */
const HELLO = Buffer.from('\x81\x85\0\0\0\0hello', 'latin1');
const CLOSE = Buffer.from('\x88\x80\0\0\0\0', 'latin1');

async function startChat(t: TestContext) {
  const keyPair = testKeyPair(t);
  if (keyPair === null) return null;
  const origin = await startHttpOrigin();
  const chat = new WebSocketServer({ server: origin.server });
  chat.on('connection', (socket, request) => {
    socket.on('error', () => {});
    if (request.url === '/aborts') setTimeout(() => socket.terminate(), 5);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const proxy = await startProxy(origin.port, { keyPair, randomKeys: true });
  t.after(() => Promise.all([proxy.close(), origin.close()]));
  return { origin, proxy };
}

async function connected(t: TestContext, port: number): Promise<ClientHttp2Session> {
  const session = connectHttp2(t, port);
  await once(session, 'remoteSettings');
  return session;
}

function request(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  const head = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':path': path };
  const more = { ':authority': 'shop.test', 'sec-websocket-version': '13' };
  const stream = session.request({ ...head, ...more }, { endStream: false });
  stream.on('error', () => {});
  stream.once('end', () => stream.end()); // the origin has closed its side, and so does a client
  return stream;
}

async function opened(session: ClientHttp2Session, path: string): Promise<ClientHttp2Stream> {
  const stream = request(session, path);
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 200);
  return stream;
}

/** Resets too, which node calls an error, end in this. */
async function closed(stream: ClientHttp2Stream): Promise<void> {
  stream.resume();
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()));
}

/** The ways in which a socket ends; each cycle takes the next. */
const ENDINGS: readonly ((session: ClientHttp2Session) => Promise<void>)[] = [
  async (session) => {
    const stream = await opened(session, '/echo');
    stream.write(HELLO);
    assert.equal(String((await once(stream, 'data'))[0]).slice(2), 'hello');
    stream.end(CLOSE);
    await closed(stream);
  },
  async (session) => {
    const stream = await opened(session, '/echo');
    stream.write(HELLO);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await closed(stream);
  },
  async (session) => {
    const stream = request(session, '/echo');
    setImmediate(() => stream.close(http2.constants.NGHTTP2_CANCEL)); // before the answer
    await closed(stream);
  },
  async (session) => closed(await opened(session, '/aborts')),
];

test(`${CYCLES} WebSockets over HTTP/2 opened, closed and aborted leave nothing open`, async (t) => {
  const chat = await startChat(t);
  if (chat === null) return;
  const { origin, proxy } = chat;
  const before = openSockets(process.pid);
  let next = 0;
  for (let round = 0; round < CYCLES / PER_SESSION; round++) {
    const session = await connected(t, proxy.port);
    const upTo = Math.min(CYCLES, next + PER_SESSION);
    const worker = async () => {
      while (next < upTo) await ENDINGS[next++ % ENDINGS.length]!(session);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    assert.equal(session.destroyed, false);
    await until(() => origin.open() === 0, 'the sockets at the origin to be closed');
    await until(() => proxy.seen.tunnels.opened === proxy.seen.tunnels.closed, 'the tunnels to be closed');
    session.destroy();
  }
  assert.ok(proxy.seen.tunnels.opened >= CYCLES / 2, `${proxy.seen.tunnels.opened} tunnels`);
  await until(() => openSockets(process.pid) <= before, 'all sockets to be closed');
  assert.deepEqual(proxy.seen.floods, []);
});

test('a session that goes takes its WebSockets along', async (t) => {
  const chat = await startChat(t);
  if (chat === null) return;
  const session = await connected(t, chat.proxy.port);
  await Promise.all(Array.from({ length: 50 }, () => opened(session, '/echo')));
  assert.equal(chat.origin.open(), 50);
  session.destroy();
  await chat.origin.idle();
  assert.deepEqual(chat.proxy.seen.tunnels, { opened: 50, closed: 50 });
});
