import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { type HttpOrigin, startHttpOrigin } from '../support/origin.ts';
import { startProxy } from '../support/proxy.ts';
import { forkProxy } from '../support/proxy-process.ts';

const MB = 2 ** 20;
const TOTAL = 64 * MB;
/** Of the proxy's own process, on a loaded machine where garbage waits for its collection. */
const MAX_GROWTH = 128 * MB;
/** What two hops of a loopback interface hold in kernel buffers, and some more. */
const MAX_IN_FLIGHT = 40 * MB;

const BLOCK = randomBytes(MB + 7);

/** `bytes` bytes, never twice the same block at the same offset. */
function* blocks(bytes: number): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += BLOCK.length)
    yield BLOCK.subarray(0, Math.min(BLOCK.length, bytes - sent));
}

const TOTAL_HASH = createHash('sha256');
for (const block of blocks(TOTAL)) TOTAL_HASH.update(block);
const EXPECTED = TOTAL_HASH.digest('hex');

/** The end of the test may come before node says that the last bytes are out. */
function send(originRes: http.ServerResponse, bytes: number): void {
  pipeline(Readable.from(blocks(bytes), { objectMode: false }), originRes).catch(() => {});
}

async function hashOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

async function startBoth(t: TestContext, listener: http.RequestListener) {
  const origin: HttpOrigin = await startHttpOrigin(listener);
  const proxy = await startProxy(origin.port);
  t.after(() => Promise.all([proxy.close(), origin.close()]));
  return { origin, port: proxy.port };
}

async function request(
  port: number,
  options: http.RequestOptions,
  body?: Readable,
): Promise<IncomingMessage> {
  const clientReq = http.request({ port, host: '127.0.0.1', agent: false, ...options });
  clientReq.on('error', () => {});
  const answered = once(clientReq, 'response') as Promise<[IncomingMessage]>;
  if (body === undefined) clientReq.end();
  else body.pipe(clientReq);
  return (await answered)[0];
}

for (const framing of ['length', 'chunks']) {
  test(`64 MB pass to the client byte for byte: ${framing}`, async (t) => {
    const { port } = await startBoth(t, (_request, response) => {
      if (framing === 'length') response.setHeader('Content-Length', TOTAL);
      send(response, TOTAL);
    });
    assert.equal(await hashOf(await request(port, {})), EXPECTED);
  });

  test(`64 MB pass to the origin byte for byte: ${framing}`, async (t) => {
    const { port } = await startBoth(t, async (originReq, originRes) => {
      const hash = await hashOf(originReq);
      originRes.end(
        `${hash} ${originReq.headers['content-length'] ?? originReq.headers['transfer-encoding']}`,
      );
    });
    const headers = framing === 'length' ? { 'Content-Length': TOTAL } : { 'Transfer-Encoding': 'chunked' };
    const body = Readable.from(blocks(TOTAL), { objectMode: false });
    const response = await request(port, { method: 'PUT', headers }, body);
    const answer = (await response.toArray()).join('');
    assert.equal(answer, `${EXPECTED} ${framing === 'length' ? TOTAL : 'chunked'}`);
  });
}

test('both ways at once: an echo', async (t) => {
  const { port } = await startBoth(t, (originReq, originRes) => void originReq.pipe(originRes));
  const body = Readable.from(blocks(TOTAL), { objectMode: false });
  const response = await request(port, { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } }, body);
  assert.equal(await hashOf(response), EXPECTED);
});

/** Bytes that have left the process. */
const sentBy = (socket: Socket) => socket.bytesWritten - socket.writableLength;

/** Resolves when a count has stood still for a while. */
async function settled(count: () => number): Promise<number> {
  for (let last = -1, still = 0; still < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    still = count() === last ? still + 1 : 0;
    last = count();
  }
  return count();
}

test('a client that does not read stops the origin, and gets everything when it reads again', async (t) => {
  let originSocket: Socket | undefined;
  const { port } = await startBoth(t, (_request, response) => {
    originSocket = response.socket!;
    response.setHeader('Content-Length', TOTAL);
    send(response, TOTAL);
  });
  const response = await request(port, {});
  const sent = await settled(() => sentBy(originSocket!));
  assert.ok(sent > 0 && sent < MAX_IN_FLIGHT, `${Math.round(sent / MB)} MB left the origin`);
  assert.equal(await hashOf(response), EXPECTED);
});

test('an origin that does not read stops the client, and gets everything when it reads again', async (t) => {
  let read = () => {};
  const { port } = await startBoth(t, (originReq, originRes) => {
    read = () => void hashOf(originReq).then((hash) => originRes.end(hash));
  });
  const clientReq = http.request({ port, host: '127.0.0.1', agent: false, method: 'POST' });
  clientReq.setHeader('Content-Length', TOTAL);
  const answered = once(clientReq, 'response') as Promise<[IncomingMessage]>;
  const uploaded = pipeline(Readable.from(blocks(TOTAL), { objectMode: false }), clientReq);
  const sent = await settled(() => (clientReq.socket ? sentBy(clientReq.socket) : 0));
  assert.ok(sent > 0 && sent < MAX_IN_FLIGHT, `${Math.round(sent / MB)} MB left the client`);
  read();
  const [[response]] = await Promise.all([answered, uploaded]);
  assert.equal((await response.toArray()).join(''), EXPECTED);
});

test('memory stays where it is while 192 MB pass each way', async (t) => {
  const origin = await startHttpOrigin((originReq, originRes) => {
    if (originReq.method === 'PUT') return void originReq.resume().on('end', () => originRes.end('ok'));
    send(originRes, 3 * TOTAL);
  });
  const proxy = await forkProxy(origin.port);
  t.after(() => Promise.all([proxy.close(), origin.close()]));
  const before = await proxy.rss();
  let most = before;
  const watch = async (done: Promise<unknown>) => {
    let running = true;
    void done.finally(() => {
      running = false;
    });
    while (running) most = Math.max(most, await proxy.rss());
    await done;
  };
  await watch(request(proxy.port, {}).then((response) => response.resume() && once(response, 'end')));
  const body = Readable.from(blocks(3 * TOTAL), { objectMode: false });
  await watch(request(proxy.port, { method: 'PUT' }, body));
  assert.ok(most - before < MAX_GROWTH, `memory grew by ${Math.round((most - before) / MB)} MB`);
});
