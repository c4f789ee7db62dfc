import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { blockedPort } from '../support/blocked-port.ts';
import { ok, type Script, until } from '../support/origin.ts';
import { start, startProxy } from '../support/proxy.ts';
import { connect, type RawClient, roundTrip } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: site.test\r\n\r\n';
const STREAM: Script = (_request, socket) =>
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n');
const NOTHING: Script = () => {};

const LEAVE: Record<string, (client: RawClient) => void> = {
  'a FIN': (client) => client.end(),
  'a close': (client) => client.destroy(),
  'a reset': (client) => client.reset(),
};

/** An exchange under way, and what must be so soon after the client has gone. */
async function underWay(t: TestContext, script: Script, send: string) {
  const { origin, proxy, port } = await start(t, script);
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(send);
  await origin.received(1);
  async function aborted() {
    await origin.idle();
    assert.deepEqual(proxy.seen.failures, [], 'the origin was not at fault');
    assert.deepEqual(proxy.seen.faults, []);
  }
  return { client, origin, port, aborted };
}

for (const [how, leave] of Object.entries(LEAVE)) {
  test(`a client that goes before the head aborts the origin’s exchange: ${how}`, async (t) => {
    const { client, aborted } = await underWay(t, NOTHING, GET);
    leave(client);
    await aborted();
  });

  test(`a client that goes in mid-body aborts the origin’s exchange: ${how}`, async (t) => {
    const { client, aborted } = await underWay(t, STREAM, GET);
    await client.contains('body');
    leave(client);
    await aborted();
  });

  for (const [framing, head] of Object.entries({
    length: 'Content-Length: 99',
    chunks: 'Transfer-Encoding: chunked',
  })) {
    test(`a client that goes within its upload aborts the origin’s exchange: ${framing}, ${how}`, async (t) => {
      const upload = `POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n4\r\nbody\r\n`;
      const { client, origin, aborted } = await underWay(t, NOTHING, upload);
      leave(client);
      await aborted();
      await assert.rejects(origin.requests[0]!.body, 'the origin must not take half for the whole');
    });

    test(`a client that goes within its upload, while the answer is under way: ${framing}, ${how}`, async (t) => {
      const upload = `POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n4\r\nbody\r\n`;
      const { client, aborted } = await underWay(t, STREAM, upload);
      await client.contains('body');
      leave(client);
      await aborted();
    });
  }

  test(`a client that goes with two pipelined requests under way: ${how}`, async (t) => {
    const { client, origin, aborted } = await underWay(t, NOTHING, GET + GET);
    await origin.received(2);
    leave(client);
    await aborted();
  });
}

test('a client that half-closes within its upload is gone: nothing is written to it', async (t) => {
  const { origin, port } = await start(t, NOTHING);
  const client = await connect(port, { allowHalfOpen: true });
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nbody');
  await origin.received(1);
  client.end();
  await client.ended();
  assert.equal(client.received(), '');
  await origin.idle();
});

test('a client that does not read and goes', async (t) => {
  const flood: Script = (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65536)));
    };
    socket.on('drain', more);
    more();
  };
  const { client, aborted } = await underWay(t, flood, GET);
  await client.contains('200 OK');
  client.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 50));
  client.reset();
  await aborted();
});

test('a client that goes while we connect leaves nothing behind', async (t) => {
  const blocked = await blockedPort();
  const proxy = await startProxy(blocked.port, { connectTimeoutMs: 300 });
  t.after(async () => {
    await proxy.close();
    await blocked.close();
  });
  const client = await connect(proxy.port);
  client.send(GET);
  await new Promise((resolve) => setTimeout(resolve, 50));
  client.destroy();
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.deepEqual(proxy.seen.failures, []);
});

test('a client that goes after its whole answer leaves the origin’s connection for the next', async (t) => {
  const { origin, port } = await start(t, ok());
  for (let i = 0; i < 20; i++) await roundTrip(port, GET);
  assert.equal(origin.connections(), 1);
});

test('200 clients that go at any point leave no connection', async (t) => {
  const { origin, proxy, port } = await start(t, (request, socket) => {
    if (request.target === '/head') STREAM(request, socket);
  });
  const targets = ['/', '/head'];
  const clients = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const client = await connect(port);
      client.send(`GET ${targets[i % 2]} HTTP/1.1\r\nHost: a\r\n\r\n`);
      return client;
    }),
  );
  await origin.received(200);
  for (const [i, client] of clients.entries()) Object.values(LEAVE)[i % 3]!(client);
  await origin.idle();
  await until(() => clients.every((client) => client.socket.destroyed), 'the end of all clients');
  assert.deepEqual(proxy.seen.failures, []);
});
