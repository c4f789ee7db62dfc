/** `Expect: 100-continue` (RFC 9110 §10.1.1): the client's 100 is the origin's, and no body goes where nobody asked. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { askForBody, createBodyReader } from '../../src/http/read-body.ts';
import { valuesOf } from '../support/message.ts';
import { ok, type Script, until } from '../support/origin.ts';
import { type ProxyOptions, start } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const head = (lines = 'Content-Length: 4', path = '/') =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n${lines}\r\n\r\n`;

/** Asks for the body, and answers when it has come. */
const ASKS: Script = async (request, socket) => {
  socket.write(CONTINUE);
  const body = await request.body.catch(() => null);
  if (body !== null) socket.write(ok(`got ${body}`));
};

async function open(t: TestContext, script?: Script | string, options?: ProxyOptions) {
  const { origin, proxy, port } = await start(t, script, options);
  const client = await connect(port);
  t.after(() => client.destroy());
  return { origin, proxy, client, port };
}

test('the expectation reaches the origin as it came, and no 100 comes before the origin’s', async (t) => {
  let asked = () => {};
  const { origin, client } = await open(t, (request, socket) => {
    asked = () => ASKS(request, socket);
  });
  client.send(head().replace('100-continue', '100-Continue'));
  await origin.received(1);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'expect'), ['100-Continue']);
  assert.equal(client.received(), '');
  asked();
  assert.equal((await client.response()).head, CONTINUE);
  client.send('body');
  assert.equal((await client.response()).text, 'got body');
});

test('after a 100 the connections on both sides go on', async (t) => {
  const { origin, client } = await open(t, ASKS);
  for (const lines of ['Content-Length: 4', 'Transfer-Encoding: chunked', 'Content-Length: 4']) {
    client.send(head(lines));
    assert.equal((await client.response()).status, 100);
    client.send(lines.startsWith('C') ? 'body' : '4\r\nbody\r\n0\r\n\r\n');
    const response = await client.response();
    assert.equal(response.text, 'got body');
    assert.equal(response.header('connection'), 'keep-alive');
  }
  assert.equal(origin.connections(), 1);
});

test('a final status is what the client gets: the body is not asked for, both connections close', async (t) => {
  const { origin, client } = await open(t, 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
  client.send(head());
  const response = await client.response();
  assert.equal(response.status, 413);
  assert.equal(response.text, 'no');
  assert.equal(response.header('connection'), 'close');
  assert.equal(await client.ended(), 'end');
  await origin.idle();
  assert.equal(origin.requests[0]!.soFar(), '');
});

test('a client that sends its body after all still gets the final status, and nothing of it is a request', async (t) => {
  const { origin, client } = await open(t, 'HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n');
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  client.send(head(`Content-Length: ${smuggled.length}`));
  assert.equal((await client.head()).slice(0, 12), 'HTTP/1.1 401');
  client.send(smuggled);
  assert.equal(await client.ended(), 'end');
  assert.deepEqual(
    origin.requests.map(({ target }) => target),
    ['/'],
  );
});

test('a client that does not wait is not held up, and gets the origin’s late 100 too', async (t) => {
  const { client } = await open(t, (request, socket) => {
    request.body.then((body) => socket.write(CONTINUE + ok(`got ${body}`)));
  });
  client.send(`${head()}body`);
  assert.equal((await client.response()).status, 100);
  assert.equal((await client.response()).text, 'got body');
});

test('an origin that never says 100 gets the body of a client that waits no longer', async (t) => {
  const { origin, client } = await open(t, async (request, socket) => {
    socket.write(ok(`got ${await request.body}`));
  });
  client.send(head());
  await origin.received(1);
  client.send('body');
  const response = await client.response();
  assert.equal(response.text, 'got body');
});

test('neither side says anything: 504', async (t) => {
  const { proxy, client } = await open(t, () => {}, { headTimeoutMs: 100 });
  client.send(head());
  assert.equal((await client.response()).status, 504);
  assert.deepEqual(proxy.seen.failures, ['head-timeout']);
});

test('a client that is slow with its body is not the origin’s delay', async (t) => {
  const { proxy, client } = await open(t, ASKS, { headTimeoutMs: 100 });
  client.send(head());
  assert.equal((await client.response()).status, 100);
  await new Promise((resolve) => setTimeout(resolve, 350));
  client.send('body');
  assert.equal((await client.response()).text, 'got body');
  assert.deepEqual(proxy.seen.failures, []);
});

test('100 with headers of its own passes with them', async (t) => {
  const { client } = await open(t, 'HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n');
  client.send(head());
  assert.deepEqual((await client.response()).headers, [['X-A', '1']]);
});

test('a client that leaves while it waits ends the exchange with the origin', async (t) => {
  const { origin, client } = await open(t, () => {});
  client.send(head());
  await origin.received(1);
  client.destroy();
  await origin.idle();
});

test('HTTP/1.0 knows no expectation', async (t) => {
  const { origin, port } = await open(t);
  const request = 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody';
  assert.equal((await roundTrip(port, request)).status, 200);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'expect'), []);
  assert.equal(String(await origin.requests[0]!.body), 'body');
});

test('without a body there is nothing to expect', async (t) => {
  const { origin, client } = await open(t);
  client.send('GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n');
  assert.equal((await client.response()).status, 200);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'expect'), []);
});

for (const expectation of ['miracles', 'x 100-continue', '100-continue, miracles', '']) {
  test(`an expectation that nobody knows is 417 and goes no further: ${JSON.stringify(expectation)}`, async (t) => {
    const { origin, proxy, client } = await open(t);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nExpect: ${expectation}\r\nContent-Length: 4\r\n\r\n`);
    const response = await client.response();
    assert.equal(response.status, 417);
    assert.equal(response.header('connection'), 'close');
    assert.deepEqual(proxy.seen.refused, ['expectation']);
    assert.equal(await client.ended(), 'end');
    assert.equal(origin.requests.length, 0);
  });
}

test('what we answer ourselves asks for the body when it reads it', async (t) => {
  const reader = createBodyReader({ maxTotalBytes: 100, maxOwnerBytes: 100, timeoutMs: 5_000 });
  const post: NonNullable<ProxyOptions['collect']>['post'] = async (exchange) => {
    askForBody(exchange);
    const reading = await reader.read(exchange.clientReq, { maxBytes: 100, owner: 'a' });
    const body = reading.ok ? String(reading.body) : reading.reason;
    exchange.clientRes.writeHead(200, ['Content-Length', String(body.length)]).end(body);
  };
  const { origin, client } = await open(t, undefined, { collect: { post } });
  for (let i = 0; i < 2; i++) {
    client.send(head('Content-Length: 4', '/collect'));
    assert.equal((await client.response()).status, 100);
    client.send('body');
    assert.equal((await client.response()).text, 'body');
  }
  assert.equal(origin.requests.length, 0);
});

test('what we refuse unread asks for nothing', async (t) => {
  const { client } = await open(t); // the stand-in for `collect` answers 202 and reads nothing
  client.send(head('Content-Length: 4', '/collect'));
  assert.equal((await client.response()).status, 202);
  assert.equal(await client.ended(), 'end');
  const refused = await open(t);
  refused.client.send(head('Host: b\r\nContent-Length: 4'));
  assert.equal((await refused.client.response()).status, 400);
});

test('a large body that comes while we refuse it does not take the answer along', async (t) => {
  const { client } = await open(t, 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
  client.send(head(`Content-Length: ${8 * 2 ** 20}`));
  const sending = setInterval(() => client.socket.writable && client.send(Buffer.alloc(64 * 1024)), 1);
  t.after(() => clearInterval(sending));
  assert.equal((await client.response()).text, 'no');
  await until(() => client.socket.closed, 'the end of the connection');
});
