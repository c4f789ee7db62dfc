import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ok, until } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** Each is refused, the connection closed, and neither it nor what follows it on the wire reaches the origin. */
const REFUSED: [name: string, status: number, request: string][] = [
  // RFC 9112 §3.2: Host
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['two Hosts that agree', 400, 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n'],
  ['two Hosts in HTTP/1.0', 400, 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['a Host with a path', 400, 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with a user', 400, 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
  ['a Host with a space', 400, 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['a Host with markup', 400, 'GET / HTTP/1.1\r\nHost: a"><script>\r\n\r\n'],
  ['a Host of an open bracket', 400, 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n'],
  ['a Host with a port that is none', 400, 'GET / HTTP/1.1\r\nHost: a:80b\r\n\r\n'],
  // RFC 9112 §3.2.1 to §3.2.4: targets
  ['an absolute form of another host', 400, 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute form of another port', 400, 'GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute form with a user', 400, 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute form of another scheme', 400, 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute form without a host', 400, 'GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment', 400, 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment in the query', 400, 'GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment in the absolute form', 400, 'GET http://a/#b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment right behind the authority', 400, 'GET http://a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a target without a slash', 400, 'GET index.html HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['the asterisk form of GET', 400, 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space in the target', 400, 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a control character in the target', 400, 'GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n'],
  // RFC 9112 §2.3: versions
  ['HTTP/2.0', 505, 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'],
  ['HTTP/0.9 with headers', 505, 'GET / HTTP/0.9\r\nHost: a\r\n\r\n'],
  ['HTTP/0.9', 505, 'GET /\r\n\r\n'],
  ['HTTP/1.2', 400, 'GET / HTTP/1.2\r\nHost: a\r\n\r\n'],
  ['HTTP in small letters', 400, 'GET / http/1.1\r\nHost: a\r\n\r\n'],
  // RFC 9112 §6: framing
  ['Transfer-Encoding in HTTP/1.0', 400, 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  [
    'a length and chunks',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'chunks and a length',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  [
    'two lengths that agree',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
  ],
  ['a list of lengths', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na'],
  ['a negative length', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'],
  ['a signed length', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na'],
  ['a hexadecimal length', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na'],
  [
    'a length too great to count',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\na',
  ],
  [
    'a coding below the chunks',
    501,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'a coding below the chunks in two lines',
    501,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'a coding above the chunks',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
  ],
  [
    'a coding that is none',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  ],
  ['identity', 400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n'],
  [
    'a space before the colon',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a folded line', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\n\r\n'],
  ['a header without a name', 400, 'GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n'],
  ['a NUL in a value', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n'],
  ['a bare CR in a value', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: a\rb\r\n\r\n'],
  ['lines that end in LF alone', 400, 'GET / HTTP/1.1\nHost: a\nX-A: 1\n\n'],
  // RFC 9110 §7.6.1: Connection
  ['Connection lists Host', 400, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Host\r\n\r\n'],
  [
    'Connection lists Content-Length',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 1\r\n\r\na',
  ],
  [
    'Connection lists Transfer-Encoding',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  // Methods
  ['CONNECT', 405, 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
  ['TRACE', 405, 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a method that nobody knows', 400, 'FETCH / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a method in small letters', 400, 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['no HTTP at all', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  // A loop
  ['a request that has been through us', 508, 'GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 gotrack\r\n\r\n'],
  ['the same, with a comment', 508, 'GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 gotrack (node)\r\n\r\n'],
  // RFC 6585 §5
  ['more header lines than 64 KB', 431, `GET / HTTP/1.1\r\nHost: a\r\n${'a:\r\n'.repeat(20_000)}\r\n`],
];

async function refused(t: TestContext, request: string) {
  const { origin, proxy, port } = await start(t);
  await roundTrip(port, 'GET /warm HTTP/1.1\r\nHost: a\r\n\r\n'); // the origin's connection stands ready
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(request);
  const response = await client.response();
  await client.ended();
  assert.equal(client.received(), '', 'nothing comes behind the refusal');
  assert.equal(response.header('connection'), 'close');
  assert.equal(origin.requests.length, 1);
  assert.equal(proxy.seen.failures.length + proxy.seen.faults.length, 0);
  return response;
}

for (const [name, status, request] of REFUSED) {
  test(`refuses ${name}`, async (t) => {
    assert.equal((await refused(t, request)).status, status);
  });

  test(`refuses ${name} with all that follows it`, async (t) => {
    assert.equal((await refused(t, request + SMUGGLED)).status, status);
  });
}

test('says what was wrong, and what is allowed', async (t) => {
  const response = await refused(t, 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(response.header('allow'), 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  assert.deepEqual(JSON.parse(response.text), { error: 'method' });
});

const ACCEPTED: [name: string, request: string][] = [
  ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a Host with an underscore and a port', 'GET / HTTP/1.1\r\nHost: my_app.test:8080\r\n\r\n'],
  ['an IPv6 Host', 'GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n'],
  ['an empty line before the request', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['Chunked with a capital', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n'],
  [
    'chunk extensions',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n',
  ],
  ['a query full of odd characters', 'GET /?a=<b>"c"{d}|e\\f^g` HTTP/1.1\r\nHost: a\r\n\r\n'],
];
for (const [name, request] of ACCEPTED) {
  test(`accepts ${name}`, async (t) => {
    const { origin, port } = await start(t);
    const client = await connect(port);
    t.after(() => client.destroy());
    client.send(request);
    assert.equal((await client.response()).status, 200);
    assert.equal(origin.requests.length, 1);
  });
}

test('a body that breaks off in nonsense is 400, and the origin never takes it for whole', async (t) => {
  const { origin, port } = await start(t, () => {});
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n');
  await origin.received(1);
  client.send('zz\r\n');
  assert.equal((await client.response()).status, 400);
  await client.ended();
  await assert.rejects(origin.requests[0]!.body);
});

test('nonsense behind an answer that is under way does not get into it', async (t) => {
  const { port } = await start(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
  });
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.contains('half');
  client.send('nonsense\r\n\r\n');
  await client.ended();
  assert.doesNotMatch(client.received(), /400/);
});

test('bytes behind a request that said Connection: close do not spoil its answer', async (t) => {
  const { proxy, port } = await start(
    t,
    (_request, socket) => void setTimeout(() => socket.write(ok('whole')), 50),
  );
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nnonsense');
  assert.equal((await client.response()).text, 'whole');
  assert.equal(await client.ended(), 'end');
  assert.deepEqual(proxy.seen.badRequests, []);
});

test('after a refusal the origin gets nothing of the connection, whenever it comes', async (t) => {
  const { origin, port } = await start(t);
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  client.send(SMUGGLED);
  await client.ended();
  assert.equal(origin.requests.length, 0);
});

test('a client that holds a refused connection open loses it', async (t) => {
  const { port } = await start(t);
  const client = await connect(port, { allowHalfOpen: true });
  t.after(() => client.destroy());
  client.send('nonsense\r\n\r\n');
  assert.equal((await client.response()).status, 400);
  const drip = setInterval(() => client.send('more'), 20);
  t.after(() => clearInterval(drip));
  await until(() => client.socket.destroyed, 'the end of the connection');
});

test('clients that reset right after a refused request harm nobody', async (t) => {
  const { proxy, port } = await start(t);
  for (const request of [
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
  ]) {
    for (let i = 0; i < 20; i++) {
      const client = await connect(port);
      client.send(request);
      await until(() => client.socket.bytesWritten === request.length, 'the request to be sent');
      client.reset();
    }
  }
  const client = await connect(port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await client.response()).status, 200);
  client.destroy();
  assert.deepEqual(proxy.seen.faults, []);
});
