/** RFC 9110 §10.1.1, §6.5, RFC 9112 §3.2.4: Expect end to end, trailers of a request, the asterisk form. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { headerLines } from '../support/message.ts';
import { ok, until } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect } from '../support/raw-client.ts';
import { forwards, refuses } from './support/case.ts';
import { answer, ask, chunk, get, head } from './support/messages.ts';

const EXPECTS = head('POST / HTTP/1.1', 'Host: site.test', 'Expect: 100-continue', 'Content-Length: 4');

async function open(t: TestContext, onRequest: (socket: Socket, body: Promise<Buffer>) => void) {
  const { origin, port } = await start(t, (request, socket) => {
    if (request.target === '/canary') socket.write(ok('canary'));
    else onRequest(socket, request.body);
  });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(EXPECTS);
  await origin.received(1);
  return { origin, client };
}

describe('RFC 9110 §10.1.1 Expect: 100-continue is the origin’s to answer', () => {
  test('100 comes from the origin, and no sooner', async (t) => {
    let say = () => {};
    const { origin, client } = await open(t, (socket, body) => {
      say = () => void socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      void body.then((bytes) => socket.write(ok(bytes.toString())));
    });
    assert.match(origin.requests[0]!.head, /^Expect: 100-continue\r$/m);
    assert.equal(client.received(), '');
    say();
    assert.equal((await client.response()).status, 100);
    client.send('body');
    assert.equal((await client.response()).text, 'body');
    client.send(get('/canary'));
    assert.equal((await client.response()).text, 'canary');
  });

  test('a client that does not wait is served', async (t) => {
    const { client } = await open(t, (socket, body) => {
      void body.then((bytes) => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${ok(bytes.toString())}`));
    });
    client.send('body');
    assert.equal((await client.response()).status, 100);
    assert.equal((await client.response()).text, 'body');
  });

  for (const status of ['417 Expectation Failed', '413 Too Large', '401 Unauthorized']) {
    test(`${status} instead: the client need not send its body, and what it sends is no request`, async (t) => {
      const { origin, client } = await open(
        t,
        (socket) => void socket.write(answer(status, 'no', 'X-Why: so')),
      );
      const refusal = await client.response();
      assert.equal(refusal.status, Number(status.slice(0, 3)));
      assert.equal(refusal.header('x-why'), 'so');
      client.send(`body${get('/canary')}`);
      await Promise.race([client.ended(), client.contains('canary')]);
      const targets = origin.requests.map(({ target }) => target);
      assert.ok(
        targets.every((target) => target === '/' || target === '/canary'),
        targets.join(),
      );
    });
  }
});

refuses('RFC 9110 §10.1.1 an expectation that nobody knows', [
  { it: 'Expect: 200-ok', send: get('/', 'Expect: 200-ok'), gets: 417 },
  { it: 'one beside 100-continue', send: get('/', 'Expect: 100-continue, x'), gets: 417 },
]);

describe('RFC 9110 §6.5 trailers of a request', () => {
  test('pass with their order, case, duplicates and bytes, and are announced as the client did', async (t) => {
    let wire = '';
    const { origin, port } = await start(t, (request, socket) => {
      wire += request.soFar();
      socket.on('data', (bytes) => {
        wire += bytes.toString('latin1');
      });
      void request.body.then(() => socket.write(ok()));
    });
    const client = await connect(port);
    t.after(() => client.destroy());
    const trailers = 'x-Sum: 1\r\nX-Sig: \xe9\r\nx-Sum: 2\r\n';
    client.send(
      `${head('POST / HTTP/1.1', 'Host: a', 'Trailer: x-Sum, X-Sig', 'Transfer-Encoding: chunked')}${chunk('body')}`,
    );
    await origin.received(1);
    client.send(`0\r\n${trailers}\r\n`);
    assert.equal((await client.response()).text, 'ok');
    assert.match(origin.requests[0]!.head, /^Trailer: x-Sum, X-Sig\r$/m);
    await until(() => wire.endsWith('\r\n\r\n'), 'the end of the body');
    assert.deepEqual(headerLines(wire.slice(wire.lastIndexOf('\r\n0\r\n') + 3)), [
      ['x-Sum', '1'],
      ['X-Sig', '\xe9'],
      ['x-Sum', '2'],
    ]);
    assert.equal(await origin.requests[0]!.body.then(String), 'body');
  });
});

forwards('RFC 9112 §3.2.4 the asterisk form', [
  { it: 'OPTIONS *', send: ask('OPTIONS', '*'), originSees: 'OPTIONS * HTTP/1.1' },
  {
    it: 'OPTIONS * before a base path',
    send: ask('OPTIONS', '*'),
    with: { basePath: '/base' },
    originSees: 'OPTIONS * HTTP/1.1',
  },
  {
    it: 'the absolute form of it',
    send: head('OPTIONS http://site.test HTTP/1.1', 'Host: site.test'),
    originSees: 'OPTIONS * HTTP/1.1',
    changes: 'request',
  },
]);
