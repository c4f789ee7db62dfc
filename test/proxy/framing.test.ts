import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ok, type Script, until } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect, type RawClient, type RawResponse, roundTrip } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: site.test\r\n\r\n';
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

async function answered(t: TestContext, written: string | Script, request = GET): Promise<RawResponse> {
  const { port } = await start(t, written);
  return roundTrip(port, request);
}

async function client(t: TestContext, port: number): Promise<RawClient> {
  const connected = await connect(port);
  t.after(() => connected.destroy());
  return connected;
}

// Responses

test('a length stays a length', async (t) => {
  const response = await answered(t, ok('hello'));
  assert.equal(response.header('content-length'), '5');
  assert.equal(response.header('transfer-encoding'), undefined);
  assert.equal(response.text, 'hello');
});

test('chunks stay chunks', async (t) => {
  const body = `${chunk('hello ')}${chunk('world')}0\r\n\r\n`;
  const response = await answered(t, `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
  assert.equal(response.header('transfer-encoding'), 'chunked');
  assert.equal(response.header('content-length'), undefined);
  assert.equal(response.text, 'hello world');
});

test('a body that the close ends becomes chunks, which say that it is whole', async (t) => {
  const response = await answered(t, (_request, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil close'));
  assert.equal(response.header('transfer-encoding'), 'chunked');
  assert.equal(response.text, 'until close');
});

test('an HTTP/1.0 origin is understood', async (t) => {
  const response = await answered(t, (_request, socket) =>
    socket.end('HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nold'),
  );
  assert.equal(response.header('x-a'), '1');
  assert.equal(response.text, 'old');
});

test('an empty body with a length has no body', async (t) => {
  const response = await answered(t, ok(''));
  assert.equal(response.header('content-length'), '0');
  assert.equal(response.text, '');
});

test('trailers pass, with their names, case and duplicates, and are announced as the origin did', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nTrailer: X-Sum, x-Sig\r\nTransfer-Encoding: chunked\r\n\r\n';
  const response = await answered(
    t,
    `${head}${chunk('body')}0\r\nX-Sum: 1\r\nx-Sig: a\xe9\r\nX-Sum: 2\r\n\r\n`,
  );
  assert.equal(response.header('trailer'), 'X-Sum, x-Sig');
  assert.deepEqual(response.trailers, [
    ['X-Sum', '1'],
    ['x-Sig', 'a\xe9'],
    ['X-Sum', '2'],
  ]);
});

test('a Trailer header beside a length is no obstacle', async (t) => {
  const response = await answered(t, 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 2\r\n\r\nok');
  assert.equal(response.text, 'ok');
});

const BODILESS: [title: string, request: string, written: string, head: RegExp][] = [
  [
    'HEAD with a length',
    'HEAD',
    'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n',
    /^Content-Length: 1234\r$/m,
  ],
  [
    'HEAD with chunks',
    'HEAD',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    /^HTTP\/1.1 200 OK\r$/m,
  ],
  ['HEAD with neither', 'HEAD', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n', /^X-A: 1\r$/m],
  ['204', 'GET', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n', /^X-A: 1\r$/m],
  [
    '304 with a length',
    'GET',
    'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 99\r\n\r\n',
    /^ETag: "a"\r$/m,
  ],
];
for (const [title, method, written, head] of BODILESS) {
  test(`a response without a body leaves the connection in step: ${title}`, async (t) => {
    const { port } = await start(t, (request, socket) => {
      socket.write(request.target === '/' ? written : ok('next'));
    });
    const connected = await client(t, port);
    connected.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
    const response = await connected.response(method);
    assert.match(response.head, head);
    assert.doesNotMatch(response.head, /transfer-encoding/i);
    connected.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal((await connected.response()).text, 'next');
  });
}

test('HEAD reaches the origin as HEAD', async (t) => {
  const { origin, port } = await start(t, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
  await roundTrip(port, 'HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(origin.requests[0]!.method, 'HEAD');
});

// 1xx

test('103 passes before the answer, with its headers as they came, and more than once', async (t) => {
  const hints = (link: string) =>
    `HTTP/1.1 103 Early Hints\r\nlink: ${link}\r\nX-Hint: \xe9\r\nConnection: x\r\n\r\n`;
  const script =
    hints('</a.css>; rel=preload; as=style, </b.js>;rel="preload"; as=script') + hints('<bad') + ok();
  const { port } = await start(t, script);
  const connected = await client(t, port);
  connected.send(GET);
  const first = await connected.response();
  assert.equal(first.status, 103);
  assert.deepEqual(first.headers, [
    ['link', '</a.css>; rel=preload; as=style, </b.js>;rel="preload"; as=script'],
    ['X-Hint', '\xe9'],
  ]);
  assert.deepEqual((await connected.response()).headers[0], ['link', '<bad']);
  assert.equal((await connected.response()).text, 'ok');
});

test('103 passes at once, while the answer is still being made', async (t) => {
  let finish = () => {};
  const { port } = await start(t, (_request, socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nLink: <a>; rel=preload\r\n\r\n');
    finish = () => void socket.write(ok());
  });
  const connected = await client(t, port);
  connected.send(GET);
  assert.equal((await connected.response()).status, 103);
  finish();
  assert.equal((await connected.response()).status, 200);
});

test('102 and unknown 1xx pass too', async (t) => {
  const { port } = await start(t, `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 X\r\nX-A: 1\r\n\r\n${ok()}`);
  const connected = await client(t, port);
  connected.send(GET);
  assert.equal((await connected.response()).status, 102);
  assert.deepEqual((await connected.response()).headers, [['X-A', '1']]);
  assert.equal((await connected.response()).status, 200);
});

test('an HTTP/1.0 client gets no 1xx', async (t) => {
  const response = await answered(
    t,
    `HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${ok()}`,
    'GET / HTTP/1.0\r\n\r\n',
  );
  assert.equal(response.status, 200);
});

// Requests

test('a request’s length stays a length', async (t) => {
  const { origin, port } = await start(t);
  await roundTrip(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody');
  assert.match(origin.requests[0]!.head, /^Content-Length: 4\r$/m);
  assert.doesNotMatch(origin.requests[0]!.head, /transfer-encoding/i);
  assert.equal(String(await origin.requests[0]!.body), 'body');
});

test('a request’s chunks stay chunks, even where all of them came at once', async (t) => {
  const { origin, port } = await start(t);
  const body = `${chunk('hello ')}${chunk('world')}0\r\n\r\n`;
  await roundTrip(port, `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
  assert.match(origin.requests[0]!.head, /^Transfer-Encoding: chunked\r$/m);
  assert.doesNotMatch(origin.requests[0]!.head, /content-length/i);
  assert.equal(String(await origin.requests[0]!.body), 'hello world');
});

test('Content-Length: 0 of a POST stays', async (t) => {
  const { origin, port } = await start(t);
  await roundTrip(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  assert.match(origin.requests[0]!.head, /^Content-Length: 0\r$/m);
});

test('a body reaches the origin while the rest of it is still to come', async (t) => {
  const { origin, port } = await start(t, () => {});
  const connected = await client(t, port);
  connected.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nfirst');
  await origin.received(1);
  await until(() => origin.requests[0]!.soFar() === 'first', 'the first bytes of the body');
});

// Connections of clients

test('pipelined requests are answered in their order', async (t) => {
  const { origin, port } = await start(t, (request, socket) => {
    const delay = request.target === '/slow' ? 60 : 0;
    setTimeout(() => void socket.write(ok(request.target)), delay);
  });
  const connected = await client(t, port);
  connected.send(['/slow', '/a', '/b'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  for (const path of ['/slow', '/a', '/b']) assert.equal((await connected.response()).text, path);
  assert.equal(origin.requests.length, 3);
});

test('a pipelined request behind a body is in step', async (t) => {
  const { port } = await start(t, (request, socket) => void socket.write(ok(request.target)));
  const connected = await client(t, port);
  connected.send(
    'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyPOST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  for (const path of ['/a', '/b', '/c']) assert.equal((await connected.response()).text, path);
});

test('an HTTP/1.0 client gets no chunks; the close ends its body', async (t) => {
  const written = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('hello')}0\r\n\r\n`;
  const { port } = await start(t, written);
  const connected = await client(t, port);
  connected.send('GET / HTTP/1.0\r\n\r\n');
  const response = await connected.response();
  assert.equal(response.header('transfer-encoding'), undefined);
  assert.equal(response.header('connection'), 'close');
  assert.equal(response.text, 'hello');
  assert.equal(await connected.ended(), 'end');
});

test('an HTTP/1.0 client that asks for it keeps its connection where there is a length', async (t) => {
  const { port } = await start(t);
  const connected = await client(t, port);
  for (let i = 0; i < 2; i++) {
    connected.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const response = await connected.response();
    assert.equal(response.header('connection'), 'keep-alive');
    assert.equal(response.text, 'ok');
  }
});

test('Connection: close is done', async (t) => {
  const { port } = await start(t);
  const connected = await client(t, port);
  connected.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.equal((await connected.response()).header('connection'), 'close');
  assert.equal(await connected.ended(), 'end');
});

// Timing and writes

test('a server-sent event passes at once, and so does the head before the first of them', async (t) => {
  let send = (_text: string) => {};
  const { port } = await start(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
    send = (text) => void socket.write(chunk(text));
  });
  const connected = await client(t, port);
  connected.send(GET);
  assert.match(await connected.head(), /text\/event-stream/);
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    send(event);
    await connected.contains(chunk(event));
  }
});

test('the first bytes of a body with a length do not wait for the rest', async (t) => {
  const { port } = await start(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst');
  });
  const connected = await client(t, port);
  connected.send(GET);
  await connected.contains('\r\n\r\nfirst');
});

test('a small response is one write', async (t) => {
  const { port } = await start(t, ok('x'.repeat(4000)));
  const connected = await client(t, port);
  connected.send(GET);
  await connected.response();
  assert.equal(connected.reads(), 1);
});

test('an early answer to an upload passes, and the connection is in step after it', async (t) => {
  const megabytes = 8;
  const { port } = await start(t, (request, socket) => {
    if (request.method === 'GET') socket.write(ok('next'));
    else socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
  });
  const connected = await client(t, port);
  connected.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${megabytes * 2 ** 20}\r\n\r\n`);
  connected.send(Buffer.alloc(2 ** 20));
  assert.equal((await connected.response()).status, 413);
  for (let i = 1; i < megabytes; i++) connected.send(Buffer.alloc(2 ** 20));
  connected.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await connected.response()).text, 'next');
});
