/** Clients of HTTP/2 that hold what is everybody's: connections, memory, the time of a flood. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import {
  answerOf,
  ask,
  connectFrames,
  connectHttp2,
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  GET_HEADERS,
  headerBlock,
  startTls,
} from '../support/http2.ts';
import { ok, type Script } from '../support/origin.ts';

const GET = headerBlock(GET_HEADERS);
const get = (stream: number) => frame(FRAME.headers, END_HEADERS | END_STREAM, stream, GET);
const CANCEL = Buffer.from([0, 0, 0, 8]);

for (const [what, before] of [
  ['the first of its connection', 0],
  ['after requests that were answered', 3],
] as const) {
  test(`a header block that never ends is cut: ${what}`, async (t) => {
    const started = await startTls(t, ok(), { headersTimeoutMs: 400 });
    if (started === null) return;
    const client = await connectFrames(t, started.port);
    for (let i = 0; i < before; i++) {
      client.send(get(2 * i + 1));
      await client.headers(2 * i + 1);
    }
    client.send(frame(FRAME.headers, END_STREAM, 2 * before + 1, GET));
    await client.ended();
    assert.deepEqual(started.proxy.seen.slow, ['headers']);
    assert.equal(started.origin.requests.length, before);
  });
}

test('a header block that grows by a header now and then is no younger for it', async (t) => {
  const started = await startTls(t, ok(), { headersTimeoutMs: 400 });
  if (started === null) return;
  const client = await connectFrames(t, started.port);
  client.send(frame(FRAME.headers, END_STREAM, 1, GET));
  const drip = frame(FRAME.continuation, 0, 1, headerBlock([['x-a', '1']]));
  const timer = setInterval(() => client.send(drip), 250); // nghttp2 takes eight
  t.after(() => clearInterval(timer));
  await client.ended();
  assert.deepEqual(started.proxy.seen.slow, ['headers']);
});

test('an idle client that answers our PING keeps its connection', async (t) => {
  const started = await startTls(t, ok(), { headersTimeoutMs: 300 });
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  await ask(session);
  await once(session, 'ping');
  await new Promise((resolve) => setTimeout(resolve, 900));
  assert.equal((await ask(session)).status, 200);
  assert.deepEqual(started.proxy.seen.slow, []);
});

/** Rates count at once, idleness never. */
const PRESSED = { pace: { idleMs: 60_000, windowMs: 400, minBytesPerSecond: 500 } };

for (const [what, maxConnections, slow] of [
  ['is cut when connections run short', 1, ['body']],
  ['is waited for when there are plenty', 100, []],
] as const) {
  test(`a body that comes in drops ${what}`, async (t) => {
    const answerWhole: Script = ({ body }, socket) =>
      void body.then(
        () => socket.write(ok()),
        () => {},
      );
    const started = await startTls(t, answerWhole, { ...PRESSED, maxConnections });
    if (started === null) return;
    const stream = connectHttp2(t, started.port).request({ ':method': 'POST' }, { endStream: false });
    const answer = answerOf(stream);
    for (let i = 0; i < 20 && !stream.destroyed; i++) {
      stream.write('x');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (!stream.destroyed) stream.end();
    assert.equal((await answer).status, slow.length > 0 ? 408 : 200);
    assert.deepEqual(started.proxy.seen.slow, slow);
  });
}

test('a reader that takes drops is cut when connections run short', async (t) => {
  const started = await startTls(t, ok('x'.repeat(10 << 20)), { ...PRESSED, maxConnections: 1 });
  if (started === null) return;
  const client = await connectFrames(t, started.port);
  client.send(get(1));
  await client.headers(1);
  const credit = Buffer.from([0, 0, 0, 1]);
  const timer = setInterval(() => {
    client.send(frame(FRAME.windowUpdate, 0, 0, credit), frame(FRAME.windowUpdate, 0, 1, credit));
  }, 100);
  t.after(() => clearInterval(timer));
  assert.equal(await client.reset(1), 2);
  assert.deepEqual(started.proxy.seen.slow, ['reader']);
});

const PIECE = 'x'.repeat(100_000);

test('when much waits for readers, one that takes nothing gets no more, and others are served', async (t) => {
  const started = await startTls(t, ok(PIECE), { maxHeldBytes: 1 << 20 });
  if (started === null) return;
  const stuck = await connectFrames(t, started.port);
  for (let i = 0; i < 100; i++) stuck.send(get(2 * i + 1));
  await stuck.headers(1);
  const reader = connectHttp2(t, started.port);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(reader)));
  assert.deepEqual(new Set(answers.map(({ text }) => text.length)), new Set([PIECE.length]));
  assert.ok(started.origin.requests.length < 20 + 30, `${started.origin.requests.length} requests`);
});

test('what waited for room is served when there is some, and what was reset meanwhile is not', async (t) => {
  const started = await startTls(t, ok(PIECE), { maxHeldBytes: 1 << 20 });
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  const streams = Array.from({ length: 60 }, () => session.request({ ':path': '/' }));
  for (const stream of streams) stream.pause();
  for (const stream of streams) stream.on('error', () => {});
  await started.origin.received(2);
  for (const stream of streams.slice(50)) stream.close(8);
  const answers = await Promise.all(streams.slice(0, 50).map((stream) => answerOf(stream.resume())));
  assert.deepEqual(new Set(answers.map(({ text }) => text.length)), new Set([PIECE.length]));
  assert.ok(started.origin.requests.length <= 60);
});

test('beyond what may wait to be served, streams of a session that has its part are refused', async (t) => {
  const started = await startTls(t, ok(PIECE), { maxHeldBytes: 256 << 10 });
  if (started === null) return;
  const stuck = await connectFrames(t, started.port);
  for (let i = 0; i < 100; i++) stuck.send(get(2 * i + 1));
  assert.equal(await stuck.reset(2 * 99 + 1), 7); // REFUSED_STREAM: safe to send again
  const reader = connectHttp2(t, started.port);
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(reader)));
  assert.deepEqual(new Set(answers.map(({ text }) => text.length)), new Set([PIECE.length]));
});

test('hundreds of streams that are never read leave connections to the origin for others', async (t) => {
  const started = await startTls(t, ok('x'.repeat(1 << 20)), { maxConnections: 100, originConnections: 125 });
  if (started === null) return;
  for (let i = 0; i < 10; i++) {
    const stuck = await connectFrames(t, started.port);
    for (let j = 0; j < 30; j++) stuck.send(get(2 * j + 1));
    await stuck.headers(1);
  }
  const answer = await ask(connectHttp2(t, started.port));
  assert.equal(answer.body.length, 1 << 20);
  assert.deepEqual(started.proxy.seen.failures, []);
  assert.deepEqual(started.proxy.seen.slow, [], 'nobody had to be cut for it');
});

test('when much waits, a reader that takes nothing is cut sooner', async (t) => {
  const started = await startTls(t, ok('x'.repeat(4 << 20)), { maxHeldBytes: 1, slowStreamMs: 5_000 });
  if (started === null) return;
  const client = await connectFrames(t, started.port);
  client.send(get(1));
  const from = performance.now();
  assert.equal(await client.reset(1), 2);
  assert.ok(performance.now() - from < 5_000);
});

async function flood(t: TestContext, port: number): Promise<void> {
  const client = await connectFrames(t, port);
  for (let i = 0; i < 600; i++) client.send(get(2 * i + 1), frame(FRAME.reset, 0, 2 * i + 1, CANCEL));
  await client.ended();
}

async function offered(t: TestContext, port: number): Promise<string | false | null> {
  const options = { rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] };
  const socket = tls.connect({ port, host: '127.0.0.1', ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket.alpnProtocol;
}

test('an address that floods again and again is offered HTTP/1.1 alone for a while', async (t) => {
  const started = await startTls(t, ok(), { penaltyMs: 1_500 });
  if (started === null) return;
  for (let i = 0; i < 2; i++) await flood(t, started.port);
  assert.equal(await offered(t, started.port), 'h2');
  await flood(t, started.port);
  assert.equal(await offered(t, started.port), 'http/1.1');
  await assert.rejects(
    connectFrames(t, started.port),
    'a client that speaks nothing else gets no connection',
  );
  for (let i = 0; i < 100 && (await offered(t, started.port)) !== 'h2'; i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await offered(t, started.port), 'h2');
});

test('a proxy that is trusted speaks for many, and goes on', async (t) => {
  const started = await startTls(t, ok(), { trusted: true });
  if (started === null) return;
  for (let i = 0; i < 5; i++) await flood(t, started.port);
  assert.equal(await offered(t, started.port), 'h2');
});
