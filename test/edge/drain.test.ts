import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ok, type Script } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect, type RawClient } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers `/slow` only when `finish` is called. */
function slowly() {
  const waiting: (() => void)[] = [];
  const script: Script = (request, socket) => {
    if (request.target.startsWith('/slow')) waiting.push(() => void socket.write(ok(request.target)));
    else socket.write(ok(request.target));
  };
  function finish(): void {
    for (const answer of waiting.splice(0)) answer();
  }
  return { script, finish };
}

async function client(t: TestContext, port: number): Promise<RawClient> {
  const connected = await connect(port);
  t.after(() => connected.destroy());
  return connected;
}

test('an exchange under way finishes, and its answer closes the connection', async (t) => {
  const { script, finish } = slowly();
  const { origin, proxy, port } = await start(t, script, { drainMs: 5_000 });
  const busy = await client(t, port);
  busy.send(GET.replace('/', '/slow'));
  await origin.received(1);
  const closed = proxy.close();
  await wait(50);
  finish();
  const response = await busy.response();
  assert.equal(response.text, '/slow');
  assert.equal(response.header('connection'), 'close');
  assert.equal(await busy.ended(), 'end');
  await closed;
});

test('a body under way finishes', async (t) => {
  let rest = () => {};
  const { proxy, port } = await start(
    t,
    (_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
      rest = () => void socket.write('half');
    },
    { drainMs: 5_000 },
  );
  const busy = await client(t, port);
  busy.send(GET);
  await busy.contains('half');
  const closed = proxy.close();
  await wait(50);
  rest();
  assert.equal((await busy.response()).text, 'halfhalf');
  await busy.ended();
  await closed;
});

test('an upload under way finishes', async (t) => {
  const { origin, proxy, port } = await start(
    t,
    async (request, socket) => void socket.write(ok(String(await request.body))),
    { drainMs: 5_000 },
  );
  const busy = await client(t, port);
  busy.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo');
  await origin.received(1);
  const closed = proxy.close();
  await wait(50);
  busy.send('dy');
  assert.equal((await busy.response()).text, 'body');
  await closed;
});

test('pipelined requests under way are all answered, and the last one closes', async (t) => {
  const { script, finish } = slowly();
  const { origin, proxy, port } = await start(t, script, { drainMs: 5_000 });
  const busy = await client(t, port);
  busy.send(GET.replace('/', '/slow1') + GET.replace('/', '/slow2'));
  await origin.received(2);
  const closed = proxy.close();
  finish();
  const [first, second] = [await busy.response(), await busy.response()];
  assert.deepEqual([first.text, first.header('connection')], ['/slow1', 'keep-alive']);
  assert.deepEqual([second.text, second.header('connection')], ['/slow2', 'close']);
  await busy.ended();
  await closed;
});

test('new connections are refused', async (t) => {
  const { script, finish } = slowly();
  const { origin, proxy, port } = await start(t, script, { drainMs: 5_000 });
  const busy = await client(t, port);
  busy.send(GET.replace('/', '/slow'));
  await origin.received(1);
  const closed = proxy.close();
  await assert.rejects(connect(port), { code: 'ECONNREFUSED' });
  finish();
  await busy.response();
  await closed;
});

test('idle connections are closed, those on which nothing ever came too', async (t) => {
  const { proxy, port } = await start(t, ok(), { drainMs: 5_000 });
  const [idle, silent] = [await client(t, port), await client(t, port)];
  idle.send(GET);
  await idle.response();
  await wait(20);
  const from = performance.now();
  await proxy.close();
  assert.ok(performance.now() - from < 4_000, 'nobody was waited for');
  await Promise.all([idle.ended(), silent.ended()]);
});

test('a request whose head was under way is still answered, and closes', async (t) => {
  const { script, finish } = slowly();
  const { origin, proxy, port } = await start(t, script, { drainMs: 5_000 });
  const [busy, late] = [await client(t, port), await client(t, port)];
  busy.send(GET.replace('/', '/slow'));
  late.send('GET /late HTTP/1.1\r\nHo');
  await origin.received(1);
  await wait(20);
  const closed = proxy.close();
  await wait(150);
  late.send('st: a\r\n\r\n');
  const response = await late.response();
  assert.deepEqual([response.text, response.header('connection')], ['/late', 'close']);
  finish();
  await busy.response();
  await closed;
});

test('a request on a kept connection whose answer is under way closes it', async (t) => {
  let rest = () => {};
  const { proxy, port } = await start(
    t,
    (request, socket) => {
      if (request.target !== '/') return socket.write(ok(request.target));
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
      rest = () => void socket.write('half');
    },
    { drainMs: 5_000 },
  );
  const busy = await client(t, port);
  busy.send(GET);
  await busy.contains('half');
  const closed = proxy.close();
  busy.send(GET.replace('/', '/next'));
  await wait(30);
  rest();
  assert.equal((await busy.response()).text, 'halfhalf');
  const next = await busy.response();
  assert.deepEqual([next.text, next.header('connection')], ['/next', 'close']);
  await busy.ended();
  await closed;
});

test('what is left is cut when the drain is over', async (t) => {
  const { origin, proxy, port } = await start(t, () => {}, { drainMs: 150 });
  const stuck = await client(t, port);
  stuck.send(GET);
  await origin.received(1);
  await proxy.close();
  await stuck.ended();
  assert.equal(stuck.received(), '');
  await origin.idle();
});

test('tunnels, and upgrades that wait, are cut when the drain is over', async (t) => {
  const { origin, proxy, port } = await start(
    t,
    (request, socket) => {
      if (request.target === '/chat')
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    },
    { drainMs: 150 },
  );
  const [open, waiting] = [await client(t, port), await client(t, port)];
  open.send(UPGRADE);
  waiting.send(UPGRADE.replace('/chat', '/never'));
  await open.head();
  await origin.received(2);
  await proxy.close();
  await Promise.all([open.ended(), waiting.ended()]);
  await origin.idle();
});

test('connections that were refused but are held open do not keep it from closing', async (t) => {
  const { proxy, port } = await start(t, ok(), { drainMs: 150 });
  for (const request of ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 'nonsense\r\n\r\n']) {
    const held = await connect(port, { allowHalfOpen: true });
    t.after(() => held.destroy());
    held.send(request);
    await held.response();
  }
  await proxy.close();
});
