import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ok, type Script, until } from '../support/origin.ts';
import { type ProxyOptions, start } from '../support/proxy.ts';
import { connect } from '../support/raw-client.ts';

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n';
const GET = 'GET /next HTTP/1.1\r\nHost: site.test\r\n\r\n';

async function open(t: TestContext, script: Script, request = UPGRADE) {
  let seen: Pick<Socket, 'bytesRead'> | undefined;
  const resolveAddress: ProxyOptions['resolveAddress'] = ({ socket }) => {
    seen = socket as Socket;
    return { ip: '127.0.0.1', ipKey: '127.0.0.1', peer: '127.0.0.1', peerTrusted: false };
  };
  const byTarget: Script = (received, socket) =>
    received.target === '/next' ? socket.write(ok('next')) : script(received, socket);
  const started = await start(t, byTarget, { resolveAddress });
  const client = await connect(started.port);
  t.after(() => client.destroy());
  client.send(request);
  return { client, ...started, bytesRead: () => seen!.bytesRead };
}

const REFUSALS: Record<string, [written: string, body: string]> = {
  'a length': ['HTTP/1.1 403 Nope\r\nX-a: 1\r\nSet-Cookie: b=2\r\nContent-Length: 4\r\n\r\nbody', 'body'],
  chunks: ['HTTP/1.1 400 Bad\r\nX-a: 1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n', 'body'],
  'no body': ['HTTP/1.1 426 Upgrade Required\r\nX-a: 1\r\nContent-Length: 0\r\n\r\n', ''],
  'a status without a body': ['HTTP/1.1 204 No Content\r\nX-a: 1\r\n\r\n', ''],
  'a redirect': ['HTTP/1.1 302 Found\r\nX-a: 1\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n', ''],
};
for (const [what, [written, body]] of Object.entries(REFUSALS)) {
  test(`a refusal passes as it came, and the connection goes on: ${what}`, async (t) => {
    const { client, proxy } = await open(t, (_request, socket) => socket.end(written));
    const response = await client.response();
    assert.equal(response.status, Number(written.slice(9, 12)));
    assert.equal(response.reason, written.slice(13, written.indexOf('\r\n')));
    assert.equal(response.header('x-a'), '1');
    assert.equal(response.header('set-cookie'), /Set-Cookie/.test(written) ? 'b=2' : undefined);
    assert.equal(response.header('via'), '1.1 gotrack');
    assert.equal(response.header('connection'), 'keep-alive');
    for (const name of ['content-length', 'transfer-encoding']) {
      const came = new RegExp(`^${name}: (.*?)\r$`, 'im').exec(written)?.[1];
      assert.equal(response.header(name), came);
    }
    assert.equal(response.text, body);
    client.send(GET);
    assert.equal((await client.response()).text, 'next');
    assert.deepEqual(proxy.seen.tunnels, { opened: 0, closed: 0 });
  });
}

test('a refusal that the close ends becomes chunks', async (t) => {
  const { client } = await open(t, (_request, socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\nuntil close'));
  const response = await client.response();
  assert.equal(response.header('transfer-encoding'), 'chunked');
  assert.equal(response.text, 'until close');
  client.send(GET);
  assert.equal((await client.response()).text, 'next');
});

test('trailers of a refusal pass', async (t) => {
  const written = 'HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n';
  const { client } = await open(t, (_request, socket) => socket.write(written));
  assert.deepEqual((await client.response()).trailers, [['X-Sum', '1']]);
});

test('1xx before a refusal pass', async (t) => {
  const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';
  const { client } = await open(t, (_request, socket) => socket.write(hint + ok('no tunnel')));
  const first = await client.response();
  assert.equal(first.status, 103);
  assert.deepEqual(first.headers, [['Link', '</a.css>']]);
  assert.equal((await client.response()).text, 'no tunnel');
});

test('a refused connection may ask again, as often as it likes, and may get its tunnel', async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  let asked = 0;
  const { client, proxy } = await open(t, (_request, socket) => {
    asked += 1;
    if (asked <= 12) return socket.write('HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\nhello');
  });
  for (let i = 0; i < 12; i++) {
    assert.equal((await client.response()).status, 401);
    client.send(UPGRADE);
  }
  await client.contains('hello');
  assert.equal(proxy.seen.tunnels.opened, 1);
  assert.deepEqual(warnings, []);
});

test('bytes that followed the request are never read as a request: the connection closes', async (t) => {
  for (const early of [true, false]) {
    let refuse = () => {};
    const { client, origin, bytesRead } = await open(
      t,
      (_request, socket) => {
        refuse = () => void socket.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
      },
      early ? UPGRADE + GET : UPGRADE,
    );
    await origin.received(1);
    if (!early) {
      const before = bytesRead();
      client.send(GET);
      await until(() => bytesRead() > before, 'the early bytes');
    }
    refuse();
    const response = await client.response();
    assert.equal(response.text, 'no');
    assert.equal(response.header('connection'), 'close');
    assert.equal(await client.ended(), 'end');
    assert.deepEqual(
      origin.requests.map(({ target }) => target),
      ['/chat'],
    );
  }
});

test('a client that wants its connection closed gets that', async (t) => {
  const request = UPGRADE.replace('Connection: Upgrade', 'Connection: Upgrade, close');
  const { client } = await open(t, (_request, socket) => socket.write(ok('no')), request);
  assert.equal((await client.response()).header('connection'), 'close');
  assert.equal(await client.ended(), 'end');
});

test('a connection that asked in vain ends with the drain', async (t) => {
  const { client, proxy } = await open(t, (_request, socket) => socket.write(ok('no')));
  await client.response();
  const closed = proxy.close();
  assert.equal(await client.ended(), 'end');
  await closed;
});

test('a refusal of 2 MB passes whole', async (t) => {
  const body = 'x'.repeat(2 ** 21);
  const { client } = await open(t, (_request, socket) => socket.write(ok(body)));
  assert.equal((await client.response()).text.length, body.length);
});

test('a refusal that was cut does not look whole', async (t) => {
  const { client } = await open(t, (_request, socket) => {
    socket.write('HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    setTimeout(() => socket.destroy(), 30);
  });
  await client.contains('half');
  assert.equal(await client.ended(), 'reset');
});
