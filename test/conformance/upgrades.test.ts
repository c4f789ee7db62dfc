/** RFC 9110 §7.8, RFC 6455 §4: an upgrade becomes a tunnel of bytes, or is an ordinary request. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { valuesOf } from '../support/message.ts';
import { ok, type Received, type Script } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect } from '../support/raw-client.ts';
import { forwards } from './support/case.ts';
import { answer, ask, get, head } from './support/messages.ts';

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const webSocket = (...lines: string[]) =>
  get('/chat', 'Upgrade: websocket', 'Connection: Upgrade', KEY, 'Sec-WebSocket-Version: 13', ...lines);
const SWITCHED = head(
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  ACCEPT,
);

/** Answers a request with 101, and what comes after it with the same in capitals. */
const switchTo =
  (switched: string): Script =>
  (request, socket) => {
    if (!isRequest(request)) return;
    socket.write(switched);
    socket.write(request.soFar().toUpperCase());
    socket.on('data', (bytes) => socket.write(bytes.toString('latin1').toUpperCase(), 'latin1'));
  };

/** What goes through a tunnel may look like one, but nobody put a Via into it. */
const isRequest = ({ headers }: Received) => valuesOf(headers, 'via').length > 0;

async function open(t: TestContext, request: string, script: Script = switchTo(SWITCHED)) {
  const { origin, proxy, port } = await start(t, script);
  const client = await connect(port, { allowHalfOpen: true });
  t.after(() => client.destroy());
  client.send(request);
  return { origin, proxy, client, port };
}

type Tunnel = { it: string; send: string; originSees: string[]; clientSees: string[]; script?: Script };
const TUNNELS: readonly Tunnel[] = [
  {
    it: 'WebSocket',
    send: webSocket(),
    originSees: ['GET /chat HTTP/1.1', 'Upgrade: websocket', KEY],
    clientSees: ['HTTP/1.1 101 Switching Protocols', ACCEPT, 'Upgrade: websocket'],
  },
  {
    it: 'subprotocols and extensions',
    send: webSocket('Sec-WebSocket-Protocol: a, b', 'Sec-WebSocket-Extensions: permessage-deflate'),
    originSees: ['Sec-WebSocket-Protocol: a, b', 'Sec-WebSocket-Extensions: permessage-deflate'],
    clientSees: [ACCEPT],
  },
  {
    it: 'Origin, cookies and forwarded headers',
    send: webSocket('Origin: http://site.test', 'Cookie: a=b'),
    originSees: [
      'Host: site.test',
      'Origin: http://site.test',
      'Cookie: a=b',
      'X-Forwarded-For: 127.0.0.1',
      'Via: 1.1 gotrack',
    ],
    clientSees: [ACCEPT],
  },
  {
    it: 'Connection with more words',
    send: get('/chat', 'Upgrade: websocket', 'Connection: keep-alive, Upgrade', KEY),
    originSees: ['Upgrade: websocket'],
    clientSees: [ACCEPT],
  },
  {
    it: 'small letters',
    send: get('/chat', 'upgrade: WebSocket', 'connection: upgrade', KEY),
    originSees: [KEY],
    clientSees: [ACCEPT],
  },
  {
    it: 'another protocol',
    send: get('/', 'Upgrade: raw/1', 'Connection: Upgrade'),
    originSees: ['Upgrade: raw/1'],
    clientSees: ['Upgrade: raw/1'],
    script: switchTo(head('HTTP/1.1 101 Go', 'Upgrade: raw/1', 'Connection: Upgrade')),
  },
  {
    it: 'a POST without a body',
    send: ask('POST', '/', 'Upgrade: raw/1', 'Connection: Upgrade'),
    originSees: ['POST / HTTP/1.1', 'Upgrade: raw/1', 'Content-Length: 0'],
    clientSees: [ACCEPT],
  },
];

describe('RFC 6455 §4 the handshake, then bytes both ways', () => {
  for (const { it, send, originSees, clientSees, script } of TUNNELS) {
    test(it, async (t) => {
      const { origin, client, proxy } = await open(t, send, script);
      const switched = await client.response();
      assert.equal(switched.status, 101);
      const lines = switched.head.split('\r\n');
      for (const line of clientSees) assert.ok(lines.includes(line), `${line} in ${switched.head}`);
      for (const line of originSees) assert.ok(origin.requests[0]!.head.split('\r\n').includes(line), line);
      client.send('get / http/1.1\r\n\r\n\0\x80');
      await client.contains('GET / HTTP/1.1\r\n\r\n\0\x80');
      assert.equal(
        origin.requests.filter(isRequest).length,
        1,
        'what goes through a tunnel is no request of ours',
      );
      client.destroy();
      await origin.idle();
      assert.deepEqual(proxy.seen.faults, []);
    });
  }

  test('bytes of the client right behind its request pass', async (t) => {
    const { client } = await open(t, `${webSocket()}early`);
    assert.equal((await client.response()).status, 101);
    await client.contains('EARLY');
  });

  test('bytes of the origin right behind its 101 pass', async (t) => {
    const { client } = await open(
      t,
      webSocket(),
      (_request, socket) => void socket.write(`${SWITCHED}hello`),
    );
    await client.response();
    await client.contains('hello');
  });

  test('a client that half-closes still gets the rest', async (t) => {
    const { client } = await open(t, webSocket(), (_request, socket) => {
      socket.write(SWITCHED);
      socket.on('end', () => socket.end('the rest'));
    });
    await client.response();
    client.end();
    await client.contains('the rest');
    await client.ended();
  });

  test('an origin that resets takes the client along', async (t) => {
    const { client } = await open(t, webSocket(), (_request, socket) => {
      socket.write(SWITCHED);
      socket.once('data', () => socket.resetAndDestroy());
    });
    await client.response();
    client.send('x');
    await client.ended();
  });
});

describe('RFC 9110 §7.8 a refused upgrade', () => {
  test('passes on as it came', async (t) => {
    const { client } = await open(t, webSocket(), (_request, socket) => {
      socket.write(answer('403 Forbidden', 'no', 'X-Why: because'));
    });
    const refusal = await client.response();
    assert.equal(refusal.head.split('\r\n')[0], 'HTTP/1.1 403 Forbidden');
    assert.equal(refusal.header('x-why'), 'because');
    assert.equal(refusal.text, 'no');
  });

  test('426 with what the origin speaks', async (t) => {
    const { client } = await open(t, webSocket(), (_request, socket) => {
      socket.write(answer('426 Upgrade Required', '', 'Sec-WebSocket-Version: 13, 8'));
    });
    const refusal = await client.response();
    assert.equal(refusal.status, 426);
    assert.equal(refusal.header('sec-websocket-version'), '13, 8');
  });

  test('closes the connection if bytes followed the request: they are no request', async (t) => {
    const { origin, client } = await open(t, webSocket() + get('/smuggled'), (_request, socket) => {
      socket.write(ok('no'));
    });
    assert.equal((await client.response()).text, 'no');
    await client.ended();
    assert.equal(client.received(), '');
    assert.deepEqual(
      origin.requests.map(({ target }) => target).filter((target) => target !== '/chat'),
      [],
    );
  });

  test('an origin that is not there is 502', async (t) => {
    const { client } = await open(t, webSocket(), (_request, socket) => socket.destroy());
    assert.equal((await client.response()).status, 502);
    await client.ended();
  });
});

forwards('RFC 9110 §7.8 what is no upgrade is an ordinary request', [
  {
    it: 'h2c',
    send: get('/', 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABk'),
    originLacks: ['upgrade', 'http2-settings'],
    clientBody: 'ok',
  },
  {
    it: 'h2c among others',
    send: get('/', 'Upgrade: websocket, h2c', 'Connection: Upgrade'),
    originLacks: 'upgrade',
    clientBody: 'ok',
  },
  {
    it: 'with a body',
    send: `${get('/', 'Upgrade: websocket', 'Connection: Upgrade', 'Content-Length: 4')}body`,
    originLacks: 'upgrade',
    originBody: 'body',
    clientBody: 'ok',
  },
  {
    it: 'HTTP/1.0',
    send: head('GET / HTTP/1.0', 'Host: a', 'Upgrade: websocket', 'Connection: Upgrade'),
    originLacks: 'upgrade',
    clientBody: 'ok',
    closes: true,
    changes: 'response',
  },
  {
    it: 'Connection does not say so',
    send: get('/', 'Upgrade: websocket', KEY),
    originLacks: 'upgrade',
    clientBody: 'ok',
  },
]);
