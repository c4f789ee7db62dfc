/** HOST_HEADER=origin: the origin hears its own name, the client sees only the one that it used. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createOriginName } from '../../src/proxy/origin-name.ts';
import { valuesOf } from '../support/message.ts';
import { ok } from '../support/origin.ts';
import { type ProxyOptions, start } from '../support/proxy.ts';
import { roundTrip } from '../support/raw-client.ts';

const request = (lines = '', method = 'GET') =>
  `${method} /x HTTP/1.1\r\nHost: site.test:8080\r\n${lines}\r\n`;

/** An origin that answers with this, `OWN` being its own name and port. */
async function open(t: TestContext, answer: string, options: ProxyOptions = { ownName: true }) {
  let own = '';
  const started = await start(t, (_request, socket) => socket.write(answer.replaceAll('OWN', own)), options);
  own = `127.0.0.1:${started.origin.port}`;
  return { ...started, own };
}

const withHeader = (name: string, value: string) =>
  `HTTP/1.1 200 OK\r\n${name}: ${value}\r\nContent-Length: 0\r\n\r\n`;
const redirect = (location: string) => withHeader('Location', location);

test('Host is the origin’s, where it stood, and X-Forwarded-Host says the client’s', async (t) => {
  const { origin, port, own } = await open(t, ok());
  await roundTrip(port, 'GET / HTTP/1.1\r\nX-A: 1\r\nhost: site.test:8080\r\nX-B: 2\r\n\r\n');
  const { head, headers } = origin.requests[0]!;
  assert.match(head, new RegExp(`^GET / HTTP/1.1\r\nX-A: 1\r\nhost: ${own}\r\nX-B: 2\r\n`));
  assert.deepEqual(valuesOf(headers, 'x-forwarded-host'), ['site.test:8080']);
});

test('an upgrade names the origin too, and its refusal is turned around', async (t) => {
  const { origin, port, own } = await open(t, redirect('http://OWN/login'));
  const lines = 'Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://site.test:8080\r\n';
  const response = await roundTrip(port, request(lines));
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'host'), [own]);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'origin'), [`http://${own}`]);
  assert.equal(response.header('location'), 'http://site.test:8080/login');
});

test('what the site’s own pages say of themselves is turned around; what others say is not', async (t) => {
  const { origin, port, own } = await open(t, ok(), { ownName: true, basePath: '/app' });
  const said: [name: string, sent: string, got: string][] = [
    ['Origin', 'http://site.test:8080', `http://${own}`],
    ['Origin', 'HTTP://Site.Test:8080', `http://${own}`],
    ['Origin', 'https://site.test:8080', 'https://site.test:8080'],
    ['Origin', 'http://site.test:80801', 'http://site.test:80801'],
    ['Origin', 'https://evil.test', 'https://evil.test'],
    ['Origin', 'null', 'null'],
    ['Referer', 'http://site.test:8080/a?b#', `http://${own}/app/a?b#`],
    ['Referer', 'http://site.test:8080', `http://${own}/app`],
    ['Referer', 'http://site.test:8080.evil.test/', 'http://site.test:8080.evil.test/'],
    ['Referer', 'https://evil.test/?http://site.test:8080/', 'https://evil.test/?http://site.test:8080/'],
  ];
  for (const [i, [name, sent, got]] of said.entries()) {
    await roundTrip(port, request(`${name}: ${sent}\r\n`));
    assert.deepEqual(valuesOf(origin.requests[i]!.headers, name), [got], sent);
  }
});

/** Rows of: what the origin says, what the client gets. OWN is the origin's name and port. */
const TURNED: [header: string, said: string, got: string][] = [
  ['Location', 'http://OWN/a%2Fb?c#d', 'http://site.test:8080/a%2Fb?c#d'],
  ['Location', 'HTTP://OWN/a', 'http://site.test:8080/a'],
  ['Location', '//OWN/a', '//site.test:8080/a'],
  ['location', 'http://OWN', 'http://site.test:8080'],
  ['Location', 'http://OWN?q', 'http://site.test:8080?q'],
  ['Content-Location', 'http://OWN/a.html', 'http://site.test:8080/a.html'],
  ['Refresh', '5; url=http://OWN/a', '5; url=http://site.test:8080/a'],
  ['Refresh', '0;URL="http://OWN/a"', '0;URL="http://site.test:8080/a"'],
  ['Set-Cookie', 'a=1; Domain=127.0.0.1; Path=/', 'a=1; Domain=site.test; Path=/'],
  ['Set-Cookie', 'a=1;domain=.127.0.0.1;Secure', 'a=1;domain=site.test;Secure'],
];
const KEPT: [header: string, said: string][] = [
  ['Location', '/a?b'],
  ['Location', 'a/b'],
  ['Location', ''],
  ['Location', 'http://127.0.0.1:1/a'],
  ['Location', 'http://127.0.0.1/a'],
  ['Location', 'https://OWN/a'],
  ['Location', 'http://user@OWN/a'],
  ['Location', 'http://OWN.evil.test/'],
  ['Location', 'https://other.test/?u=http://OWN/'],
  ['Location', 'mailto:a@OWN'],
  ['Refresh', '5'],
  ['Refresh', '5; url=/next'],
  ['Set-Cookie', 'a=1; Domain=other.test'],
  ['Set-Cookie', 'a=Domain=127.0.0.1'],
  ['Set-Cookie', 'a=1; Path=/app; SameSite=Lax'],
  ['Link', '<http://OWN/a>; rel=preload'],
  ['X-Location', 'http://OWN/a'],
];
for (const [header, said, got] of [
  ...TURNED,
  ...KEPT.map(([name, value]) => [name, value, value] as const),
]) {
  test(`${said === got ? 'keeps' : 'turns around'} ${header}: ${said}`, async (t) => {
    const { port, own } = await open(t, withHeader(header, said));
    const response = await roundTrip(port, request());
    assert.deepEqual(valuesOf(response.headers, header), [got.replaceAll('OWN', own)]);
  });
}

const CLIENT = { scheme: 'https', host: 'try.test' } as Parameters<
  ReturnType<typeof createOriginName>['toClient']
>[1];

/** What a response header becomes for a client at https://try.test. */
function turned(
  origin: Partial<Parameters<typeof createOriginName>[0]>,
  header: string,
  value: string,
): string {
  const name = createOriginName({
    protocol: 'http:',
    hostname: 'www.shop.test',
    port: 80,
    basePath: '',
    ...origin,
  });
  const headers = [header, value];
  name.toClient(headers, CLIENT);
  return headers[1]!;
}

const HTTPS = { protocol: 'https:', port: 443 } as const;
const BASE = { basePath: '/app' };
const BY_ORIGIN: [origin: object, header: string, said: string, got: string][] = [
  // The client's scheme takes the place of the origin's.
  [{}, 'Location', 'http://www.shop.test/a', 'https://try.test/a'],
  [{}, 'Location', 'http://www.shop.test:80/a', 'https://try.test/a'],
  [HTTPS, 'Location', 'https://www.shop.test/a', 'https://try.test/a'],
  // An application behind the origin's TLS does not know of it; an origin that sends everybody to https means it.
  [HTTPS, 'Location', 'http://www.shop.test/a', 'https://try.test/a'],
  [{}, 'Location', 'https://www.shop.test/a', 'https://www.shop.test/a'],
  [HTTPS, 'Location', 'https://www.shop.test:8443/a', 'https://www.shop.test:8443/a'],
  [{}, 'Location', 'http://shop.test/a', 'http://shop.test/a'],
  // The base path is taken off where it stands.
  [BASE, 'Location', 'http://www.shop.test/app/a', 'https://try.test/a'],
  [BASE, 'Location', 'http://www.shop.test/app', 'https://try.test/'],
  [BASE, 'Location', 'http://www.shop.test/app?q', 'https://try.test/?q'],
  [BASE, 'Location', 'http://www.shop.test/apple', 'https://try.test/apple'],
  [BASE, 'Location', '/app/a', '/a'],
  [BASE, 'Location', '/other/a', '/other/a'],
  [BASE, 'Location', '/app//evil.test/', '/app//evil.test/'],
  [BASE, 'Location', 'http://other.test/app/a', 'http://other.test/app/a'],
  [BASE, 'Location', '../a', '../a'],
  [BASE, 'Refresh', '1; url=/app/a', '1; url=/a'],
  [BASE, 'Set-Cookie', 'a=1; Path=/app; Domain=www.shop.test', 'a=1; Path=/; Domain=try.test'],
  [BASE, 'Set-Cookie', 'a=1; Path=/app/b', 'a=1; Path=/b'],
  [BASE, 'Set-Cookie', 'a=1; Path=/', 'a=1; Path=/'],
  // A domain above the origin's name covers it.
  [{}, 'Set-Cookie', 'a=1; Domain=.shop.test', 'a=1; Domain=try.test'],
  [{}, 'Set-Cookie', 'a=1; Domain=op.test', 'a=1; Domain=op.test'],
  [{}, 'Set-Cookie', 'a=1; Domain=', 'a=1; Domain='],
];
for (const [origin, header, said, got] of BY_ORIGIN) {
  test(`of ${JSON.stringify(origin)}, ${header}: ${said} becomes ${got}`, () => {
    assert.equal(turned(origin, header, said), got);
  });
}

test('by the client’s name, what the origin says of itself passes as it is', async (t) => {
  const { origin, port, own } = await open(t, redirect('http://OWN/a'), {});
  const response = await roundTrip(port, request('Origin: http://site.test:8080\r\n'));
  assert.equal(response.header('location'), `http://${own}/a`);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'host'), ['site.test:8080']);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'origin'), ['http://site.test:8080']);
});

test('a client of HTTP/1.0 without a Host gets what the origin said', async (t) => {
  const { origin, port, own } = await open(t, redirect('http://OWN/a'));
  const response = await roundTrip(port, 'GET / HTTP/1.0\r\n\r\n');
  assert.equal(response.header('location'), `http://${own}/a`);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'host'), [own]);
});
