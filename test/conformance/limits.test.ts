/** The limits of the contract's table that a test can reach without waiting for them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ok, until } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';
import { forwards, refuses } from './support/case.ts';
import { get, head, post } from './support/messages.ts';

const many = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i));

forwards('RFC 6585 §5 headers up to 64 KB pass', [
  {
    it: 'one of 60,000 bytes',
    send: get('/', `X-A: ${'a'.repeat(60_000)}`),
    originSees: `X-A: ${'a'.repeat(60_000)}`,
  },
  {
    it: '3,000 of them',
    send: get('/', ...many(3_000, (i) => `X-${i}: ${i}`)),
    originSees: ['X-0: 0', 'X-2999: 2999'],
  },
  {
    it: 'a target of 60,000 bytes',
    send: get(`/${'a'.repeat(60_000)}`),
    originSees: `GET /${'a'.repeat(60_000)} HTTP/1.1`,
  },
  {
    it: 'a cookie of 32 KB',
    send: get('/', `Cookie: a=${'b'.repeat(32_000)}`),
    originSees: `Cookie: a=${'b'.repeat(32_000)}`,
  },
]);

refuses('RFC 6585 §5 headers over 64 KB are 431', [
  { it: 'one of 70,000 bytes', send: get('/', `X-A: ${'a'.repeat(70_000)}`), gets: 431 },
  { it: 'a name of 70,000 bytes', send: get('/', `${'a'.repeat(70_000)}: x`), gets: 431 },
  { it: '10,000 of them', send: get('/', ...many(10_000, (i) => `X-${i}: ${i}`)), gets: 431 },
  { it: '40,000 of a byte', send: get('/', ...many(40_000, () => 'a:')), gets: 431 },
  { it: 'a target of 70,000 bytes', send: get(`/${'a'.repeat(70_000)}`), gets: 431 },
]);

describe('RFC 9110 §15.5.9 slow requests', () => {
  test('headers that are never finished are 408, and the connection is closed', async (t) => {
    const { origin, port } = await start(t, ok(), { headersTimeoutMs: 100 });
    const client = await connect(port);
    t.after(() => client.destroy());
    client.send('GET / HTTP/1.1\r\nHost: a\r\n');
    assert.equal((await client.response()).status, 408);
    await client.ended();
    assert.equal(origin.requests.length, 0);
  });

  test('headers that drip are late all the same', async (t) => {
    const { port } = await start(t, ok(), { headersTimeoutMs: 200 });
    const client = await connect(port);
    t.after(() => client.destroy());
    client.send('GET / HTTP/1.1\r\nX: ');
    const drip = setInterval(() => client.send('a'), 20);
    t.after(() => clearInterval(drip));
    assert.equal((await client.response()).status, 408);
  });

  test('a new connection that says nothing is closed', async (t) => {
    const { port } = await start(t, ok(), { headersTimeoutMs: 100 });
    const client = await connect(port);
    t.after(() => client.destroy());
    await client.ended();
    assert.equal(client.received(), '');
  });
});

describe('MAX_CONNECTIONS', () => {
  test('those above it are turned away, those below it are served', async (t) => {
    const { port } = await start(t, ok(), { maxConnections: 3 });
    const within = await Promise.all([connect(port), connect(port), connect(port)]);
    t.after(() => {
      for (const client of within) client.destroy();
    });
    for (const client of within) {
      client.send(get('/'));
      assert.equal((await client.response()).text, 'ok');
    }
    const above = await connect(port);
    t.after(() => above.destroy());
    await above.ended();
    within[0]!.destroy();
    let served = false;
    void (async () => {
      while (!served)
        served = await roundTrip(port, get('/'))
          .then(({ text }) => text === 'ok')
          .catch(() => false);
    })();
    await until(() => served, 'a place that became free');
  });
});

describe('back-pressure: nobody buffers for somebody who does not read', () => {
  const MIB = 'x'.repeat(2 ** 20);

  test('an origin that does not read stops the client', async (t) => {
    const { port } = await start(t, (_request, socket) => void socket.pause());
    const client = await connect(port);
    t.after(() => client.destroy());
    client.send(head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${64 * 2 ** 20}`));
    let sent = 0;
    const blocked = () => client.socket.writableNeedDrain;
    for (let idle = 0; idle < 5 && sent < 64; ) {
      if (blocked()) idle += 1;
      else {
        client.send(MIB);
        sent += 1;
        idle = 0;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(sent < 40, `${sent} MiB went out to nobody`);
  });

  test('a client that does not read stops the origin', async (t) => {
    let written = 0;
    const { port } = await start(t, (_request, socket) => {
      socket.write(head('HTTP/1.1 200 OK', `Content-Length: ${64 * 2 ** 20}`));
      const pump = () => {
        while (written < 64) {
          written += 1;
          if (!socket.write(MIB)) return void socket.once('drain', pump);
        }
      };
      pump();
    });
    const client = await connect(port);
    t.after(() => client.destroy());
    client.socket.pause();
    client.send(get('/'));
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(written < 40, `${written} MiB came in for nobody`);
  });
});

forwards('a body is no limit’s business', [
  { it: '4 MiB', send: post('/', 'x'.repeat(4 * 2 ** 20)), originBody: 'x'.repeat(4 * 2 ** 20) },
]);
