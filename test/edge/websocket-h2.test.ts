/** WebSockets over HTTP/2 by extended CONNECT (RFC 8441): to the origin they are those of HTTP/1.1. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { answerOf, connectHttp2, startTls, testKeyPair } from '../support/http2.ts';
import { valuesOf } from '../support/message.ts';
import { ok, startHttpOrigin, until } from '../support/origin.ts';
import { startProxy, WEBSOCKET_KEY } from '../support/proxy.ts';

/** Answers the key of RFC 6455 §1.3, which the test's proxy sends. */
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const SWITCHED = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`;

const CONNECT = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':scheme': 'https',
  ':path': '/chat?room=1',
  ':authority': 'shop.test',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'chat, superchat',
  origin: 'https://shop.test',
};

async function open(session: ClientHttp2Session, headers: Record<string, string> = {}) {
  if (!session.remoteSettings?.enableConnectProtocol) await once(session, 'remoteSettings');
  const stream = session.request({ ...CONNECT, ...headers }, { endStream: false });
  stream.on('error', () => {});
  return stream;
}

async function responseOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
  const [headers] = await once(stream, 'response');
  return headers;
}

test('the session says that it takes extended CONNECT', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  const [settings] = await once(session, 'remoteSettings');
  assert.equal(settings.enableConnectProtocol, true);
});

test('the origin gets a request for an upgrade with a key of ours, the client a 200, and then bytes pass both ways', async (t) => {
  const started = await startTls(t, (_request, socket) => {
    socket.write(`${SWITCHED}Sec-WebSocket-Protocol: chat\r\nX-A: 1\r\n\r\nearly`);
    socket.on('data', (chunk) => socket.write(chunk));
  });
  if (started === null) return;
  const stream = await open(connectHttp2(t, started.port));
  const headers = await responseOf(stream);
  assert.equal(headers[':status'], 200);
  assert.equal(headers['sec-websocket-protocol'], 'chat');
  assert.equal(headers['x-a'], '1');
  for (const gone of ['sec-websocket-accept', 'connection', 'upgrade'])
    assert.equal(headers[gone], undefined);
  let received = '';
  stream.on('data', (chunk) => {
    received += chunk;
  });
  stream.write('echo');
  await until(() => received === 'earlyecho', 'the echo');

  const [request] = started.origin.requests;
  const value = (name: string) => valuesOf(request!.headers, name);
  assert.equal(request!.head.split('\r\n', 1)[0], 'GET /chat?room=1 HTTP/1.1');
  assert.deepEqual(value('host'), ['shop.test']);
  assert.deepEqual(value('connection'), ['Upgrade']);
  assert.deepEqual(value('upgrade'), ['websocket']);
  assert.deepEqual(value('sec-websocket-key'), [WEBSOCKET_KEY]);
  assert.deepEqual(value('sec-websocket-version'), ['13']);
  assert.deepEqual(value('sec-websocket-protocol'), ['chat, superchat']);
  assert.deepEqual(value('x-forwarded-proto'), ['https']);
  assert.deepEqual(started.proxy.seen.tunnels, { opened: 1, closed: 0 });
  stream.close(8);
  await started.origin.idle();
  await until(() => started.proxy.seen.tunnels.closed === 1, 'the end of the tunnel');
});

test('a real WebSocket server takes what comes, and pings, closes and large messages pass', async (t) => {
  const keyPair = testKeyPair(t);
  if (keyPair === null) return;
  const origin = await startHttpOrigin();
  const server = new WebSocketServer({ server: origin.server });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  const proxy = await startProxy(origin.port, { keyPair });
  t.after(async () => {
    for (const client of server.clients) client.terminate();
    await proxy.close();
    await origin.close();
  });
  const stream = await open(connectHttp2(t, proxy.port));
  assert.equal((await responseOf(stream))[':status'], 200);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const message = Buffer.alloc(1 << 20, 'm');
  stream.write(maskedFrame(2, message));
  await until(() => Buffer.concat(chunks).length === message.length + 10, 'the message');
  assert.ok(Buffer.concat(chunks).subarray(10).equals(message));
  stream.write(maskedFrame(8, Buffer.from([3, 0xe8])));
  await once(stream, 'end');
  stream.end();
  const closing = Buffer.concat(chunks).subarray(10 + message.length);
  assert.deepEqual([...closing], [0x88, 2, 3, 0xe8]);
  await origin.idle();
});

/** RFC 6455 §5.2, with a mask of zeros. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 6 : 14);
  head[0] = 0x80 | opcode;
  if (payload.length < 126) head[1] = 0x80 | payload.length;
  else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
}

test('a refusal passes on with its status, headers and body', async (t) => {
  const started = await startTls(t, ok('sign in first', 'X-A: 1\r\n').replace('200 OK', '403 Forbidden'));
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  const answer = await answerOf(await open(session));
  assert.equal(answer.status, 403);
  assert.equal(answer.headers['x-a'], '1');
  assert.equal(answer.text, 'sign in first');
  await started.origin.idle();
});

test('a refusal that is cut in its body never looks whole', async (t) => {
  const started = await startTls(t, (_request, socket) => {
    socket.write('HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    setTimeout(() => socket.destroy(), 50);
  });
  if (started === null) return;
  await assert.rejects(answerOf(await open(connectHttp2(t, started.port))));
});

test('an origin whose accept does not fit our key is 502', async (t) => {
  const started = await startTls(t, `${SWITCHED.replace(ACCEPT, 'bm9uc2Vuc2U=')}\r\n`);
  if (started === null) return;
  assert.equal((await answerOf(await open(connectHttp2(t, started.port)))).status, 502);
  assert.deepEqual(started.proxy.seen.failures, ['invalid']);
  await started.origin.idle();
});

test('an origin that is gone is 502', async (t) => {
  const started = await startTls(t, (_request, socket) => void socket.destroy());
  if (started === null) return;
  assert.equal((await answerOf(await open(connectHttp2(t, started.port)))).status, 502);
});

test('another protocol passes by its name, without a key', async (t) => {
  const started = await startTls(
    t,
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  );
  if (started === null) return;
  const stream = await open(connectHttp2(t, started.port), { ':protocol': 'x' });
  assert.equal((await responseOf(stream))[':status'], 200);
  assert.deepEqual(valuesOf(started.origin.requests[0]!.headers, 'upgrade'), ['x']);
  assert.deepEqual(valuesOf(started.origin.requests[0]!.headers, 'sec-websocket-key'), []);
});

test('our own paths and invalid requests are no tunnels', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  const refused = async (headers: Record<string, string>) =>
    (await answerOf(await open(session, headers))).status;
  assert.equal(await refused({ ':path': '/collect' }), 405);
  assert.equal(await refused({ host: 'other.test' }), 400);
  assert.equal(await refused({ ':path': '/#x' }), 400);
  assert.equal(started.origin.requests.length, 0);
});

test('a client that leaves while the origin makes up its mind ends the origin’s exchange', async (t) => {
  const started = await startTls(t, () => {});
  if (started === null) return;
  const stream = await open(connectHttp2(t, started.port));
  await started.origin.received(1);
  stream.close(8);
  await started.origin.idle();
});

test('an origin that breaks off resets the stream', async (t) => {
  const started = await startTls(t, (_request, socket) => {
    socket.write(`${SWITCHED}\r\n`);
    setTimeout(() => socket.resetAndDestroy(), 50);
  });
  if (started === null) return;
  const stream = await open(connectHttp2(t, started.port));
  await responseOf(stream);
  stream.resume();
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  assert.notEqual(stream.rstCode, 0);
});

test('a reader that stops holds up the origin', async (t) => {
  let sent = 0;
  const started = await startTls(t, (_request, socket) => {
    socket.write(`${SWITCHED}\r\n`);
    const chunk = Buffer.alloc(65_536);
    const more = () => {
      while (!socket.destroyed) {
        sent += chunk.length;
        if (!socket.write(chunk)) return void socket.once('drain', more);
      }
    };
    more();
  });
  if (started === null) return;
  const stream = await open(connectHttp2(t, started.port));
  await responseOf(stream);
  let before = -1;
  await until(() => {
    const still = before === sent;
    before = sent;
    return still;
  }, 'the origin to be held up');
  assert.ok(sent < 50 << 20, `${sent} bytes left the origin`);
});

test('tunnels are cut when the drain is over', async (t) => {
  const started = await startTls(t, `${SWITCHED}\r\n`, { drainMs: 150 });
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  const stream = await open(session);
  await responseOf(stream);
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  stream.resume();
  await started.proxy.close();
  await closed;
  await started.origin.idle();
});

test('many are opened and left, and none stays', async (t) => {
  const started = await startTls(t, `${SWITCHED}\r\n`);
  if (started === null) return;
  await cycles(t, started.port, 100);
  await started.origin.idle();
  const { tunnels } = started.proxy.seen;
  await until(() => tunnels.opened === tunnels.closed, 'the end of every tunnel');
});

async function cycles(t: TestContext, port: number, count: number): Promise<void> {
  const session = connectHttp2(t, port);
  for (let i = 0; i < count; i++) {
    const stream = await open(session);
    if (i % 2 === 0) await responseOf(stream);
    stream.close(i % 3 === 0 ? 0 : 8);
    await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  }
}
