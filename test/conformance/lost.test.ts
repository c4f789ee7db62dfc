/** Origin lost, client lost, retries (RFC 9110 §9.2.2), pipelining (RFC 9112 §9.3.2), the end (RFC 9112 §9.6). */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { closedPort, ok, startOrigin, until } from '../support/origin.ts';
import { REQUEST_ID, start, startProxy } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';
import { forwards } from './support/case.ts';
import { ask, chunk, get, head, inChunks, post } from './support/messages.ts';

describe('RFC 9110 §15.6 an origin that gives no answer', () => {
  type Lost = { it: string; status: number; behave: (socket: Socket) => void; headTimeoutMs?: number };
  const LOST: readonly Lost[] = [
    { it: 'closes at once', status: 502, behave: (socket) => socket.end() },
    { it: 'resets', status: 502, behave: (socket) => void socket.resetAndDestroy() },
    { it: 'closes in mid-head', status: 502, behave: (socket) => void socket.end('HTTP/1.1 200 OK\r\nX-') },
    {
      it: 'closes behind a 103',
      status: 502,
      behave: (socket) => void socket.end('HTTP/1.1 103 Early Hints\r\n\r\n'),
    },
    { it: 'is silent', status: 504, behave: () => {}, headTimeoutMs: 50 },
    {
      it: 'is silent in mid-head',
      status: 504,
      behave: (socket) => void socket.write('HTTP/1.1 200 OK\r\n'),
      headTimeoutMs: 50,
    },
  ];
  for (const { it, status, behave, headTimeoutMs } of LOST) {
    test(`${it}: ${status}, and the client's connection goes on`, async (t) => {
      const script = (request: { target: string }, socket: Socket) =>
        request.target === '/canary' ? void socket.write(ok('canary')) : behave(socket);
      const { port } = await start(t, script, headTimeoutMs === undefined ? {} : { headTimeoutMs });
      const client = await connect(port);
      t.after(() => client.destroy());
      client.send(get('/', 'Accept: application/json'));
      let response = await client.response();
      while (response.status < 200) response = await client.response();
      assert.equal(response.status, status);
      assert.equal(JSON.parse(response.text).request_id, REQUEST_ID);
      assert.equal(response.header('cache-control'), 'no-store');
      client.send(get('/canary'));
      assert.equal((await client.response()).text, 'canary');
    });
  }

  test('nobody listens: 502, a page for those who accept one', async (t) => {
    const proxy = await startProxy(await closedPort());
    t.after(() => proxy.close());
    const page = await roundTrip(proxy.port, get('/', 'Accept: text/html,*/*'));
    assert.equal(page.status, 502);
    assert.match(page.header('content-type')!, /^text\/html/);
    assert.ok(page.text.includes(REQUEST_ID));
    assert.equal((await roundTrip(proxy.port, ask('HEAD'), 'HEAD')).status, 502);
    assert.equal((await roundTrip(proxy.port, post('/', 'body'))).status, 502);
  });

  test('a name that nobody knows: 502', async (t) => {
    const proxy = await startProxy(80, { hostname: 'nowhere.invalid' });
    t.after(() => proxy.close());
    assert.equal((await roundTrip(proxy.port, get('/'))).status, 502);
  });
});

describe('RFC 9110 §9.2.2 a reused connection that died before its first byte', () => {
  type Retry = { it: string; send: string; attempts: number; status: number };
  const RETRIES: readonly Retry[] = [
    ...['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].map((method) => ({
      it: `${method} without a body goes once more`,
      send: ask(method, '/x'),
      attempts: 2,
      status: 200,
    })),
    { it: 'POST does not', send: ask('POST', '/x'), attempts: 1, status: 502 },
    { it: 'PATCH does not', send: ask('PATCH', '/x'), attempts: 1, status: 502 },
    {
      it: 'PUT with a body does not',
      send: `${ask('PUT', '/x', 'Content-Length: 4')}body`,
      attempts: 1,
      status: 502,
    },
  ];
  for (const { it, send, attempts, status } of RETRIES) {
    test(it, async (t) => {
      const { origin, port } = await start(t, (request, socket) => {
        const isRetried =
          request.target === '/x' && origin.requests.filter(({ target }) => target === '/x').length > 1;
        if (request.target === '/warm') socket.write(ok());
        else if (!isRetried) socket.destroy();
        else socket.write(request.method === 'HEAD' ? head('HTTP/1.1 200 OK', 'Content-Length: 2') : ok());
      });
      const client = await connect(port);
      t.after(() => client.destroy());
      client.send(get('/warm'));
      await client.response();
      client.send(send);
      const response = await client.response(send.slice(0, send.indexOf(' ')));
      assert.equal(response.status, status);
      const seen = origin.requests.filter(({ target }) => target === '/x');
      assert.equal(seen.length, attempts);
      if (attempts === 2) assert.equal(seen[0]!.head, seen[1]!.head);
    });
  }

  test('a connection that dies twice is 502', async (t) => {
    const { origin, port } = await start(t, (request, socket) => {
      if (request.target === '/warm') socket.write(ok());
      else socket.destroy();
    });
    await roundTrip(port, get('/warm'));
    assert.equal((await roundTrip(port, get('/x'))).status, 502);
    assert.equal(origin.requests.filter(({ target }) => target === '/x').length, 2);
  });
});

describe('a client that is lost', () => {
  const LOST = ['destroy', 'reset'] as const;
  for (const how of LOST) {
    test(`before the answer, by a ${how}: the origin's exchange is aborted`, async (t) => {
      const { origin, port } = await start(t, () => {});
      const client = await connect(port);
      client.send(get('/'));
      await origin.received(1);
      client[how]();
      await origin.idle();
    });

    test(`in mid-answer, by a ${how}`, async (t) => {
      const { origin, port } = await start(t, (_request, socket) => {
        socket.write(`${head('HTTP/1.1 200 OK', 'Content-Length: 100')}half`);
      });
      const client = await connect(port);
      client.send(get('/'));
      await client.contains('half');
      client[how]();
      await origin.idle();
    });

    test(`in mid-request, by a ${how}: the origin never takes the body for whole`, async (t) => {
      const { origin, port } = await start(t, () => {});
      for (const request of [
        `${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 100')}half`,
        inChunks(chunk('half')),
      ]) {
        const client = await connect(port);
        client.send(request);
        await until(() => origin.requests.at(-1)?.soFar().includes('half') ?? false, 'half of the body');
        client[how]();
        await assert.rejects(origin.requests.at(-1)!.body);
      }
      await origin.idle();
    });
  }

  test('others are not affected', async (t) => {
    const { origin, port } = await start(t, (request, socket) => {
      if (request.target === '/fine') socket.write(ok('fine'));
    });
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(port)));
    for (const client of clients) client.send(get('/slow'));
    await origin.received(20);
    for (const client of clients) client.reset();
    assert.equal((await roundTrip(port, get('/fine'))).text, 'fine');
    await until(() => origin.open() <= 1, 'only the connection that is kept');
  });
});

describe('RFC 9112 §9.3.2 pipelined requests', () => {
  test('are answered in their order, whatever the origin’s order is', async (t) => {
    const { port } = await start(t, (request, socket) => {
      const wait = request.target === '/slow' ? 100 : 0;
      setTimeout(() => socket.write(ok(request.target)), wait);
    });
    const client = await connect(port);
    t.after(() => client.destroy());
    client.send(get('/slow') + get('/b') + post('/c', 'body') + get('/d'));
    for (const target of ['/slow', '/b', '/c', '/d']) assert.equal((await client.response()).text, target);
  });

  test('behind Connection: close are not processed', async (t) => {
    const { origin, port } = await start(t);
    const client = await connect(port);
    t.after(() => client.destroy());
    client.send(get('/', 'Connection: close') + get('/smuggled'));
    assert.equal((await client.response()).text, 'ok');
    await client.ended();
    assert.deepEqual(
      origin.requests.map(({ target }) => target),
      ['/'],
    );
  });

  test('in pieces of one byte are the same requests', async (t) => {
    const { origin, port } = await start(t, (request, socket) => {
      void request.body.then(() => socket.write(ok(request.target)));
    });
    const client = await connect(port);
    t.after(() => client.destroy());
    for (const byte of get('/a') + inChunks(`${chunk('body')}0\r\n\r\n`) + get('/c')) {
      client.send(byte);
      await new Promise(setImmediate);
    }
    for (const target of ['/a', '/', '/c']) assert.equal((await client.response()).text, target);
    assert.equal((await origin.requests[1]!.body).toString(), 'body');
  });
});

forwards('RFC 9112 §9.6 the end of a connection', [
  {
    it: 'HTTP/1.0 without keep-alive',
    send: head('GET / HTTP/1.0', 'Host: a'),
    clientSees: 'Connection: close',
    closes: true,
    changes: 'response',
  },
  {
    it: 'HTTP/1.0 with keep-alive',
    send: head('GET / HTTP/1.0', 'Host: a', 'Connection: keep-alive'),
    clientSees: 'Connection: keep-alive',
    changes: 'response',
  },
  {
    it: 'HTTP/1.1 with close',
    send: get('/', 'Connection: close'),
    clientSees: 'Connection: close',
    closes: true,
  },
  {
    it: 'HTTP/1.1 with close among other words',
    send: get('/', 'Connection: x, Close'),
    clientSees: 'Connection: close',
    closes: true,
  },
]);

describe('stopping', () => {
  test('exchanges finish, new connections find nobody, what is left is cut at DRAIN_MS', async (t) => {
    const origin = await startOrigin((request, socket) => {
      if (request.target === '/finishes') setTimeout(() => socket.write(ok('whole')), 100);
    });
    const proxy = await startProxy(origin.port, { drainMs: 1_500 });
    t.after(() => Promise.all([proxy.close(), origin.close()]));
    const [finishing, hanging] = [await connect(proxy.port), await connect(proxy.port)];
    t.after(() => hanging.destroy());
    finishing.send(get('/finishes'));
    hanging.send(get('/hangs'));
    await origin.received(2);
    const closed = proxy.close();
    const response = await finishing.response();
    assert.equal(response.text, 'whole');
    assert.equal(response.header('connection'), 'close');
    await assert.rejects(connect(proxy.port));
    await closed;
    await hanging.ended();
  });
});
