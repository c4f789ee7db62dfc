import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, until } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

const FLOODS: Record<string, string> = {
  'one header of 70 KB': `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`,
  'one header of 2 MB': `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(2_000_000)}\r\n\r\n`,
  '20,000 headers': `GET / HTTP/1.1\r\nHost: a\r\n${'X-A: 1\r\n'.repeat(20_000)}\r\n`,
  'a target of 70 KB': `GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
};
for (const [what, request] of Object.entries(FLOODS)) {
  test(`more than 64 KB of head is 431, the connection is closed, the origin not reached: ${what}`, async (t) => {
    const { origin, port } = await start(t);
    const client = await connect(port);
    t.after(() => client.destroy());
    client.send(request);
    const response = await client.response();
    assert.equal(response.status, 431);
    assert.equal(response.header('connection'), 'close');
    await client.ended();
    assert.equal(origin.requests.length, 0);
  });
}

test('60 KB of head are accepted', async (t) => {
  const { port } = await start(t);
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(60_000)}\r\n\r\n`);
  assert.equal((await client.response()).status, 200);
});

test('an endless trailer section is refused', async (t) => {
  const { port } = await start(t, () => {});
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n');
  client.send(`X-A: ${'a'.repeat(100_000)}\r\n`);
  assert.equal((await client.response()).status, 431);
});

test('an endless chunk extension is refused', async (t) => {
  const { port } = await start(t, () => {});
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1');
  client.send(`;a=${'a'.repeat(100_000)}\r\n`);
  assert.equal((await client.response()).status, 413);
});

test('headers that do not come to their end are 408 after the headers timeout', async (t) => {
  const { proxy, port } = await start(t, ok(), { headersTimeoutMs: 150 });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: a\r\nX-A: ');
  assert.equal((await client.response()).status, 408);
  await client.ended();
  assert.deepEqual(proxy.seen.badRequests, ['ERR_HTTP_REQUEST_TIMEOUT']);
});

test('a byte now and then does not prolong the headers timeout', async (t) => {
  const { port } = await start(t, ok(), { headersTimeoutMs: 200 });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: a\r\n');
  const drip = setInterval(() => client.send('X-A: 1\r\n'), 30);
  t.after(() => clearInterval(drip));
  assert.equal((await client.response()).status, 408);
});

test('a connection on which nothing ever comes is closed without a word', async (t) => {
  const { port } = await start(t, ok(), { headersTimeoutMs: 150 });
  const client = await connect(port);
  t.after(() => client.destroy());
  await client.ended();
  assert.equal(client.received(), '');
});

test('the headers timeout counts for the second request of a connection too, and not between the two', async (t) => {
  const { port } = await start(t, ok(), { headersTimeoutMs: 200 });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(GET);
  await client.response();
  await new Promise((resolve) => setTimeout(resolve, 500));
  client.send('GET / HTTP/1.1\r\nHost:');
  assert.equal((await client.response()).status, 408);
});

test('a slow body and a slow answer are no slow headers', async (t) => {
  const { origin, port } = await start(
    t,
    async (request, socket) => {
      await request.body;
      setTimeout(() => socket.write(ok()), 300);
    },
    { headersTimeoutMs: 150 },
  );
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo');
  await origin.received(1);
  await new Promise((resolve) => setTimeout(resolve, 400));
  client.send('dy');
  assert.equal((await client.response()).status, 200);
});

test('connections beyond the bound are closed, the others are served', async (t) => {
  const { port } = await start(t, ok(), { maxConnections: 2 });
  const clients = await Promise.all([connect(port), connect(port)]);
  for (const client of clients) {
    client.send(GET);
    await client.response();
  }
  const third = await connect(port);
  await third.ended();
  clients[0].send(GET);
  assert.equal((await clients[0].response()).status, 200);
  clients[1].destroy();
  await until(() => clients[1].socket.destroyed, 'a free place');
  for (const client of clients) client.destroy();
});

test('one connection cannot take all of the origin’s: with too many requests unanswered it is cut', async (t) => {
  const { origin, port } = await start(t, () => {});
  const greedy = await connect(port);
  greedy.send(GET.repeat(1_000));
  await greedy.ended();
  assert.ok(origin.requests.length <= 64, `${origin.requests.length} requests reached the origin`);
});

test('a fault of ours is 500 for one client and nothing for the others', async (t) => {
  let broken = true;
  const { proxy, port } = await start(t, ok(), {
    beginEdit: () => {
      if (!broken) return null;
      broken = false;
      throw new Error('a fault');
    },
  });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(GET);
  const response = await client.response();
  assert.equal(response.status, 500);
  assert.deepEqual(JSON.parse(response.text), { error: 'internal' });
  client.send(GET);
  assert.equal((await client.response()).status, 200);
  assert.equal(proxy.seen.faults.length, 1);
});
