import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { blockedPort } from '../support/blocked-port.ts';
import { valuesOf } from '../support/message.ts';
import { closedPort, ok, type Script, startHttpOrigin, until } from '../support/origin.ts';
import { type ProxyOptions, REQUEST_ID, start, startProxy } from '../support/proxy.ts';
import { connect, type RawClient, roundTrip } from '../support/raw-client.ts';

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n';

// WebSocket, with an endpoint on each side that nobody here wrote

async function startChat(t: TestContext, onSocket: (socket: WebSocket) => void, options: ProxyOptions = {}) {
  const origin = await startHttpOrigin();
  const chat = new WebSocketServer({ server: origin.server });
  chat.on('connection', onSocket);
  const proxy = await startProxy(origin.port, options);
  t.after(() => Promise.all([proxy.close(), origin.close()]));
  return { origin, proxy, chat, url: `ws://127.0.0.1:${proxy.port}/chat` };
}

const echo = (socket: WebSocket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
};

async function openSocket(url: string, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(url, protocols);
  await once(socket, 'open');
  return socket;
}

async function message(socket: WebSocket): Promise<Buffer> {
  const [data] = (await once(socket, 'message')) as [RawData];
  return data as Buffer;
}

test('a WebSocket echoes, and both sides close with their code and reason', async (t) => {
  let closed: unknown[] = [];
  const { proxy, url } = await startChat(t, (socket) => {
    echo(socket);
    socket.on('close', (code, reason) => {
      closed = [code, String(reason)];
    });
  });
  const socket = await openSocket(url);
  socket.send('hello');
  assert.equal(String(await message(socket)), 'hello');
  assert.deepEqual(proxy.seen.tunnels, { opened: 1, closed: 0 });
  socket.close(4001, 'done');
  const [code, reason] = await once(socket, 'close');
  assert.deepEqual([code, String(reason)], [4001, 'done']);
  await until(() => proxy.seen.tunnels.closed === 1 && closed.length > 0, 'the end of the tunnel');
  assert.deepEqual(closed, [4001, 'done']);
});

test('a close that the origin begins reaches the client with its code', async (t) => {
  const { url } = await startChat(t, (socket) => socket.close(1013, 'later'));
  const socket = new WebSocket(url);
  const [code, reason] = await once(socket, 'close');
  assert.deepEqual([code, String(reason)], [1013, 'later']);
});

test('subprotocols are negotiated and extensions are used', async (t) => {
  const origin = await startHttpOrigin();
  new WebSocketServer({ server: origin.server, perMessageDeflate: true }).on('connection', echo);
  const proxy = await startProxy(origin.port);
  t.after(() => Promise.all([proxy.close(), origin.close()]));
  const socket = await openSocket(`ws://127.0.0.1:${proxy.port}/`, ['chat.v2', 'chat.v1']);
  assert.equal(socket.protocol, 'chat.v2');
  assert.match(socket.extensions, /permessage-deflate/);
  socket.send('x'.repeat(100_000));
  assert.equal((await message(socket)).length, 100_000);
  socket.terminate();
});

test('the first message may come right behind the handshake, from either side', async (t) => {
  const { url } = await startChat(t, (socket) => {
    socket.send('greeting');
    echo(socket);
  });
  const socket = new WebSocket(url);
  socket.once('open', () => socket.send('early'));
  assert.equal(String(await message(socket)), 'greeting');
  assert.equal(String(await message(socket)), 'early');
  socket.terminate();
});

test('a frame of 20 MB passes both ways', async (t) => {
  const { url } = await startChat(t, echo);
  const socket = await openSocket(url);
  const data = Buffer.alloc(20 * 2 ** 20, 'frame');
  socket.send(data);
  assert.ok((await message(socket)).equals(data));
  socket.terminate();
});

test('200 sockets opened and aborted leave nothing open on either side', async (t) => {
  const { origin, proxy, url } = await startChat(t, echo);
  for (let round = 0; round < 10; round++) {
    const sockets = Array.from({ length: 20 }, () => new WebSocket(url));
    await Promise.all(
      sockets.map(async (socket, i) => {
        socket.on('error', () => {}); // what an abort within the handshake gives
        if (i % 4 === 0) return socket.terminate(); // before it is open
        await once(socket, 'open');
        if (i % 4 === 1) socket.send('a last word');
        if (i % 4 === 2) (socket as unknown as { _socket: Socket })._socket.resetAndDestroy();
        socket.terminate();
      }),
    );
  }
  await origin.idle();
  const { tunnels } = proxy.seen;
  await until(() => tunnels.closed === tunnels.opened, 'the end of all tunnels');
  assert.ok(tunnels.opened >= 150, `${tunnels.opened} were opened`);
});

test('200 sockets that the origin aborts leave nothing open on either side', async (t) => {
  const { origin, proxy, url } = await startChat(t, (socket) => socket.terminate());
  for (let round = 0; round < 10; round++) {
    const sockets = Array.from({ length: 20 }, () => new WebSocket(url));
    await Promise.all(
      sockets.map((socket) =>
        once(
          socket.on('error', () => {}),
          'close',
        ),
      ),
    );
  }
  await origin.idle();
  await until(() => proxy.seen.tunnels.closed === 200, 'the end of all tunnels');
  assert.equal(proxy.seen.tunnels.opened, 200);
});

test('closeAll cuts the tunnels that are open and those that wait', async (t) => {
  const { origin, proxy, port } = await start(t, (request, socket) => {
    if (request.target === '/chat') socket.write(SWITCHED);
  });
  const [open, waiting] = await Promise.all([connect(port), connect(port)]);
  open.send(UPGRADE);
  await open.head();
  waiting.send(UPGRADE.replace('/chat', '/never'));
  await origin.received(2);
  proxy.closeTunnels();
  await Promise.all([open.ended(), waiting.ended(), origin.idle()]);
  await until(() => proxy.seen.tunnels.closed === 1, 'the end of the tunnel');
  assert.equal(proxy.seen.tunnels.opened, 1);
});

// Bytes

/** Switches and echoes whatever comes. */
const ECHO: Script = (_request, socket) => {
  socket.write(SWITCHED);
  socket.removeAllListeners('data');
  socket.on('data', (bytes) => socket.write(bytes));
};

async function openRaw(t: TestContext, script: Script, request = UPGRADE) {
  const { origin, proxy, port } = await start(t, script);
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(request);
  return { client, origin, proxy };
}

test('any other protocol is a tunnel of bytes', async (t) => {
  const { client, origin } = await openRaw(t, ECHO);
  const head = await client.head();
  assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.match(head, /^Upgrade: echo\/1\r$/m);
  assert.match(head, /^Connection: Upgrade\r$/m);
  client.send('\x00\xffGET / HTTP/1.1\r\n\r\n');
  await client.contains('\x00\xffGET / HTTP/1.1\r\n\r\n');
  const { headers } = origin.requests[0]!;
  assert.deepEqual(valuesOf(headers, 'upgrade'), ['echo/1']);
  assert.deepEqual(valuesOf(headers, 'connection'), ['Upgrade']);
});

test('the upgrade of a POST without a body puts no chunk into the tunnel', async (t) => {
  const { origin, port } = await start(t, (_request, socket) => void socket.write(SWITCHED));
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(UPGRADE.replace('GET', 'POST'));
  assert.equal((await client.response()).status, 101);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'transfer-encoding'), []);
});

test('the handshake’s headers are forwarded like any others', async (t) => {
  const lines = [
    'Sec-WebSocket-Key: a',
    'x-CASE: \xe9',
    'X-Forwarded-For: 6.6.6.6',
    'Cookie: a=1',
    'X-Gotrack-Score: 1',
  ];
  const { client, origin } = await openRaw(
    t,
    ECHO,
    UPGRADE.replace('\r\n\r\n', `\r\n${lines.join('\r\n')}\r\n\r\n`),
  );
  await client.head();
  const { head, headers } = origin.requests[0]!;
  assert.match(
    head,
    /^GET \/chat HTTP\/1\.1\r\nHost: site\.test\r\nSec-WebSocket-Key: a\r\nx-CASE: \xe9\r\nCookie: a=1\r\n/,
  );
  assert.deepEqual(valuesOf(headers, 'x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(valuesOf(headers, 'x-request-id'), [REQUEST_ID]);
  assert.deepEqual(valuesOf(headers, 'via'), ['1.1 gotrack']);
});

test('a tunnel keeps the target and the base path as they are', async (t) => {
  const { origin, port } = await start(t, ECHO, { basePath: '/b%61se' });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(UPGRADE.replace('/chat', '/a%2Fb?'));
  await client.head();
  assert.equal(origin.requests[0]!.target, '/b%61se/a%2Fb?');
});

test('early bytes of the client reach the origin, however late it switches', async (t) => {
  const script: Script = (request, socket) => setTimeout(() => ECHO(request, socket), 50);
  const { client } = await openRaw(t, script, `${UPGRADE}early`);
  client.send(' later');
  await client.head();
  await client.contains('early later');
});

test('early bytes of the origin reach the client', async (t) => {
  const { client } = await openRaw(t, (_request, socket) => socket.write(`${SWITCHED}first`));
  await client.head();
  await client.contains('first');
});

test('a client that is done may still be answered: half-closes pass', async (t) => {
  const { client, proxy, origin } = await openRaw(t, (_request, socket) => {
    socket.write(SWITCHED);
    socket.removeAllListeners('data');
    let all = '';
    socket.allowHalfOpen = true;
    socket.on('data', (bytes) => {
      all += bytes;
    });
    socket.on('end', () => setTimeout(() => socket.end(`got ${all}`), 30));
  });
  await client.head();
  client.socket.allowHalfOpen = true;
  client.send('everything');
  client.end();
  await client.contains('got everything');
  assert.equal(await client.ended(), 'end');
  await origin.idle();
  await until(() => proxy.seen.tunnels.closed === 1, 'the end of the tunnel');
});

test('an origin that is done first still gets the client’s last bytes, however slowly it reads', async (t) => {
  const size = 4 * 2 ** 20 + 5_000; // a last read that is no full one waits in our own buffer
  let bytes = 0;
  const { client, origin } = await openRaw(t, (_request, socket) => {
    socket.allowHalfOpen = true;
    socket.removeAllListeners('data');
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 10);
    });
    socket.on('end', () => socket.end());
    socket.write(SWITCHED);
    socket.end('bye');
  });
  client.socket.allowHalfOpen = true;
  await client.contains('bye');
  client.send(Buffer.alloc(size));
  client.end();
  await origin.idle();
  assert.equal(bytes, size);
});

test('a side that resets takes the other along', async (t) => {
  let originSocket: Socket | undefined;
  const script: Script = (_request, socket) => {
    originSocket = socket;
    socket.write(SWITCHED);
  };
  const first = await openRaw(t, script);
  await first.client.head();
  originSocket!.resetAndDestroy();
  await first.client.ended();
  const second = await openRaw(t, script);
  await second.client.head();
  second.client.reset();
  await second.origin.idle();
});

test('whoever does not read slows the other side of a tunnel', async (t) => {
  let sender: Socket | undefined;
  const { client } = await openRaw(t, (_request, socket) => {
    sender = socket;
    socket.write(SWITCHED);
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65536)));
    };
    socket.on('drain', more);
    more();
  });
  await client.head();
  client.socket.pause();
  const sent = () => sender!.bytesWritten - sender!.writableLength;
  for (let last = -1; last !== sent(); ) {
    last = sent();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  assert.ok(sent() < 40 * 2 ** 20, `${sent()} bytes left the origin`);
});

test('a client that goes before the origin has answered aborts the upgrade', async (t) => {
  for (const leave of [
    (c: RawClient) => c.end(),
    (c: RawClient) => c.reset(),
    (c: RawClient) => c.destroy(),
  ]) {
    const { client, origin, proxy } = await openRaw(t, () => {});
    await origin.received(1);
    leave(client);
    await origin.idle();
    assert.deepEqual(proxy.seen.failures, []);
    assert.deepEqual(proxy.seen.tunnels, { opened: 0, closed: 0 });
  }
});

// Failures

test('an origin that is down is 502, with the request id', async (t) => {
  const proxy = await startProxy(await closedPort());
  t.after(() => proxy.close());
  const response = await roundTrip(proxy.port, UPGRADE);
  assert.equal(response.status, 502);
  assert.equal(JSON.parse(response.text).request_id, REQUEST_ID);
  assert.deepEqual(proxy.seen.failures, ['refused']);
});

test('an origin that closes without an answer is 502', async (t) => {
  const { client, proxy } = await openRaw(t, (_request, socket) => socket.end());
  assert.equal((await client.response()).status, 502);
  assert.deepEqual(proxy.seen.failures, ['reset']);
});

test('an origin that answers nonsense is 502', async (t) => {
  const { client, proxy } = await openRaw(t, (_request, socket) => socket.end('SSH-2.0\r\n\r\n'));
  assert.equal((await client.response()).status, 502);
  assert.deepEqual(proxy.seen.failures, ['invalid']);
});

test('an origin that takes no connection is 504', async (t) => {
  const blocked = await blockedPort();
  const proxy = await startProxy(blocked.port, { connectTimeoutMs: 100 });
  t.after(() => Promise.all([proxy.close(), blocked.close()]));
  assert.equal((await roundTrip(proxy.port, UPGRADE)).status, 504);
  assert.deepEqual(proxy.seen.failures, ['connect-timeout']);
});

test('an origin that does not answer is 504, and its connection goes', async (t) => {
  const { origin, proxy, port } = await start(t, () => {}, { headTimeoutMs: 100 });
  assert.equal((await roundTrip(port, UPGRADE)).status, 504);
  assert.deepEqual(proxy.seen.failures, ['head-timeout']);
  await origin.idle();
});

test('a tunnel outlives both timeouts', async (t) => {
  const late: Script = (request, socket) => setTimeout(() => ECHO(request, socket), 150);
  const { port } = await start(t, late, { connectTimeoutMs: 100, headTimeoutMs: 400 });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(UPGRADE);
  await client.head();
  await new Promise((resolve) => setTimeout(resolve, 600));
  client.send('still here');
  await client.contains('still here');
});

// What is no tunnel

const ORDINARY: Record<string, string> = {
  'HTTP/2 in clear text':
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
  'HTTP/2 in clear text among others':
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, H2C\r\n\r\n',
  'an upgrade with a length':
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 4\r\n\r\nbody',
  'an upgrade with chunks':
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
  'an upgrade that Connection does not list': 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n',
};
for (const [what, request] of Object.entries(ORDINARY)) {
  test(`is an ordinary request, and the next one is in step: ${what}`, async (t) => {
    const { origin, proxy, port } = await start(t);
    const client = await connect(port);
    t.after(() => client.destroy());
    for (let i = 0; i < 2; i++) {
      client.send(request);
      const response = await client.response();
      assert.equal(response.status, 200);
      assert.equal(response.header('connection'), 'keep-alive');
    }
    const { headers, body } = origin.requests[0]!;
    assert.deepEqual(valuesOf(headers, 'upgrade'), []);
    assert.deepEqual(valuesOf(headers, 'http2-settings'), []);
    assert.equal(String(await body), request.includes('body') ? 'body' : '');
    assert.equal(origin.requests.length, 2);
    assert.deepEqual(proxy.seen.tunnels, { opened: 0, closed: 0 });
  });
}

test('an upgrade in HTTP/1.0 is ignored', async (t) => {
  const { proxy, port } = await start(t);
  assert.equal((await roundTrip(port, UPGRADE.replace('HTTP/1.1', 'HTTP/1.0'))).status, 200);
  assert.deepEqual(proxy.seen.tunnels, { opened: 0, closed: 0 });
});

test('an upgrade behind a request that waits for its answer is an ordinary request', async (t) => {
  const { port } = await start(t, (request, socket) => {
    setTimeout(() => socket.write(ok(request.target)), request.target === '/slow' ? 50 : 0);
  });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${UPGRADE}`);
  assert.equal((await client.response()).text, '/slow');
  assert.equal((await client.response()).text, '/chat');
});

test('an upgrade on a connection that served before is a tunnel', async (t) => {
  const { port } = await start(t, (request, socket) => {
    if (request.target === '/') socket.write(ok());
    else ECHO(request, socket);
  });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.response();
  client.send(UPGRADE);
  await client.head();
  client.send('ping');
  await client.contains('ping');
});

test('a refused upgrade never reaches the origin', async (t) => {
  const { origin, proxy, port } = await start(t);
  const response = await roundTrip(port, UPGRADE.replace('Host: site.test', 'Host: a\r\nHost: b'));
  assert.equal(response.status, 400);
  assert.deepEqual(proxy.seen.refused, ['two Host headers']);
  assert.equal(origin.requests.length, 0);
});

test('an upgrade on one of our own paths is answered by us', async (t) => {
  const { origin, port } = await start(t);
  assert.equal((await roundTrip(port, UPGRADE.replace('/chat', '/healthz'))).status, 200);
  assert.equal(origin.requests.length, 0);
});
