/** Who holds a connection and neither sends nor takes is cut; whoever owes nothing never is. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ok, type Script, until } from '../support/origin.ts';
import { type ProxyOptions, start } from '../support/proxy.ts';
import { connect, type RawClient } from '../support/raw-client.ts';

const IDLE_MS = 200;
const PACE = { idleMs: IDLE_MS, windowMs: 10_000, minBytesPerSecond: 500 };
/** Rates count at once, idleness never. */
const PRESSED = { pace: { idleMs: 60_000, windowMs: 200, minBytesPerSecond: 500 }, maxConnections: 1 };
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nfirst';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

async function open(t: TestContext, script: Script | string, options: ProxyOptions = { pace: PACE }) {
  const { origin, proxy, port } = await start(t, script, options);
  const client = await connect(port);
  t.after(() => client.destroy());
  return { origin, proxy, client };
}

const longerThanIdle = () => new Promise((resolve) => setTimeout(resolve, IDLE_MS * 3));

/** Writes as fast as it is taken, for ever. */
const FLOOD: Script = (_request, socket) => {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 40}\r\n\r\n`);
  const more = () => {
    while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
  };
  socket.on('drain', more);
  more();
};

async function takesNothing(client: RawClient): Promise<void> {
  await client.head();
  client.socket.pause();
}

test('a body of which nothing more comes is 408, the connection closes, the origin’s exchange is aborted', async (t) => {
  const { origin, proxy, client } = await open(t, () => {});
  client.send(POST);
  const response = await client.response();
  assert.equal(response.status, 408);
  assert.equal(response.header('connection'), 'close');
  assert.equal(await client.ended(), 'end');
  await origin.idle();
  assert.deepEqual(proxy.seen.slow, ['idle-body']);
  assert.deepEqual(proxy.seen.failures, []);
});

test('a body that comes slowly but steadily is waited for', async (t) => {
  const { proxy, client } = await open(
    t,
    async (request, socket) => {
      socket.write(ok(String((await request.body).length)));
    },
    { pace: { ...PACE, idleMs: 800 } },
  );
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n');
  for (let i = 0; i < 20; i++) {
    client.send('x');
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.equal((await client.response()).text, '20');
  assert.deepEqual(proxy.seen.slow, []);
});

const OWES_NOTHING: Record<string, [request: string, script: Script]> = {
  'the answer to a request without a body takes its time': [
    GET,
    (_request, socket) => setTimeout(() => socket.write(ok()), IDLE_MS * 3),
  ],
  'the answer to a whole body takes its time': [
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody',
    (_request, socket) => setTimeout(() => socket.write(ok()), IDLE_MS * 3),
  ],
  'a 100 is waited for': [
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
    (_request, socket) => setTimeout(() => socket.write(ok()), IDLE_MS * 3),
  ],
};
for (const [what, [request, script]] of Object.entries(OWES_NOTHING)) {
  test(`owes nothing: ${what}`, async (t) => {
    const { proxy, client } = await open(t, script);
    client.send(request);
    assert.equal((await client.response()).status, 200);
    assert.deepEqual(proxy.seen.slow, []);
  });
}

test('whoever got its 100 owes the body', async (t) => {
  const { client } = await open(t, (_request, socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'));
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
  assert.equal((await client.response()).status, 100);
  assert.equal((await client.response()).status, 408);
});

test('owes nothing: the origin does not take the body', async (t) => {
  let read = () => {};
  const { proxy, client } = await open(t, (_request, socket) => {
    socket.pause();
    socket.removeAllListeners('data');
    read = () => void socket.on('data', () => {}).resume();
  });
  const bytes = 64 * 2 ** 20;
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`);
  client.send(Buffer.alloc(bytes));
  await longerThanIdle();
  assert.deepEqual(proxy.seen.slow, []);
  read();
  await until(() => client.socket.writableLength === 0, 'the whole body on its way');
  assert.deepEqual(proxy.seen.slow, []);
});

test('owes nothing: a stream has nothing to say', async (t) => {
  let say = (_text: string) => {};
  const { proxy, client } = await open(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
    say = (text) => void socket.write(chunk(text));
  });
  client.send(GET);
  await client.head();
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    await longerThanIdle();
    say(event);
    await client.contains(event);
  }
  assert.deepEqual(proxy.seen.slow, []);
});

test('owes nothing: a kept connection is quiet', async (t) => {
  const { proxy, client } = await open(t, ok());
  for (let i = 0; i < 2; i++) {
    client.send(GET);
    assert.equal((await client.response()).status, 200);
    await longerThanIdle();
  }
  assert.deepEqual(proxy.seen.slow, []);
});

test('a reader that takes nothing of what waits is cut, and so is the origin’s exchange', async (t) => {
  const { origin, proxy, client } = await open(t, FLOOD);
  client.send(GET);
  await takesNothing(client);
  await origin.idle();
  assert.deepEqual(proxy.seen.slow, ['stuck-reader']);
});

test('a reader that takes some now and then is not', async (t) => {
  const { proxy, client } = await open(t, FLOOD, { pace: { ...PACE, idleMs: 1_000 } });
  client.send(GET);
  await client.head();
  let bytes = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (piece) => {
    bytes += piece.length;
  });
  for (let i = 1; i <= 6; i++) {
    client.socket.resume();
    await until(() => bytes > i * 8 * 2 ** 20, 'some bytes');
    client.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.deepEqual(proxy.seen.slow, []);
});

test('a tunnel whose reader takes nothing is cut; one that is quiet is not', async (t) => {
  const quiet = await open(t, (_request, socket) => socket.write(SWITCHED));
  quiet.client.send(UPGRADE);
  await quiet.client.head();
  const stuck = await open(t, (request, socket) => {
    socket.write(SWITCHED);
    FLOOD(request, socket);
  });
  stuck.client.send(UPGRADE);
  await takesNothing(stuck.client);
  await stuck.origin.idle();
  assert.deepEqual(stuck.proxy.seen.slow, ['stuck-reader']);
  await longerThanIdle();
  assert.deepEqual(quiet.proxy.seen.slow, []);
});

test('when connections run out, a body that trickles in is 408', async (t) => {
  const { proxy, client } = await open(t, () => {}, PRESSED);
  client.send(POST);
  const trickle = setInterval(() => client.send('x'), 20);
  t.after(() => clearInterval(trickle));
  assert.equal((await client.response()).status, 408);
  assert.deepEqual(proxy.seen.slow, ['slow-body']);
});

test('when connections run out, a reader that takes next to nothing is cut', async (t) => {
  const { origin, proxy, client } = await open(t, FLOOD, PRESSED);
  client.send(GET);
  await takesNothing(client);
  await origin.idle();
  assert.deepEqual(proxy.seen.slow, ['slow-reader']);
});

test('when connections run out, streams with nothing to say and fast bodies go on', async (t) => {
  const options = { pace: { ...PRESSED.pace, windowMs: 600 }, maxConnections: 2 };
  const { proxy, client } = await open(
    t,
    async (request, socket) => {
      if (request.method === 'POST') return socket.write(ok(String((await request.body).length)));
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
    },
    options,
  );
  client.send(GET);
  await client.head();
  const sender = await connect(proxy.port);
  t.after(() => sender.destroy());
  sender.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n');
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    sender.send('x'.repeat(500));
  }
  assert.equal((await sender.response()).text, '10000');
  assert.deepEqual(proxy.seen.slow, []);
});
