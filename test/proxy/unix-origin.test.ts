import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startProxy } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';
import { tempFolder } from '../support/temp.ts';

async function startUnix(t: TestContext) {
  const folder = tempFolder();
  const socketPath = join(folder.path, 'app.sock');
  const origin = http.createServer((originReq, originRes) =>
    originRes.end(`${originReq.headers.host} ${originReq.url}`),
  );
  origin.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello');
    socket.pipe(socket);
  });
  origin.listen(socketPath);
  await once(origin, 'listening');
  const proxy = await startProxy(80, { hostname: 'localhost', socketPath });
  t.after(async () => {
    await proxy.close();
    origin.closeAllConnections();
    origin.close();
    folder.remove();
  });
  return proxy;
}

test('an origin on a unix socket is served, with the client’s Host', async (t) => {
  const { port } = await startUnix(t);
  const response = await roundTrip(port, 'GET /a%2Fb? HTTP/1.1\r\nHost: site.test\r\n\r\n');
  assert.equal(response.text, 'site.test /a%2Fb?');
});

test('a tunnel goes through to a unix socket', async (t) => {
  const { port } = await startUnix(t);
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  await client.contains('hello');
  client.send('ping');
  await client.contains('ping');
});
