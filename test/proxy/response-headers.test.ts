import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type HeaderLine, valuesOf } from '../support/message.ts';
import { start } from '../support/proxy.ts';
import { connect, type RawResponse, roundTrip } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: site.test\r\n\r\n';

/** What a client gets when the origin writes exactly this. */
async function answered(t: TestContext, written: string, request = GET): Promise<RawResponse> {
  const { port } = await start(t, written);
  return roundTrip(port, request);
}

const asLines = (headers: readonly HeaderLine[]) => headers.map(([name, value]) => `${name}: ${value}`);
const DATE = 'Date: Tue, 24 Nov 2026 12:00:00 GMT';

test('the head is the origin’s, byte for byte, but for Via, Connection and Keep-Alive', async (t) => {
  const lines = [
    'Server: x',
    'x-ONE: 1',
    DATE,
    'Set-Cookie: a=1; Path=/',
    'set-cookie: b=2',
    'X-One: 2',
    'X-Empty:',
  ];
  const written = `HTTP/1.1 200 Fine\r\n${lines.join('\r\n')}\r\nContent-Length: 2\r\n\r\nok`;
  const response = await answered(t, written);
  const expected = [
    'HTTP/1.1 200 Fine',
    ...lines.with(-1, 'X-Empty: '),
    'Via: 1.1 gotrack',
    'Content-Length: 2',
    'Connection: keep-alive',
    'Keep-Alive: timeout=75',
  ];
  assert.equal(response.head, `${expected.join('\r\n')}\r\n\r\n`);
});

test('Date is added only where the origin sent none', async (t) => {
  const response = await answered(t, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  assert.match(response.header('date')!, /GMT$/);
});

test('Content-Length is the one header that moves', async (t) => {
  const response = await answered(
    t,
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-After: 1\r\n${DATE}\r\n\r\nok`,
  );
  assert.deepEqual(asLines(response.headers).slice(0, 4), [
    'X-After: 1',
    DATE,
    'Via: 1.1 gotrack',
    'Content-Length: 2',
  ]);
});

test('Latin-1 and UTF-8 values keep their bytes, in Content-Disposition too', async (t) => {
  const lines = [
    'Content-Disposition: attachment; filename="na\xefve.txt"',
    'X-Utf8: \xe2\x82\xac',
    'X-High: \x80\xff',
  ];
  const response = await answered(
    t,
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${lines.join('\r\n')}\r\n\r\nok`,
  );
  assert.deepEqual(asLines(response.headers).slice(0, 3), lines);
});

test('Latin-1 values keep their bytes where the body is chunked or long', async (t) => {
  const line = 'Content-Disposition: inline; filename="\xe9.pdf"';
  for (const rest of [
    'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    `Content-Length: 9000\r\n\r\n${'x'.repeat(9000)}`,
  ]) {
    const response = await answered(t, `HTTP/1.1 200 OK\r\n${line}\r\n${rest}`);
    assert.equal(response.header('content-disposition'), 'inline; filename="\xe9.pdf"');
  }
});

const REASONS: [written: string, passed: string][] = [
  ['', ''],
  ['Alles in Ordnung', 'Alles in Ordnung'],
  ['\xe6\x88\x90\xe5\x8a\x9f', '\xe6\x88\x90\xe5\x8a\x9f'], // UTF-8
  ['Tr\xe8s bien', 'Tr\xe8s bien'], // Latin-1
];
for (const [written, passed] of REASONS) {
  test(`the reason phrase passes: ${JSON.stringify(written)}`, async (t) => {
    const response = await answered(t, `HTTP/1.1 200 ${written}\r\nContent-Length: 2\r\n\r\nok`);
    assert.equal(response.reason, passed);
    assert.equal(response.text, 'ok');
  });
}

for (const status of [
  200, 201, 203, 301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 418, 422, 429, 500, 503, 599, 799,
]) {
  test(`a status passes with its body: ${status}`, async (t) => {
    const response = await answered(t, `HTTP/1.1 ${status} X\r\nContent-Length: 4\r\n\r\nbody`);
    assert.equal(response.status, status);
    assert.equal(response.text, 'body');
  });
}

test('hop-by-hop headers and those that Connection lists go no further', async (t) => {
  const lines = [
    'Connection: keep-alive, X-Hop',
    'x-hop: 1',
    'Keep-Alive: timeout=3',
    'Proxy-Authenticate: Basic',
    'Upgrade: h2',
    'TE: x',
    'X-Stay: 2',
  ];
  const response = await answered(
    t,
    `HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\nContent-Length: 2\r\n\r\nok`,
  );
  assert.equal(asLines(response.headers)[0], 'X-Stay: 2');
  assert.equal(response.header('keep-alive'), 'timeout=75');
  assert.equal(response.header('upgrade'), undefined);
});

test('the origin’s Connection: close does not close the client’s connection', async (t) => {
  const { origin, port } = await start(t, (_request, socket) => {
    socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
  });
  const client = await connect(port);
  t.after(() => client.destroy());
  for (let i = 0; i < 3; i++) {
    client.send(GET);
    const response = await client.response();
    assert.equal(response.header('connection'), 'keep-alive');
  }
  assert.equal(origin.connections(), 3);
});

test('the origin’s connection is used again', async (t) => {
  const { origin, port } = await start(t);
  for (let i = 0; i < 5; i++) await roundTrip(port, GET);
  assert.equal(origin.connections(), 1);
  assert.equal(origin.requests.length, 5);
});

test('Via is joined to what was there', async (t) => {
  const response = await answered(t, 'HTTP/1.1 200 OK\r\nVia: 1.1 cdn\r\nContent-Length: 2\r\n\r\nok');
  assert.deepEqual(valuesOf(response.headers, 'via'), ['1.1 cdn, 1.1 gotrack']);
});

test('a redirect is passed on with its Set-Cookie and is not followed', async (t) => {
  const { origin, port } = await start(
    t,
    'HTTP/1.1 302 Found\r\nLocation: http://other.test/x?a%2Fb\r\nSet-Cookie: session=1; HttpOnly\r\nContent-Length: 0\r\n\r\n',
  );
  const response = await roundTrip(
    port,
    'POST /login HTTP/1.1\r\nHost: site.test\r\nContent-Length: 3\r\n\r\na=b',
  );
  assert.equal(response.status, 302);
  assert.equal(response.header('location'), 'http://other.test/x?a%2Fb');
  assert.equal(response.header('set-cookie'), 'session=1; HttpOnly');
  assert.equal(origin.requests.length, 1);
});

test('validators, ranges and encodings pass untouched', async (t) => {
  const lines = [
    'ETag: "a"',
    'Accept-Ranges: bytes',
    'Content-Range: bytes 0-1/9',
    'Content-Encoding: gzip',
    'Vary: A',
    'Digest: x',
  ];
  const response = await answered(
    t,
    `HTTP/1.1 206 Partial\r\n${lines.join('\r\n')}\r\nContent-Length: 2\r\n\r\n\x1f\x8b`,
  );
  assert.deepEqual(asLines(response.headers).slice(0, 6), lines);
  assert.equal(response.text, '\x1f\x8b');
});

test('40 KB of response headers pass, 70 KB are the origin’s fault', async (t) => {
  const big = (bytes: number) =>
    `HTTP/1.1 200 OK\r\nX-Big: ${'b'.repeat(bytes)}\r\nContent-Length: 2\r\n\r\nok`;
  assert.equal((await answered(t, big(40_000))).header('x-big')!.length, 40_000);
  assert.equal((await answered(t, big(70_000))).status, 502);
});
