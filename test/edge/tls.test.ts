/** TLS to visitors: what they may speak, and that HTTP/1.1 over it is what it is in the clear. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import tls, { type TLSSocket } from 'node:tls';
import { connectHttp2, startTls, type TlsStart } from '../support/http2.ts';
import { valuesOf } from '../support/message.ts';
import { ok } from '../support/origin.ts';
import { clientOn, connect, type RawClient } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function secure(t: TestContext, port: number, options: tls.ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function http1(t: TestContext, { port }: TlsStart): Promise<RawClient> {
  return clientOn(await secure(t, port, { ALPNProtocols: ['http/1.1'] }));
}

for (const [offered, chosen] of [
  [['h2', 'http/1.1'], 'h2'],
  [['http/1.1', 'h2'], 'h2'],
  [['http/1.1'], 'http/1.1'],
  [undefined, false],
] as const) {
  test(`of ${offered ?? 'no protocol at all'} a client gets ${chosen || 'HTTP/1.1'}`, async (t) => {
    const started = await startTls(t);
    if (started === null) return;
    const socket = await secure(t, started.port, offered ? { ALPNProtocols: [...offered] } : {});
    assert.equal(socket.alpnProtocol, chosen);
    if (chosen === 'h2') return;
    const client = clientOn(socket);
    client.send(GET);
    assert.equal((await client.response()).status, 200);
  });
}

test('TLS 1.2 and 1.3 are spoken, 1.1 is not', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await secure(t, started.port, { minVersion: version, maxVersion: version });
    assert.equal(socket.getProtocol(), version);
  }
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await assert.rejects(secure(t, started.port, old));
});

test('the origin hears https; requests follow each other on one connection', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const client = await http1(t, started);
  for (let i = 0; i < 3; i++) {
    client.send(GET);
    assert.equal((await client.response()).status, 200);
  }
  const { headers } = started.origin.requests[0]!;
  assert.deepEqual(valuesOf(headers, 'x-forwarded-proto'), ['https']);
  assert.deepEqual(valuesOf(headers, 'x-forwarded-port'), ['443']);
  assert.deepEqual(valuesOf(headers, 'via'), ['1.1 gotrack']);
});

test('what is refused in the clear is refused over TLS', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  for (const [request, status] of [
    ['GET / HTTP/1.1\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
    ['nonsense\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ] as const) {
    const client = await http1(t, started);
    client.send(request);
    assert.equal((await client.response()).status, status, request.slice(0, 40));
    await client.ended();
  }
  assert.equal(started.origin.requests.length, 0);
});

test('an upgrade is tunnelled over TLS', async (t) => {
  const started = await startTls(t, (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello');
    socket.on('data', (chunk) => socket.write(chunk));
  });
  if (started === null) return;
  const client = await http1(t, started);
  client.send('GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  assert.match(await client.head(), /^HTTP\/1\.1 101/);
  await client.contains('hello');
  client.send('echo');
  await client.contains('echo');
});

test('a request in the clear gets no answer from the origin and harms nobody', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const client = await connect(started.port);
  t.after(() => client.destroy());
  client.send(GET);
  await client.ended();
  assert.equal(started.origin.requests.length, 0);
  const next = await http1(t, started);
  next.send(GET);
  assert.equal((await next.response()).status, 200);
});

test('a handshake that does not come to its end is cut', async (t) => {
  const started = await startTls(t, ok(), { headersTimeoutMs: 200 });
  if (started === null) return;
  for (const bytes of ['', '\x16\x03\x01\x02\x00\x01']) {
    const client = await connect(started.port);
    t.after(() => client.destroy());
    if (bytes !== '') client.send(bytes);
    await client.ended();
  }
});

for (const protocol of ['h2', 'http/1.1']) {
  test(`a connection on which nothing comes after the handshake is closed: ${protocol}`, async (t) => {
    const started = await startTls(t, ok(), { headersTimeoutMs: 200 });
    if (started === null) return;
    const socket = await secure(t, started.port, { ALPNProtocols: [protocol] });
    socket.resume();
    await once(socket, 'close');
  });
}

test('stopping: connections without a request are closed at once, whatever they have come to', async (t) => {
  const started = await startTls(t, ok(), { drainMs: 60_000 });
  if (started === null) return;
  const raw = net.connect(started.port, '127.0.0.1');
  await once(raw, 'connect');
  const silent = await secure(t, started.port, { ALPNProtocols: ['http/1.1'] });
  const session = connectHttp2(t, started.port);
  await once(session, 'connect');
  const closed = Promise.all([raw, silent, session].map((one) => once(one, 'close')));
  raw.resume();
  silent.resume();
  await started.proxy.close();
  await closed;
});

test('stopping: an exchange under way over TLS finishes, and its answer closes the connection', async (t) => {
  let finish = () => {};
  const started = await startTls(
    t,
    (_request, socket) => {
      finish = () => void socket.write(ok('late'));
    },
    { drainMs: 60_000 },
  );
  if (started === null) return;
  const client = await http1(t, started);
  client.send(GET);
  await started.origin.received(1);
  const closed = started.proxy.close();
  finish();
  const response = await client.response();
  assert.deepEqual([response.text, response.header('connection')], ['late', 'close']);
  await closed;
});

test('another certificate serves new connections, and those that are open go on', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const before = await secure(t, started.port, { ALPNProtocols: ['http/1.1'] });
  const session = connectHttp2(t, started.port);
  await once(session, 'connect');
  const { makeCertificate } = await import('../support/certificate.ts');
  const { findProgram } = await import('../support/needs.ts');
  started.proxy.setKeyPair(makeCertificate(findProgram('openssl')!, 'DNS:renewed.test'));
  const after = await secure(t, started.port);
  assert.equal(after.getPeerCertificate().subjectaltname, 'DNS:renewed.test');
  const client = clientOn(before);
  client.send(GET);
  assert.equal((await client.response()).status, 200);
  assert.equal(session.destroyed, false);
  assert.equal(after.alpnProtocol, false);
  assert.equal((await secure(t, started.port, { ALPNProtocols: ['h2'] })).alpnProtocol, 'h2');
});
