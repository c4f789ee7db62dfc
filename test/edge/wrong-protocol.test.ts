/** HTTP where TLS is expected and the other way round: an answer that says so, and nobody else is harmed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import tls from 'node:tls';
import { ask, connectHttp2, startTls } from '../support/http2.ts';
import { start } from '../support/proxy.ts';
import { connect } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('a request in the clear on the TLS port is told what the port speaks, and the connection closes', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const client = await connect(started.port);
  t.after(() => client.destroy());
  client.send(GET);
  const response = await client.response();
  assert.equal(response.status, 400);
  assert.equal(response.header('connection'), 'close');
  assert.match(response.text, /speaks HTTPS/);
  assert.equal(await client.ended(), 'end');
  assert.deepEqual(started.proxy.seen.badRequests, ['ERR_SSL_HTTP_REQUEST']);
  assert.equal(started.origin.requests.length, 0);
  assert.equal((await ask(connectHttp2(t, started.port))).status, 200);
});

test('other nonsense on the TLS port is just closed', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const client = await connect(started.port);
  t.after(() => client.destroy());
  client.send('\0\0\0nonsense\r\n\r\n'.repeat(10));
  await client.ended();
  assert.doesNotMatch(client.received(), /HTTP/);
});

test('a TLS handshake on the port in the clear is 400, and the connection closes', async (t) => {
  const { proxy, origin, port } = await start(t);
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  const [error] = await once(socket, 'error'); // no hang: the 400 is no TLS
  assert.equal(error.code, 'ERR_SSL_WRONG_VERSION_NUMBER');
  assert.equal(proxy.seen.badRequests.length, 1);
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(GET);
  assert.equal((await client.response()).status, 200);
  assert.equal(origin.requests.length, 1);
});
