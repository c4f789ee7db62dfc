import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { blockedPort } from '../support/blocked-port.ts';
import { closedPort, ok, type Received, type Script } from '../support/origin.ts';
import { type ProxyOptions, REQUEST_ID, start, startProxy, type TestProxy } from '../support/proxy.ts';
import { connect, type RawClient, type RawResponse, roundTrip } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nHost: site.test\r\n\r\n';

/** What a client gets before an origin that nothing can be had from. */
async function without(
  t: TestContext,
  originPort: number,
  options: ProxyOptions & { request?: string } = {},
): Promise<{ response: RawResponse; proxy: TestProxy }> {
  const proxy = await startProxy(originPort, options);
  t.after(() => proxy.close());
  return { response: await roundTrip(proxy.port, options.request ?? GET), proxy };
}

async function client(t: TestContext, port: number): Promise<RawClient> {
  const connected = await connect(port);
  t.after(() => connected.destroy());
  return connected;
}

// Before the head

test('an origin that refuses connections is 502, as JSON with the request id', async (t) => {
  const { response, proxy } = await without(t, await closedPort());
  assert.equal(response.status, 502);
  assert.equal(response.header('content-type'), 'application/json');
  assert.equal(response.header('cache-control'), 'no-store');
  assert.equal(JSON.parse(response.text).request_id, REQUEST_ID);
  assert.deepEqual(proxy.seen.failures, ['refused']);
});

test('a browser gets a page, with the request id', async (t) => {
  const request = 'GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html,*/*;q=0.8\r\n\r\n';
  const { response } = await without(t, await closedPort(), { request });
  assert.equal(response.status, 502);
  assert.equal(response.header('content-type'), 'text/html; charset=utf-8');
  assert.match(response.text, /^<!doctype html>/);
  assert.ok(response.text.includes(REQUEST_ID));
});

test('a request id from a trusted peer cannot put markup into the page', async (t) => {
  const request = 'GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nX-Request-Id: <script>&\r\n\r\n';
  const { response } = await without(t, await closedPort(), { request, trusted: true });
  assert.ok(response.text.includes('&lt;script&gt;&amp;'));
  assert.ok(!response.text.includes('<script'));
});

test('HEAD gets the head of the error alone', async (t) => {
  const { response } = await without(t, await closedPort(), {
    request: 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
  });
  assert.equal(response.status, 502);
});

test('an upload to an origin that refuses gets its 502, and the connection is in step after it', async (t) => {
  const proxy = await startProxy(await closedPort());
  t.after(() => proxy.close());
  const connected = await client(t, proxy.port);
  connected.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${2 ** 21}\r\n\r\n`);
  connected.send(Buffer.alloc(2 ** 21));
  assert.equal((await connected.response()).status, 502);
  connected.send('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await connected.response()).status, 200);
});

test('a name that does not resolve is 502', async (t) => {
  const { response, proxy } = await without(t, 80, { hostname: 'no-such-host.invalid' });
  assert.equal(response.status, 502);
  assert.deepEqual(proxy.seen.failures, ['unresolvable']);
});

test('a unix socket that is not there is 502', async (t) => {
  const { response, proxy } = await without(t, 80, { socketPath: '/nonexistent/app.sock' });
  assert.equal(response.status, 502);
  assert.deepEqual(proxy.seen.failures, ['refused']);
});

test('an origin that takes no connection is 504 after the connect timeout', async (t) => {
  const blocked = await blockedPort();
  t.after(() => blocked.close());
  const { response, proxy } = await without(t, blocked.port, { connectTimeoutMs: 200 });
  assert.equal(response.status, 504);
  assert.deepEqual(proxy.seen.failures, ['connect-timeout']);
});

test('an origin that sends no head is 504 after the head timeout', async (t) => {
  const { origin, proxy, port } = await start(t, () => {}, { headTimeoutMs: 200 });
  const response = await roundTrip(port, GET);
  assert.equal(response.status, 504);
  assert.deepEqual(proxy.seen.failures, ['head-timeout']);
  assert.equal(origin.requests.length, 1);
  await origin.idle();
});

test('half a head is no head', async (t) => {
  const { proxy, port } = await start(t, 'HTTP/1.1 200 OK\r\nX-A: 1\r\n', { headTimeoutMs: 200 });
  assert.equal((await roundTrip(port, GET)).status, 504);
  assert.deepEqual(proxy.seen.failures, ['head-timeout']);
});

test('a body may take longer than the head timeout', async (t) => {
  const { port } = await start(
    t,
    (_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo');
      setTimeout(() => socket.write('dy'), 500);
    },
    { headTimeoutMs: 200 },
  );
  assert.equal((await roundTrip(port, GET)).text, 'body');
});

const INVALID: Record<string, string> = {
  'no HTTP at all': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
  'two lengths that differ': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'a length and chunks':
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
  'a length that is none': 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na',
  'a coding below the chunks':
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
  'a header line without a colon': 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n',
  'an upgrade that nobody asked for': 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
};
for (const [what, written] of Object.entries(INVALID)) {
  test(`an answer that is not valid HTTP is 502 and nothing of it passes: ${what}`, async (t) => {
    const { proxy, port } = await start(t, written);
    const response = await roundTrip(port, GET);
    assert.equal(response.status, 502);
    assert.equal(JSON.parse(response.text).error, 'Bad gateway');
    assert.equal(proxy.seen.failures.length, 1);
  });
}

// Dead connections

/** Answers the first request of each connection; on the second it goes, as `leave` says. */
function leavesAtSecond(leave: (socket: Socket, request: Received) => void): Script {
  const served = new Set<number>();
  return (request, socket) => {
    if (served.has(request.connection)) return leave(socket, request);
    served.add(request.connection);
    socket.write(ok(request.target));
  };
}
const LEAVE: Record<string, (socket: Socket) => void> = {
  'a FIN': (socket) => void socket.end(),
  'a reset': (socket) => void socket.resetAndDestroy(),
};

for (const [how, leave] of Object.entries(LEAVE)) {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
    test(`${method} goes out once more when a reused connection was dead: ${how}`, async (t) => {
      const { origin, proxy, port } = await start(t, leavesAtSecond(leave));
      await roundTrip(port, 'GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
      const response = await roundTrip(port, `${method} /second HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.equal(response.status, 200);
      assert.deepEqual(
        origin.requests.map(({ target, connection }) => [target, connection]),
        [
          ['/first', 0],
          ['/second', 0],
          ['/second', 1],
        ],
      );
      assert.deepEqual(proxy.seen.failures, []);
    });
  }

  const ONCE = {
    'POST without a body': 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
    'POST with a body': 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody',
    'PUT with a body': 'PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody',
    'PATCH without a body': 'PATCH /x HTTP/1.1\r\nHost: a\r\n\r\n',
  };
  for (const [what, request] of Object.entries(ONCE)) {
    test(`${what} never goes out twice: ${how}`, async (t) => {
      const { origin, port } = await start(t, leavesAtSecond(leave));
      await roundTrip(port, GET);
      assert.equal((await roundTrip(port, request)).status, 502);
      assert.equal(origin.requests.length, 2);
    });
  }

  test(`a new connection that dies gets no second try: ${how}`, async (t) => {
    const { origin, proxy, port } = await start(t, (_request, socket) => leave(socket));
    assert.equal((await roundTrip(port, GET)).status, 502);
    assert.equal(origin.requests.length, 1);
    assert.deepEqual(proxy.seen.failures, ['reset']);
  });
}

test('a second try that fails too is the last', async (t) => {
  const { origin, proxy, port } = await start(t, (request, socket) => {
    if (request.target === '/first') socket.write(ok());
    else socket.destroy();
  });
  await roundTrip(port, 'GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await roundTrip(port, GET)).status, 502);
  assert.equal(origin.requests.length, 3);
  assert.equal(proxy.seen.failures.length, 1);
});

test('an answer that had begun is not asked for again', async (t) => {
  const { origin, port } = await start(
    t,
    leavesAtSecond((socket) => void socket.end('HTTP/1.1 200 OK\r\nX-')),
  );
  await roundTrip(port, GET);
  assert.equal((await roundTrip(port, GET)).status, 502);
  assert.equal(origin.requests.length, 2);
});

// In mid-body

const HALVES: Record<string, string> = {
  'a length': 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf',
  chunks: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
  'a chunk in its middle': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf',
  'a length and Connection: close':
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\nhalf',
  'chunks and Connection: close':
    'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
};
const CLOSE_DELIMITED = 'HTTP/1.1 200 OK\r\n\r\nhalf';

/** Resolves when the client has half of the body and the connection was cut. `leave`: how the origin goes. */
async function cut(
  t: TestContext,
  written: string,
  { leave, request = GET }: { leave: (socket: Socket) => void; request?: string },
) {
  const { proxy, port } = await start(t, (_request, socket) => {
    socket.write(written);
    setTimeout(() => leave(socket), 30); // what was written is on its way
  });
  const connected = await client(t, port);
  connected.send(request);
  const ending = await connected.ended();
  return { ending, received: connected.received(), proxy };
}

for (const [how, leave] of Object.entries(LEAVE)) {
  for (const [framing, written] of Object.entries(HALVES)) {
    test(`a body that was cut never looks whole: ${framing}, ${how}`, async (t) => {
      const { received, proxy } = await cut(t, written, { leave });
      assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
      assert.doesNotMatch(received, /\r\n0\r\n/);
      assert.equal(proxy.seen.failures.length, 1);
    });
  }
  for (const [framing, written] of Object.entries(HALVES)) {
    test(`an HTTP/1.0 client sees that its body was cut: ${framing}, ${how}`, async (t) => {
      const { ending, received } = await cut(t, written, { leave, request: 'GET / HTTP/1.0\r\n\r\n' });
      // A length says that something is missing; without one the connection must not end in a FIN.
      if (!/content-length/i.test(received)) assert.equal(ending, 'reset');
    });
  }
}

test('a body that only its end delimits is cut by a reset', async (t) => {
  const { received, proxy } = await cut(t, CLOSE_DELIMITED, { leave: LEAVE['a reset']! });
  assert.match(received, /half/);
  assert.doesNotMatch(received, /\r\n0\r\n/);
  assert.deepEqual(proxy.seen.failures, ['reset']);
});

test('a body that only its end delimits is whole after a FIN', async (t) => {
  const { proxy, port } = await start(t, (_request, socket) => socket.end(CLOSE_DELIMITED));
  assert.equal((await roundTrip(port, GET)).text, 'half');
  assert.deepEqual(proxy.seen.failures, []);
});

test('a chunk size that is none cuts the body', async (t) => {
  const { proxy, port } = await start(
    t,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n',
  );
  const connected = await client(t, port);
  connected.send(GET);
  await connected.ended();
  assert.doesNotMatch(connected.received(), /\r\n0\r\n/);
  assert.deepEqual(proxy.seen.failures, ['invalid']);
});

test('bytes behind a whole answer do not become the next one', async (t) => {
  const { port } = await start(t, (request, socket) => {
    if (request.target === '/')
      socket.write(`${ok('first')}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`);
    else socket.write(ok('second'));
  });
  const connected = await client(t, port);
  connected.send(GET);
  assert.equal((await connected.response()).text, 'first');
  connected.send('GET /second HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await connected.response()).text, 'second');
});

test('of pipelined requests, those before the one that was cut are answered', async (t) => {
  const { port } = await start(t, (request, socket) => {
    if (request.target === '/slow') return void setTimeout(() => socket.write(ok('slow')), 100);
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    setTimeout(() => socket.destroy(), 20);
  });
  const connected = await client(t, port);
  connected.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /cut HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await connected.response()).text, 'slow');
  await connected.ended();
  assert.doesNotMatch(connected.received(), /\r\n\r\n.{100}/s);
});
