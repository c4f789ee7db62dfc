import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { makeCertificate } from '../support/certificate.ts';
import { findProgram, skipFor } from '../support/needs.ts';
import { type ProxyOptions, startProxy } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: www.site.test\r\n\r\n';

/** An https origin with a certificate for `subject`, and a proxy before it. Null where openssl is missing. */
async function startTls(t: TestContext, subject: string, options: ProxyOptions & { trustIt?: boolean } = {}) {
  const openssl = findProgram('openssl');
  if (skipFor(t, openssl === null ? 'no openssl here' : null)) return null;
  const { key, cert } = makeCertificate(openssl!, subject);
  const names: (string | false | null)[] = [];
  const origin = https.createServer(
    { key, cert, ALPNProtocols: ['h2', 'http/1.1'] },
    (originReq, originRes) => {
      originRes.setHeader('X-Host', originReq.headers.host!).end('over TLS');
    },
  );
  origin.on('secureConnection', (socket) =>
    names.push((socket as unknown as { servername: string | false }).servername),
  );
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const ca = options.trustIt === false ? {} : { ca: cert };
  const proxy = await startProxy((origin.address() as AddressInfo).port, {
    protocol: 'https:',
    tls: { rejectUnauthorized: true, ...ca },
    ...options,
  });
  t.after(async () => {
    await proxy.close();
    origin.closeAllConnections();
    origin.close();
  });
  return { origin, proxy, names };
}

test('an https origin is verified by its own name, whatever Host the client sends', async (t) => {
  const started = await startTls(t, 'DNS:localhost', { hostname: 'localhost' });
  if (started === null) return;
  for (const host of ['www.site.test', 'other.test', 'localhost']) {
    const response = await roundTrip(started.proxy.port, GET.replace('www.site.test', host));
    assert.equal(response.text, 'over TLS');
    assert.equal(response.header('x-host'), host);
  }
  assert.deepEqual(started.names, ['localhost'], 'one connection served all of them');
});

test('an address is verified as an address', async (t) => {
  const started = await startTls(t, 'IP:127.0.0.1');
  if (started === null) return;
  assert.equal((await roundTrip(started.proxy.port, GET)).text, 'over TLS');
});

const UNTRUSTED: [what: string, subject: string, options: ProxyOptions & { trustIt?: boolean }][] = [
  ['of another name', 'DNS:other.test', { hostname: 'localhost' }],
  ['of the name that the client says', 'DNS:www.site.test', { hostname: 'localhost' }],
  ['that nobody vouches for', 'DNS:localhost', { hostname: 'localhost', trustIt: false }],
];
for (const [what, subject, options] of UNTRUSTED) {
  test(`a certificate ${what} is 502, for requests and for upgrades`, async (t) => {
    const started = await startTls(t, subject, options);
    if (started === null) return;
    assert.equal((await roundTrip(started.proxy.port, GET)).status, 502);
    const upgrade = GET.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    assert.equal((await roundTrip(started.proxy.port, upgrade)).status, 502);
    assert.deepEqual(started.proxy.seen.failures, ['tls', 'tls']);
  });
}

test('ORIGIN_TLS_SKIP_VERIFY takes any certificate', async (t) => {
  const started = await startTls(t, 'DNS:other.test', { tls: { rejectUnauthorized: false } });
  if (started === null) return;
  assert.equal((await roundTrip(started.proxy.port, GET)).text, 'over TLS');
});

test('an origin that asks for a certificate gets ours, for requests and for upgrades', async (t) => {
  const openssl = findProgram('openssl');
  if (skipFor(t, openssl === null ? 'no openssl here' : null)) return;
  const server = makeCertificate(openssl!, 'DNS:localhost');
  const own = makeCertificate(openssl!, 'DNS:gotrack.test');
  const asking = { ...server, ca: own.cert, requestCert: true, rejectUnauthorized: true };
  const origin = https.createServer(asking, (_originReq, originRes) => originRes.end('known'));
  origin.on('upgrade', (_originReq, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nknown');
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port: originPort } = origin.address() as AddressInfo;
  const common = { rejectUnauthorized: true, ca: server.cert };
  const settings = { protocol: 'https:', hostname: 'localhost' } as const;
  const known = await startProxy(originPort, { ...settings, tls: { ...common, ...own } });
  const unknown = await startProxy(originPort, { ...settings, tls: common });
  t.after(async () => {
    await Promise.all([known.close(), unknown.close()]);
    origin.closeAllConnections();
    origin.close();
  });
  assert.equal((await roundTrip(known.port, GET)).text, 'known');
  const client = await connect(known.port);
  t.after(() => client.destroy());
  client.send(GET.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'));
  await client.contains('known');
  assert.equal((await roundTrip(unknown.port, GET)).status, 502);
});

test('an origin that speaks no TLS is 502', async (t) => {
  const plain = https.createServer(); // without a certificate: no handshake succeeds
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const proxy = await startProxy((plain.address() as AddressInfo).port, { protocol: 'https:' });
  t.after(() => Promise.all([proxy.close(), plain.close()]));
  assert.equal((await roundTrip(proxy.port, GET)).status, 502);
});

test('a WebSocket goes through to an https origin', async (t) => {
  const started = await startTls(t, 'DNS:localhost', { hostname: 'localhost' });
  if (started === null) return;
  new WebSocketServer({ server: started.origin }).on('connection', (socket) =>
    socket.on('message', (data) => socket.send(data)),
  );
  const socket = new WebSocket(`ws://127.0.0.1:${started.proxy.port}/`, {
    headers: { Host: 'www.site.test' },
  });
  await once(socket, 'open');
  socket.send('over TLS');
  const [data] = await once(socket, 'message');
  assert.equal(String(data), 'over TLS');
  socket.terminate();
});
