import assert from 'node:assert/strict';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  answerAndClose,
  type BodyReader,
  type BodyReading,
  createBodyReader,
} from '../../src/http/read-body.ts';

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Listening = { port: number; readings: BodyReading[]; reader: BodyReader };

/** Every body counts against `owner`; what was read stays charged. */
async function listen(
  options: Partial<Parameters<typeof createBodyReader>[0]> & { maxBytes?: number } = {},
): Promise<Listening> {
  const reader = createBodyReader({
    maxTotalBytes: 1_000,
    maxOwnerBytes: 1_000,
    timeoutMs: 5_000,
    ...options,
  });
  const readings: BodyReading[] = [];
  const server = http.createServer(async (clientReq, clientRes) => {
    const owner = String(clientReq.headers['x-owner'] ?? 'somebody');
    const reading = await reader.read(clientReq, { maxBytes: options.maxBytes ?? 600, owner });
    readings.push(reading);
    const body = reading.ok ? reading.body.toString('latin1') : reading.reason;
    const answer = { status: reading.ok ? 200 : 413, headers: ['Content-Length', String(body.length)], body };
    if (reading.ok) clientRes.writeHead(200, answer.headers).end(body);
    else answerAndClose(clientRes, answer);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { port: (server.address() as AddressInfo).port, readings, reader };
}

/** Writes and returns all that comes until the server closes. */
function talk(port: number, text: string): { socket: net.Socket; answer: Promise<string> } {
  const socket = net.connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(text);
  return { socket, answer: new Promise((done) => socket.on('close', () => done(answer))) };
}

const post = (body: string, headers = '') =>
  `POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await delay(5);
  assert.ok(condition());
}

describe('reading a body', () => {
  test('gives the bytes, in one piece or in many', async () => {
    const { port } = await listen();
    assert.match(await talk(port, post('hello')).answer, /200[\s\S]*\r\n\r\nhello$/);
    const { socket, answer } = talk(
      port,
      'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n',
    );
    await delay(20);
    socket.write('3\r\nllo\r\n0\r\n\r\n');
    assert.match(await answer, /\r\n\r\nhello$/);
  });

  test('an empty body is a body', async () => {
    const { port, readings } = await listen();
    await talk(port, post('')).answer;
    assert.deepEqual(readings, [{ ok: true, body: Buffer.alloc(0) }]);
  });

  test('takes exactly the bound, and not one byte more', async () => {
    const { port } = await listen();
    assert.match(await talk(port, post('x'.repeat(600))).answer, /^HTTP\/1.1 200/);
    const { port: other } = await listen();
    assert.match(await talk(other, post('x'.repeat(601))).answer, /^HTTP\/1.1 413[\s\S]*too-large$/);
  });

  test('refuses a body without an end as soon as it is too large, and the answer arrives whole', async () => {
    const { port, reader } = await listen();
    const { socket, answer } = talk(port, 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `1000\r\n${'y'.repeat(4_096)}\r\n`;
    const writer = setInterval(() => socket.write(chunk), 2);
    socket.on('close', () => clearInterval(writer));
    assert.match(await answer, /^HTTP\/1.1 413[\s\S]*Connection: close[\s\S]*too-large$/);
    assert.equal(reader.inFlight(), 0);
  });

  test('all bodies together have a bound', async () => {
    const { port, reader } = await listen();
    await talk(port, post('x'.repeat(600), 'X-Owner: a\r\n')).answer;
    assert.equal(reader.inFlight(), 600);
    assert.match(await talk(port, post('x'.repeat(600), 'X-Owner: b\r\n')).answer, /413[\s\S]*busy$/);
    reader.release(Buffer.alloc(600), 'a');
    assert.equal(reader.inFlight(), 0);
    assert.match(await talk(port, post('x'.repeat(600), 'X-Owner: b\r\n')).answer, /^HTTP\/1.1 200/);
  });

  test('one owner cannot take it all', async () => {
    const { port } = await listen({ maxTotalBytes: 10_000, maxOwnerBytes: 700 });
    await talk(port, post('x'.repeat(500), 'X-Owner: a\r\n')).answer;
    assert.match(await talk(port, post('x'.repeat(500), 'X-Owner: a\r\n')).answer, /busy$/);
    assert.match(await talk(port, post('x'.repeat(500), 'X-Owner: b\r\n')).answer, /^HTTP\/1.1 200/);
  });

  test('a client that leaves gives its share back', async () => {
    const { port, reader, readings } = await listen();
    const { socket } = talk(port, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\nabc');
    await until(() => reader.inFlight() === 3);
    socket.destroy();
    await until(() => readings.length === 1);
    assert.deepEqual(readings, [{ ok: false, reason: 'gone' }]);
    assert.equal(reader.inFlight(), 0);
  });

  test('a client that stops sending is given up', async () => {
    const { port, reader } = await listen({ timeoutMs: 50 });
    const { answer } = talk(port, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\nabc');
    assert.match(await answer, /slow$/);
    assert.equal(reader.inFlight(), 0);
  });
});
