import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type HeaderLine, valuesOf } from '../support/message.ts';
import { ok } from '../support/origin.ts';
import { type ProxyOptions, start } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n';

/** What the origin got behind the last chunk. */
async function trailersAtOrigin(
  t: TestContext,
  lines: string,
  { announce = '', ...options }: ProxyOptions & { announce?: string } = {},
): Promise<{ text: string; headers: HeaderLine[] }> {
  let text = '';
  const { origin, port } = await start(
    t,
    (_request, socket) => {
      const onData = (bytes: Buffer) => {
        text += bytes.toString('latin1');
        if (!/(?:^|\r\n)0\r\n(?:[^\r]+\r\n)*\r\n$/.test(text)) return;
        socket.off('data', onData);
        socket.write(ok());
      };
      socket.on('data', onData);
    },
    options,
  );
  const client = await connect(port);
  t.after(() => client.destroy());
  client.send(`${HEAD}${announce}\r\n`);
  await origin.received(1);
  client.send(`4\r\nbody\r\n0\r\n${lines}\r\n`);
  assert.equal((await client.response()).status, 200);
  return { text: text.slice(text.indexOf('0\r\n') + 3), headers: origin.requests[0]!.headers };
}

test('trailers reach the origin with order, case, duplicates and bytes, and are announced as the client did', async (t) => {
  const lines = 'X-b: 1\r\nx-A: \xe9\r\nX-b: 2\r\nX-Empty: \r\n';
  const { text, headers } = await trailersAtOrigin(t, lines, { announce: 'Trailer: X-b, x-A\r\n' });
  assert.equal(text, `${lines}\r\n`);
  assert.deepEqual(valuesOf(headers, 'trailer'), ['X-b, x-A']);
});

const STAYS: Record<string, string> = {
  framing: 'Trailer: Content-Length\r\n',
  routing: 'Host: other.test\r\n',
  'hop-by-hop': 'Connection: close\r\nKeep-Alive: timeout=5\r\nUpgrade: x\r\nTE: trailers\r\n',
  'what is ours to say':
    'X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nx-request-id: 1\r\nVia: 1.1 x\r\n',
  'a verdict': 'X-GoTrack-Score: 0\r\nX-Gotrack-Label: human\r\n',
  'what an untrusted peer may not say':
    'X-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nCF-Connecting-IP: 6.6.6.6\r\n',
  credentials: 'Cookie: gt=forged\r\n',
  'what is known before the body':
    'Content-Type: text/html\r\nContent-Encoding: gzip\r\nExpect: 100-continue\r\n',
};
for (const [what, lines] of Object.entries(STAYS)) {
  test(`stays with us when it comes as a trailer: ${what}`, async (t) => {
    const options = { clientIpHeaders: ['cf-connecting-ip'] };
    assert.equal(
      (await trailersAtOrigin(t, `X-A: 1\r\n${lines}X-B: 2\r\n`, options)).text,
      'X-A: 1\r\nX-B: 2\r\n\r\n',
    );
  });
}

for (const line of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
  test(`a trailer that says where the body ends is refused: ${line}`, async (t) => {
    const { origin, port } = await start(t, () => {});
    const response = await roundTrip(port, `${HEAD}\r\n1\r\na\r\n0\r\n${line}\r\n\r\n`);
    assert.equal(response.status, 400);
    await origin.idle();
  });
}

test('a trailer that Connection lists stays with us', async (t) => {
  const { text } = await trailersAtOrigin(t, 'X-Hop: 1\r\nX-A: 2\r\n', { announce: 'Connection: x-hop\r\n' });
  assert.equal(text, 'X-A: 2\r\n\r\n');
});

test('Trailer beside a length passes as it came', async (t) => {
  const { origin, port } = await start(t);
  await roundTrip(port, 'POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-A\r\nContent-Length: 4\r\n\r\nbody');
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'trailer'), ['X-A']);
});

test('the origin’s framing and hop-by-hop fields stay with us when they come as trailers', async (t) => {
  const lines =
    'X-A: 1\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nConnection: close\r\nSet-Cookie: a=1\r\nX-B: 2\r\n';
  const { port } = await start(
    t,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n${lines}\r\n`,
  );
  const { trailers } = await roundTrip(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.deepEqual(trailers, [
    ['X-A', '1'],
    ['X-B', '2'],
  ]);
});

test('a control character in a trailer of the origin cuts the response and nothing else', async (t) => {
  const { proxy, port } = await start(t, (request, socket) =>
    socket.write(
      request.target === '/'
        ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-A: a\x01b\r\n\r\n'
        : ok(),
    ),
  );
  await assert.rejects(roundTrip(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  assert.deepEqual(proxy.seen.failures, ['invalid']);
  assert.equal((await roundTrip(port, 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n')).status, 200);
});
