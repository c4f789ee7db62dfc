/** HTTP/2 to visitors: every exchange is what it would be over HTTP/1.1. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import {
  answerOf,
  ask,
  connectFrames,
  connectHttp2,
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  GET_HEADERS,
  headerBlock,
  startTls,
  testKeyPair,
} from '../support/http2.ts';
import { valuesOf } from '../support/message.ts';
import { findProgram, skipFor } from '../support/needs.ts';
import { ok, startHttpOrigin, until } from '../support/origin.ts';
import { startProxy } from '../support/proxy.ts';

const names = (headers: readonly (readonly [string, string])[]) => headers.map(([name]) => name);

test('a request reaches the origin as HTTP/1.1: Host from :authority, the rest in its order, and our own', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  await ask(session, {
    ':path': '/a%2Fb//c?x=1&',
    ':authority': 'shop.test:8443',
    'x-b': '1',
    'x-a': '2',
    te: 'trailers',
  });
  const [request] = started.origin.requests;
  assert.equal(request!.head.split('\r\n', 1)[0], 'GET /a%2Fb//c?x=1& HTTP/1.1');
  assert.deepEqual(names(request!.headers).slice(0, 4), ['host', 'x-b', 'x-a', 'te']);
  const value = (name: string) => valuesOf(request!.headers, name);
  assert.deepEqual(value('host'), ['shop.test:8443']);
  assert.deepEqual(value('via'), ['2 gotrack']);
  assert.deepEqual(value('x-forwarded-proto'), ['https']);
  assert.deepEqual(value('x-forwarded-host'), ['shop.test:8443']);
  assert.deepEqual(value('x-forwarded-port'), ['8443']);
  assert.ok(!request!.head.includes('\r\n:'), 'no pseudo-header passes');
});

test('cookie crumbs become one line', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const client = await connectFrames(t, started.port);
  const block = headerBlock([
    ...([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'a'],
      [':path', '/'],
    ] as const),
    ...([
      ['cookie', 'a=1'],
      ['x-a', '1'],
      ['cookie', 'b=2'],
      ['cookie', 'c=3'],
    ] as const),
  ]);
  client.send(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, block));
  await started.origin.received(1);
  assert.deepEqual(valuesOf(started.origin.requests[0]!.headers, 'cookie'), ['a=1; b=2; c=3']);
});

test('a response keeps order, duplicates and Latin-1 bytes, and loses what is of the connection', async (t) => {
  const lines =
    'X-B: 1\r\nSet-Cookie: a=1\r\nX-A: caf\xe9\r\nSet-Cookie: b=2\r\nContent-Disposition: attachment; filename="\xfc.txt"\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive, X-Gone\r\nX-Gone: 1\r\nUpgrade: h2c\r\n';
  const started = await startTls(t, ok('body', lines));
  if (started === null) return;
  const answer = await ask(connectHttp2(t, started.port));
  const kept = answer.raw.filter((_, i) => i % 2 === 0);
  assert.deepEqual(kept, [
    ':status',
    'x-b',
    'set-cookie',
    'x-a',
    'set-cookie',
    'content-disposition',
    'via',
    'content-length',
    'date',
  ]);
  assert.equal(answer.headers['x-a'], 'caf\xe9');
  assert.equal(answer.headers['content-disposition'], 'attachment; filename="\xfc.txt"');
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(answer.text, 'body');
});

test('headers that are allowed once are passed on twice where the origin says them twice', async (t) => {
  const started = await startTls(t, ok('x', 'Age: 1\r\nAge: 2\r\n'));
  if (started === null) return;
  const { raw } = await ask(connectHttp2(t, started.port));
  assert.deepEqual(
    raw.filter((_, i) => raw[i - 1] === 'age'),
    ['1', '2'],
  );
});

for (const [what, response, expected] of [
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { status: 200, length: '5' }],
  ['204', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', { status: 204, length: undefined }],
  [
    '304',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n',
    { status: 304, length: '5' },
  ],
  ['an empty body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { status: 200, length: '0' }],
  [
    'an empty chunked body',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    { status: 200, length: undefined },
  ],
] as const) {
  test(`a response without a body ends with its head: ${what}`, async (t) => {
    const started = await startTls(t, response);
    if (started === null) return;
    const session = connectHttp2(t, started.port);
    for (let i = 0; i < 2; i++) {
      const answer = await ask(session, { ':method': what === 'HEAD' ? 'HEAD' : 'GET' });
      assert.equal(answer.status, expected.status);
      assert.equal(answer.headers['content-length'], expected.length);
      assert.equal(answer.body.length, 0);
    }
    assert.equal(started.origin.connections(), 1, 'the origin’s connection is in step');
  });
}

test('a status that RFC 9110 does not know passes on, to a client that has never heard of it either', async (t) => {
  const started = await startTls(t, 'HTTP/1.1 999 Request denied\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nno');
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  const answer = await ask(session);
  assert.deepEqual([answer.status, answer.text, answer.headers['x-a']], [999, 'no', '1']);
  assert.deepEqual(answer.raw.slice(0, 2), [':status', '999']);
  assert.deepEqual(started.proxy.seen.faults, []);
  assert.equal((await ask(session)).status, 999);
});

test('103 and trailers pass to the client', async (t) => {
  const started = await startTls(
    t,
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\nX-Late: 2\r\n\r\n',
  );
  if (started === null) return;
  const answer = await ask(connectHttp2(t, started.port));
  assert.equal(answer.informational.length, 1);
  assert.equal(answer.informational[0]![':status'], 103);
  assert.equal(answer.informational[0]!.link, '</a.css>; rel=preload, </b.js>; rel=preload');
  assert.equal(answer.text, 'hi');
  assert.equal(answer.headers.trailer, 'X-Sum');
  assert.equal(answer.trailers['x-sum'], '1');
  assert.equal(answer.trailers['x-late'], '2');
});

test('a body with a length keeps it, one without is chunked', async (t) => {
  const started = await startTls(t, async (request, socket) => {
    await request.body;
    socket.write(ok());
  });
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  await ask(session, { ':method': 'POST', 'content-length': '4' }, 'body');
  await ask(session, { ':method': 'POST' }, 'x'.repeat(100_000));
  const [sized, unsized] = started.origin.requests;
  assert.deepEqual(valuesOf(sized!.headers, 'content-length'), ['4']);
  assert.deepEqual(valuesOf(sized!.headers, 'transfer-encoding'), []);
  assert.deepEqual(valuesOf(unsized!.headers, 'transfer-encoding'), ['chunked']);
  assert.equal((await unsized!.body).length, 100_000);
});

test('request trailers are trailers to the origin, too', async (t) => {
  const keyPair = testKeyPair(t);
  if (keyPair === null) return;
  const origin = await startHttpOrigin((request, response) => {
    request.resume().once('end', () => response.end(JSON.stringify(request.rawTrailers)));
  });
  const proxy = await startProxy(origin.port, { keyPair });
  t.after(() => Promise.all([proxy.close(), origin.close()]));
  const stream = connectHttp2(t, proxy.port).request({ ':method': 'POST' }, { waitForTrailers: true });
  const answer = answerOf(stream);
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42', 'x-late': '1' }));
  stream.end('hi');
  assert.deepEqual(JSON.parse((await answer).text), ['x-sum', '42', 'x-late', '1']);
});

for (const [what, length] of [
  ['more', '2'],
  ['less', '20'],
] as const) {
  test(`a Content-Length that the body does not keep resets the stream (${what} comes), and the origin’s exchange ends`, async (t) => {
    const started = await startTls(t, () => {});
    if (started === null) return;
    const session = connectHttp2(t, started.port);
    const answer = ask(session, { ':method': 'POST', 'content-length': length }, 'hello');
    await assert.rejects(answer); // node ends the session where nghttp2 would reset the stream: RFC 9113 §5.4.1 allows it
    await started.origin.idle();
    for (const request of started.origin.requests) await assert.rejects(request.body);
  });
}

for (const [what, extra, status] of [
  ['Host that differs from :authority', [['host', 'other.test']], 400],
  ['TRACE', [[':method', 'TRACE']], 405],
  ['a fragment', [[':path', '/#a']], 400],
  ['a loop', [['via', '1.1 gotrack']], 508],
] as const) {
  test(`refused with ${status}: ${what}; the session goes on`, async (t) => {
    const started = await startTls(t);
    if (started === null) return;
    const session = connectHttp2(t, started.port);
    const answer = await ask(session, Object.fromEntries([[':authority', 'a'], ...extra]));
    assert.equal(answer.status, status);
    assert.equal(started.origin.requests.length, 0);
    assert.equal((await ask(session)).status, 200);
  });
}

test('a Host that says what :authority says is one Host', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const answer = await ask(connectHttp2(t, started.port), { ':authority': 'a.test', host: 'A.test:443' });
  assert.equal(answer.status, 200);
  assert.deepEqual(valuesOf(started.origin.requests[0]!.headers, 'host'), ['a.test']);
});

test('Host alone is enough', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const client = await connectFrames(t, started.port);
  const block = headerBlock([
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/'],
    ['host', 'b.test'],
  ]);
  client.send(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, block));
  await client.headers(1);
  assert.deepEqual(valuesOf(started.origin.requests[0]!.headers, 'host'), ['b.test']);
});

test('an ordinary CONNECT is 405', async (t) => {
  const started = await startTls(t);
  if (started === null) return;
  const stream = connectHttp2(t, started.port).request({ ':method': 'CONNECT', ':authority': 'a:1' });
  stream.end();
  assert.equal((await answerOf(stream)).status, 405);
});

for (const [what, header] of [
  ['Connection', ['connection', 'close']],
  ['Transfer-Encoding', ['transfer-encoding', 'chunked']],
  ['Upgrade', ['upgrade', 'h2c']],
  ['another TE', ['te', 'gzip']],
  ['an upper-case name', ['X-A', '1']],
  ['a pseudo-header after others', [':path', '/other']],
  ['an unknown pseudo-header', [':x', '1']],
  ['a second authority', [':authority', 'b']],
] as const) {
  test(`malformed, so the stream is reset and the origin not reached: ${what}`, async (t) => {
    const started = await startTls(t);
    if (started === null) return;
    const client = await connectFrames(t, started.port);
    const block = headerBlock([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'a'],
      [':path', '/'],
      ['x-first', '1'],
      header,
    ]);
    client.send(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, block));
    assert.equal(await client.reset(1), 1);
    assert.equal(started.origin.requests.length, 0);
  });
}

for (const authority of ['a b', 'user@a', 'a\r\nX: 1']) {
  test(`an authority that is none never reaches the origin: ${JSON.stringify(authority)}`, async (t) => {
    const started = await startTls(t);
    if (started === null) return;
    const client = await connectFrames(t, started.port);
    const block = headerBlock([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', authority],
      [':path', '/'],
    ]);
    client.send(frame(FRAME.headers, END_HEADERS | END_STREAM, 1, block));
    assert.equal(await client.reset(1), 1);
    assert.equal(started.origin.requests.length, 0);
  });
}

for (const [what, header] of [
  ['a line end in a value', ['x-a', 'b\r\nX-Smuggled: 1']],
  ['a NUL in a value', ['x-a', 'b\0c']],
  ['a space in a name', ['x a', '1']],
  ['a colon in a name', ['x-a: 1\r\nx-b', '1']],
] as const) {
  test(`what could not be written in HTTP/1.1 is left out: ${what}`, async (t) => {
    const started = await startTls(t);
    if (started === null) return;
    const client = await connectFrames(t, started.port);
    client.send(
      frame(FRAME.headers, END_HEADERS | END_STREAM, 1, headerBlock([...GET_HEADERS, header, ['x-z', '1']])),
    );
    await started.origin.received(1);
    assert.deepEqual(names(started.origin.requests[0]!.headers).slice(0, 2), ['host', 'x-z']);
    assert.doesNotMatch(started.origin.requests[0]!.head, /smuggled|x-b|x a/i);
  });
}

test('a client that resets its stream ends the origin’s exchange at once', async (t) => {
  const started = await startTls(t, () => {});
  if (started === null) return;
  const stream = connectHttp2(t, started.port).request({ ':path': '/' });
  stream.on('error', () => {});
  await started.origin.received(1);
  stream.close(8);
  await started.origin.idle();
  assert.deepEqual(started.proxy.seen.failures, []);
});

/** Node's client ends a body before it resets the stream, so these are frames. */
const POST_HEADERS = [[':method', 'POST'], ...GET_HEADERS.slice(1)] as const;
const CANCEL = Buffer.from([0, 0, 0, 8]);

for (const [what, answer] of [
  ['before its answer', null],
  ['after its answer', ok()],
] as const) {
  test(`an upload that is reset ${what} never looks whole to the origin`, async (t) => {
    const started = await startTls(t, (_request, socket) => {
      if (answer !== null) socket.write(answer);
    });
    if (started === null) return;
    const client = await connectFrames(t, started.port);
    client.send(
      frame(FRAME.headers, END_HEADERS, 1, headerBlock(POST_HEADERS)),
      frame(FRAME.data, 0, 1, Buffer.from('half')),
    );
    await started.origin.received(1);
    await until(() => started.origin.requests[0]!.soFar().includes('half'), 'the first half');
    if (answer !== null) await client.headers(1);
    client.send(frame(FRAME.reset, 0, 1, CANCEL));
    await assert.rejects(started.origin.requests[0]!.body, /closed within a body/);
  });
}

for (const [what, head] of [
  ['with a length', 'Content-Length: 100\r\n\r\nhalf'],
  ['chunked', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
] as const) {
  test(`an origin that is lost in mid-body resets the stream: ${what}`, async (t) => {
    const started = await startTls(t, (_request, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${head}`);
      setTimeout(() => socket.destroy(), 50);
    });
    if (started === null) return;
    const session = connectHttp2(t, started.port);
    await assert.rejects(ask(session), /INTERNAL_ERROR|reset with 2/);
    assert.equal(session.destroyed, false, 'others on the session go on');
  });
}

test('an origin that does not answer is 502, as a page with the request id', async (t) => {
  const started = await startTls(t, (_request, socket) => void socket.destroy());
  if (started === null) return;
  const answer = await ask(connectHttp2(t, started.port), { ':method': 'POST', accept: 'text/html' }, 'x');
  assert.equal(answer.status, 502);
  assert.match(answer.text, /Bad gateway/);
});

test('10 MB pass both ways byte for byte, at the pace of a reader that pauses', async (t) => {
  const body = Buffer.alloc(10 << 20, 0).map((_, i) => (i * 31) >> 7);
  const started = await startTls(t, async (request, socket) => {
    const got = await request.body;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${got.length}\r\n\r\n`);
    socket.write(got);
  });
  if (started === null) return;
  const stream = connectHttp2(t, started.port).request({ ':method': 'POST' });
  let paused = 0;
  const timer = setInterval(() => {
    paused += 1;
    stream.pause();
    setTimeout(() => stream.resume(), 5);
  }, 20);
  t.after(() => clearInterval(timer));
  const answer = answerOf(stream);
  stream.end(body);
  assert.ok((await answer).body.equals(body));
  assert.ok(paused > 0);
});

test('a client that does not read holds up the origin, and nothing is gathered for it', async (t) => {
  let sent = 0;
  const started = await startTls(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    const more = () => {
      while (!socket.destroyed && sent < 200 << 20) {
        sent += 65_536;
        if (!socket.write(chunk)) return void socket.once('drain', more);
      }
    };
    more();
  });
  if (started === null) return;
  const stream = connectHttp2(t, started.port).request({ ':path': '/' });
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('response', resolve));
  let before = -1;
  await until(() => {
    const still = before === sent;
    before = sent;
    return still;
  }, 'the origin to be held up');
  assert.ok(sent < 50 << 20, `${sent} bytes left the origin`);
  stream.close(8);
  await started.origin.idle();
});

test('many streams at once, each with its own answer', async (t) => {
  const started = await startTls(t, (request, socket) => void socket.write(ok(request.target)));
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  const paths = Array.from({ length: 300 }, (_, i) => `/${i}`);
  const answers = await Promise.all(paths.map((path) => ask(session, { ':path': path })));
  assert.deepEqual(
    answers.map(({ text }) => text),
    paths,
  );
});

test('a fault of ours is 500 for one stream and nothing for the others', async (t) => {
  let broken = true;
  const started = await startTls(t, ok(), {
    beginEdit: () => {
      if (!broken) return null;
      broken = false;
      throw new Error('a fault');
    },
  });
  if (started === null) return;
  const session = connectHttp2(t, started.port);
  assert.equal((await ask(session)).status, 500);
  assert.equal((await ask(session)).status, 200);
  assert.equal(started.proxy.seen.faults.length, 1);
});

test('curl gets the same over HTTP/2 and HTTP/1.1', async (t) => {
  const curl = findProgram('curl');
  if (skipFor(t, curl === null ? 'no curl here' : null)) return;
  const features = execFileSync(curl!, ['--version'], { encoding: 'utf8' });
  if (skipFor(t, features.includes('HTTP2') ? null : 'this curl knows no HTTP/2')) return;
  const started = await startTls(t, async (request, socket) => {
    const body = await request.body;
    socket.write(ok(`${request.method} ${body.toString('latin1')}`, 'X-A: 1\r\n'));
  });
  if (started === null) return;
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const run = async (version: string, ...args: string[]) => {
    const all = [
      '-sk',
      version,
      '-w',
      '\n%{http_version} %{http_code}',
      ...args,
      `https://127.0.0.1:${started.port}/`,
    ];
    return (await promisify(execFile)(curl!, all)).stdout;
  };
  assert.equal(await run('--http2', '-d', 'a=1'), 'POST a=1\n2 200');
  assert.equal(await run('--http1.1', '-d', 'a=1'), 'POST a=1\n1.1 200');
  assert.equal(
    await run('--http2', '-T', import.meta.filename),
    (await run('--http1.1', '-T', import.meta.filename)).replace(/1\.1 200$/, '2 200'),
  );
  assert.match(await run('--http2', '-I'), /^HTTP\/2 200 \r\n[\s\S]*x-a: 1/);
});
