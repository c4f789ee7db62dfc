import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createHttp1Client } from '../../../src/proxy/origin/http1-client.ts';
import type { OriginResponseHandler } from '../../../src/proxy/origin/origin-client.ts';
import { ok, type Script, startOrigin } from '../../support/origin.ts';

async function setUp(t: TestContext, script: Script | string, connectTimeoutMs = 5_000) {
  const origin = await startOrigin(script);
  const client = createHttp1Client({
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: origin.port,
    connectTimeoutMs,
    monotonic: () => performance.now(),
    headTimeoutMs: 5_000,
    maxConnections: 1,
    tls: { rejectUnauthorized: true },
  });
  t.after(async () => {
    await client.close();
    await origin.close();
  });
  return { origin, client };
}

/** A client that keeps the very chunks that it was given, and says so or not. */
function holding(says = true) {
  const chunks: Buffer[] = [];
  const ended = Promise.withResolvers<void>();
  const handler: OriginResponseHandler = {
    onInformational: () => {},
    onHead: () => {},
    onData: (chunk) => chunks.push(chunk) > 0,
    isHolding: () => says,
    onEnd: () => ended.resolve(),
    onFailure: (_failure, cause) => ended.reject(cause),
  };
  return { handler, ended: ended.promise, text: () => Buffer.concat(chunks).toString() };
}

const trailers = { ofRequest: () => [] };
const get = (path: string) => ({ method: 'GET', path, headers: ['Host', 'a'], body: null, trailers });

test('bytes that one client still holds are not read over for the next on the same connection', async (t) => {
  const { origin, client } = await setUp(
    t,
    (request, socket) => void socket.write(ok(request.target.repeat(3_000))),
  );
  const exchanges = ['/a', '/b', '/c', '/d'].map((path, i) => {
    const held = holding(i % 2 === 0); // the next one takes its bytes at once
    client.send(get(path), held.handler);
    return { path, ...held };
  });
  for (const { ended } of exchanges) await ended;
  for (const { path, text } of exchanges.filter((_, i) => i % 2 === 0))
    assert.equal(text(), path.repeat(3_000));
  assert.equal(origin.connections(), 1);
});

test('exchanges beyond the limit wait for a connection, and one that gave up waiting is left out', async (t) => {
  const { origin, client } = await setUp(t, (request, socket) => void socket.write(ok(request.target)));
  const first = holding();
  const second = holding();
  const third = holding();
  client.send(get('/1'), first.handler);
  client.send(get('/2'), second.handler).abort();
  client.send(get('/3'), third.handler);
  await Promise.all([first.ended, third.ended]);
  assert.deepEqual(
    origin.requests.map((request) => request.target),
    ['/1', '/3'],
  );
});

test('an origin that says how long it keeps a connection is not asked on one that is about to close', async (t) => {
  const { origin, client } = await setUp(t, ok('x', 'Keep-Alive: timeout=1\r\n'));
  for (const path of ['/1', '/2']) {
    const held = holding();
    client.send(get(path), held.handler);
    await held.ended;
  }
  assert.equal(origin.requests.length, 2);
  assert.equal(new Set(origin.requests.map((request) => request.connection)).size, 2);
});

test('who waits too long for a free connection is told', async (t) => {
  const { client } = await setUp(t, () => {}, 200);
  client.send(get('/hangs'), holding().handler);
  const waiting = holding();
  client.send(get('/waits'), waiting.handler);
  await assert.rejects(waiting.ended, /no connection to the origin is free/);
});
