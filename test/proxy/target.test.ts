import assert from 'node:assert/strict';
import http from 'node:http';
import { type TestContext, test } from 'node:test';
import { start } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';

/** What the origin got as its request target for what the client sent. */
async function targetAtOrigin(t: TestContext, target: string, options = {}): Promise<string> {
  const { origin, port } = await start(t, undefined, options);
  const response = await roundTrip(port, `GET ${target} HTTP/1.1\r\nHost: site.test\r\n\r\n`);
  assert.equal(response.status, 200, `${target}: ${response.text}`);
  return origin.requests[0]!.target;
}

const SAME_TARGETS = {
  'a percent-encoded slash': '/a%2Fb',
  'empty segments': '//a///b//',
  'dot segments': '/a/./b/../c/..',
  'a bare question mark': '/a?',
  'two question marks': '/a??b=?',
  'an encoded byte that is no UTF-8': '/%FF%C0?%FE',
  'an encoded NUL': '/%00',
  'both cases of hexadecimal': '/%e2%82%AC',
  'a broken escape': '/100%?x=%zz',
  'a semicolon': '/a;v=1;w?x=1;y=2',
  'a plus and a space': '/a+b%20c?d+e',
  'brackets and quotes': "/[a]/{b}?c[]=1&d='e'|f^",
  'a backslash': '/a\\b',
  'a colon in the first segment': '/http://other.test/x',
  'an at sign': '/@scope/name',
  'the root': '/',
};
for (const [name, target] of Object.entries(SAME_TARGETS)) {
  test(`passes a target byte for byte: ${name}`, async (t) => {
    assert.equal(await targetAtOrigin(t, target), target);
  });
}

const ABSOLUTE_TARGETS = {
  'http://site.test/a%2Fb?': '/a%2Fb?',
  'HTTP://SITE.test/a': '/a',
  'http://site.test:80/a': '/a',
  'http://site.test': '/',
  'http://site.test?x=1': '/?x=1',
  'http://site.test//a': '//a',
};
for (const [absolute, originForm] of Object.entries(ABSOLUTE_TARGETS)) {
  test(`makes the origin form of an absolute one: ${absolute}`, async (t) => {
    assert.equal(await targetAtOrigin(t, absolute), originForm);
  });
}

for (const [what, target] of [
  ['as it came', '*'],
  ['from the absolute form that stands for it', 'http://site.test'],
]) {
  test(`the asterisk of OPTIONS passes without a base path, which it is not in: ${what}`, async (t) => {
    const { origin, port } = await start(t, undefined, { basePath: '/base' });
    const response = await roundTrip(port, `OPTIONS ${target} HTTP/1.1\r\nHost: site.test\r\n\r\n`);
    assert.equal(response.status, 200);
    assert.match(origin.requests[0]!.head, /^OPTIONS \* HTTP\/1\.1\r\n/);
  });
}

test('puts the base path in front as text', async (t) => {
  assert.equal(await targetAtOrigin(t, '/a%2Fb?c', { basePath: '/b%61se/x' }), '/b%61se/x/a%2Fb?c');
});

test('a base path does not swallow dot segments of the target', async (t) => {
  assert.equal(await targetAtOrigin(t, '/../secret', { basePath: '/base' }), '/base/../secret');
});

test('a target of 60 KB passes', async (t) => {
  const target = `/${'x'.repeat(60_000)}`;
  assert.equal(await targetAtOrigin(t, target), target);
});

// CONNECT and TRACE are refused (test/edge), and PRI is the first word of HTTP/2.
const FORWARDED = http.METHODS.filter((method) => !['CONNECT', 'TRACE', 'PRI'].includes(method));

test('every method that the parser knows passes', async (t) => {
  const { origin, port } = await start(t);
  for (const method of FORWARDED) {
    const response = await roundTrip(port, `${method} /dav HTTP/1.1\r\nHost: site.test\r\n\r\n`);
    assert.equal(response.status, 200, method);
  }
  assert.deepEqual(
    origin.requests.map(({ method }) => method),
    FORWARDED,
  );
});

test('OPTIONS is the origin’s to answer, a preflight too', async (t) => {
  const answer =
    'HTTP/1.1 204 No Content\r\nAllow: GET\r\nAccess-Control-Allow-Origin: https://a.test\r\n\r\n';
  const { origin, port } = await start(t, answer);
  const request =
    'OPTIONS /api HTTP/1.1\r\nHost: site.test\r\nOrigin: https://a.test\r\nAccess-Control-Request-Method: PUT\r\n\r\n';
  const response = await roundTrip(port, request);
  assert.equal(response.status, 204);
  assert.equal(response.header('access-control-allow-origin'), 'https://a.test');
  assert.equal(origin.requests.length, 1);
});

test('no access-control header is added to a response', async (t) => {
  const { port } = await start(t);
  const { head } = await roundTrip(
    port,
    'GET / HTTP/1.1\r\nHost: site.test\r\nOrigin: https://a.test\r\n\r\n',
  );
  assert.doesNotMatch(head, /access-control/i);
});

test('unusual methods with a body keep it', async (t) => {
  const { origin, port } = await start(t);
  const client = await connect(port);
  t.after(() => client.destroy());
  for (const method of ['PROPFIND', 'REPORT', 'QUERY', 'DELETE', 'PATCH', 'GET', 'OPTIONS']) {
    client.send(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`);
    assert.equal((await client.response()).status, 200);
    assert.equal(String(await origin.requests.at(-1)!.body), 'body', method);
  }
});

test('names and ports of the origin make no difference to Host', async (t) => {
  const { origin, port } = await start(t);
  await roundTrip(port, 'GET / HTTP/1.1\r\nHost: Shop.Example.test:8443\r\n\r\n');
  assert.match(origin.requests[0]!.head, /^Host: Shop\.Example\.test:8443\r$/m);
});
