import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type HeaderLine, valuesOf } from '../support/message.ts';
import { type ProxyOptions, REQUEST_ID, start } from '../support/proxy.ts';
import { roundTrip } from '../support/raw-client.ts';

/** The headers that the origin got. `lines` are the client's, besides Host. */
async function headersAtOrigin(
  t: TestContext,
  lines: string[],
  options: ProxyOptions & { method?: string; version?: string; body?: string } = {},
): Promise<HeaderLine[]> {
  const { origin, port } = await start(t, undefined, options);
  const { method = 'GET', version = '1.1', body = '' } = options;
  const head = [`${method} / HTTP/${version}`, 'Host: site.test:8080', ...lines];
  const response = await roundTrip(port, `${head.join('\r\n')}\r\n\r\n${body}`);
  assert.equal(response.status, 200, response.text);
  return origin.requests[0]!.headers;
}

const OURS = ['host', 'connection', 'via', 'x-request-id'];
const isOurs = ([name]: HeaderLine) =>
  OURS.includes(name.toLowerCase()) || name.toLowerCase().startsWith('x-forwarded-');

/** Lines as they are written, for comparison. */
const asLines = (headers: readonly HeaderLine[]) => headers.map(([name, value]) => `${name}: ${value}`);

test('order, case and duplicates of headers are kept', async (t) => {
  const lines = [
    'X-b: 1',
    'accept: */*',
    'X-A: 2',
    'x-B: 3',
    'ACCEPT: text/html',
    'Cookie: a=1',
    'cookie: b=2',
  ];
  const headers = await headersAtOrigin(t, lines);
  assert.deepEqual(asLines(headers.filter((line) => !isOurs(line))), lines);
});

test('nothing is added besides Via, X-Request-Id and X-Forwarded-*', async (t) => {
  const headers = await headersAtOrigin(t, []);
  assert.deepEqual(asLines(headers), [
    'Host: site.test:8080',
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: site.test:8080',
    'X-Forwarded-Port: 8080',
    `X-Request-Id: ${REQUEST_ID}`,
    'Via: 1.1 gotrack',
  ]);
});

test('Latin-1 values and empty values keep their bytes', async (t) => {
  const headers = await headersAtOrigin(t, ['X-Name: \xe9\xff\x80\xa0', 'X-Empty:', 'X-Utf8: \xc3\xa9']);
  assert.deepEqual(valuesOf(headers, 'x-name'), ['\xe9\xff\x80\xa0']);
  assert.deepEqual(valuesOf(headers, 'x-empty'), ['']);
  assert.deepEqual(valuesOf(headers, 'x-utf8'), ['\xc3\xa9']);
});

test('a header of 50 KB passes', async (t) => {
  const value = 'v'.repeat(50_000);
  assert.deepEqual(valuesOf(await headersAtOrigin(t, [`X-Long: ${value}`]), 'x-long'), [value]);
});

test('3,000 headers pass, none is cut off', async (t) => {
  const lines = Array.from({ length: 3000 }, (_, i) => `X-${i}: ${i}`);
  const headers = await headersAtOrigin(t, lines);
  assert.deepEqual(asLines(headers.filter((line) => !isOurs(line))), lines);
});

const HOP_BY_HOP = [
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Proxy-Authorization: Basic eA==',
  'Proxy-Authenticate: Basic',
  'TE: gzip',
  'Upgrade: websocket',
];
for (const line of HOP_BY_HOP) {
  test(`a hop-by-hop header goes no further: ${line}`, async (t) => {
    const name = line.slice(0, line.indexOf(':'));
    assert.deepEqual(valuesOf(await headersAtOrigin(t, [line]), name), []);
  });
}

test('headers that Connection lists go no further, whatever their case and place', async (t) => {
  const lines = [
    'X-Hop: 1',
    'Connection: close, x-hop ,X-Other',
    'X-OTHER: 2',
    'Connection: keep-me-not',
    'X-Stay: 3',
  ];
  const headers = await headersAtOrigin(t, [...lines, 'Keep-Me-Not: 4']);
  assert.deepEqual(asLines(headers.filter((line) => !isOurs(line))), ['X-Stay: 3']);
});

test('what we add cannot be taken away by listing it in Connection', async (t) => {
  const headers = await headersAtOrigin(t, ['Connection: X-Forwarded-For, Via, X-Request-Id']);
  assert.deepEqual(valuesOf(headers, 'x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(valuesOf(headers, 'via'), ['1.1 gotrack']);
  assert.deepEqual(valuesOf(headers, 'x-request-id'), [REQUEST_ID]);
});

for (const te of ['trailers', 'gzip, trailers', 'trailers;q=0.5', 'Trailers']) {
  test(`TE passes on as trailers alone: ${te}`, async (t) => {
    const headers = await headersAtOrigin(t, [`TE: ${te}`, 'Connection: TE']);
    assert.deepEqual(valuesOf(headers, 'te'), ['trailers']);
  });
}

test('a client’s own X-Forwarded-*, Forwarded and X-Real-IP do not reach the origin', async (t) => {
  const forged = [
    'X-Forwarded-For: 6.6.6.6',
    'x-forwarded-for: 7.7.7.7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.test',
    'X-Forwarded-Port: 666',
    'Forwarded: for=6.6.6.6',
    'X-Real-IP: 6.6.6.6',
    'CF-Connecting-IP: 6.6.6.6',
    'X_Forwarded_For: 6.6.6.6',
    'X_Real_IP: 6.6.6.6',
    'X-Request-Id: mine',
  ];
  const headers = await headersAtOrigin(t, forged, { clientIpHeaders: ['cf-connecting-ip'] });
  assert.deepEqual(asLines(headers.slice(1)), [
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: site.test:8080',
    'X-Forwarded-Port: 8080',
    `X-Request-Id: ${REQUEST_ID}`,
    'Via: 1.1 gotrack',
  ]);
});

test('a trusted peer’s are kept, and the peer is appended to X-Forwarded-For', async (t) => {
  const said = [
    'X-Forwarded-For: 1.2.3.4, 10.0.0.1',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: www.site.test',
    'X-Forwarded-Port: 8443',
    'Forwarded: for=1.2.3.4',
    'X-Real-IP: 1.2.3.4',
    'CF-Connecting-IP: 1.2.3.4',
    'X-Request-Id: abc-1',
  ];
  const headers = await headersAtOrigin(t, said, { trusted: true, clientIpHeaders: ['cf-connecting-ip'] });
  assert.deepEqual(asLines(headers.slice(1)), [
    'Forwarded: for=1.2.3.4',
    'X-Real-IP: 1.2.3.4',
    'CF-Connecting-IP: 1.2.3.4',
    'X-Forwarded-For: 1.2.3.4, 10.0.0.1, 127.0.0.1',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: www.site.test',
    'X-Forwarded-Port: 8443',
    'X-Request-Id: abc-1',
    'Via: 1.1 gotrack',
  ]);
});

test('several X-Forwarded-For lines of a trusted peer become one list', async (t) => {
  const headers = await headersAtOrigin(t, ['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 2.2.2.2'], {
    trusted: true,
  });
  assert.deepEqual(valuesOf(headers, 'x-forwarded-for'), ['1.1.1.1, 2.2.2.2, 127.0.0.1']);
});

test('a chain’s X-Forwarded-Proto is passed as it is', async (t) => {
  const headers = await headersAtOrigin(t, ['X-Forwarded-Proto: https, http'], { trusted: true });
  assert.deepEqual(valuesOf(headers, 'x-forwarded-proto'), ['https, http']);
});

test('where a trusted peer says nothing, our own values stand in', async (t) => {
  const headers = await headersAtOrigin(t, [], { trusted: true });
  assert.deepEqual(valuesOf(headers, 'x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(valuesOf(headers, 'x-forwarded-proto'), ['http']);
  assert.deepEqual(valuesOf(headers, 'x-forwarded-host'), ['site.test:8080']);
  assert.deepEqual(valuesOf(headers, 'x-request-id'), [REQUEST_ID]);
});

const PORTS: [host: string, proto: string, port: string][] = [
  ['site.test', 'http', '80'],
  ['site.test', 'https', '443'],
  ['site.test:81', 'https', '81'],
  ['[::1]', 'https', '443'],
  ['[::1]:8080', 'http', '8080'],
];
for (const [host, proto, port] of PORTS) {
  test(`X-Forwarded-Port is the port that the client sees: ${host} over ${proto}`, async (t) => {
    const lines = [`X-Forwarded-Host: ${host}`, `X-Forwarded-Proto: ${proto}`];
    const headers = await headersAtOrigin(t, lines, { trusted: true });
    assert.deepEqual(valuesOf(headers, 'x-forwarded-port'), [port]);
  });
}

test('Via is joined to what was there, with the version that the client spoke', async (t) => {
  const headers = await headersAtOrigin(t, ['Via: 1.0 a, 1.1 b', 'Via: 2.0 c'], { version: '1.0' });
  assert.deepEqual(valuesOf(headers, 'via'), ['1.0 a, 1.1 b', '2.0 c, 1.0 gotrack']);
});

for (const via of ['1.1 gotrack', '1.0 a, 1.1 gotrack', '1.1 gotrack, 1.1 b', '2.0 gotrack']) {
  test(`a request that has been through us is a loop: ${via}`, async (t) => {
    const { origin, proxy, port } = await start(t);
    const response = await roundTrip(port, `GET / HTTP/1.1\r\nHost: a\r\nVia: ${via}\r\n\r\n`);
    assert.equal(response.status, 508);
    assert.deepEqual(proxy.seen.refused, ['loop']);
    assert.equal(origin.requests.length, 0);
  });
}

test('another proxy whose name contains ours is no loop', async (t) => {
  await headersAtOrigin(t, ['Via: 1.1 not-gotrack, 1.1 gotrack2, gotrack']);
});

test('the verdict headers never come from a client, trusted or not', async (t) => {
  const forged = ['X-GoTrack-Score: 0', 'x-gotrack-label: human', 'X-Gotrack-Reasons: none'];
  for (const trusted of [false, true]) {
    const headers = await headersAtOrigin(t, forged, { trusted });
    assert.deepEqual(
      headers.filter(([name]) => /gotrack/i.test(name)),
      [],
    );
  }
});

test('X-GoTrack-HMAC on a GET means nothing and passes', async (t) => {
  const headers = await headersAtOrigin(t, ['X-GoTrack-HMAC: hello']);
  assert.deepEqual(valuesOf(headers, 'x-gotrack-hmac'), ['hello']);
});

test('X-Session-ID of the site’s own passes', async (t) => {
  assert.deepEqual(valuesOf(await headersAtOrigin(t, ['X-Session-ID: s1']), 'x-session-id'), ['s1']);
});

test('our cookie is taken off, and a Cookie line that held nothing else goes', async (t) => {
  const withoutOurCookie = (cookie: string) => cookie.replace(/(?:; )?gt=ours/, '');
  const headers = await headersAtOrigin(t, ['Cookie: a=1; gt=ours', 'Cookie: gt=ours', 'X-Z: 1'], {
    withoutOurCookie,
  });
  assert.deepEqual(asLines(headers.filter((line) => !isOurs(line))), ['Cookie: a=1', 'X-Z: 1']);
});

for (const line of [
  'X-Forwarded-Proto: https',
  'x-forwarded-for: 1.2.3.4',
  'X-FORWARDED-HOST: b',
  'X-Forwarded-Port: 1',
]) {
  test(`a peer that forwards without being trusted is reported: ${line}`, async (t) => {
    const { proxy, port } = await start(t);
    await roundTrip(port, `GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`);
    assert.equal(proxy.seen.untrusted, 1);
  });
}

test('a client of HTTP/1.0 that names no host is served by the origin’s own name', async (t) => {
  const { origin, port } = await start(t);
  assert.equal((await roundTrip(port, 'OPTIONS / HTTP/1.0\r\n\r\n')).status, 200);
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'host'), ['origin.test']);
});

test('an empty Host stays empty, and is no second one', async (t) => {
  const { origin, port } = await start(t);
  await roundTrip(port, 'GET / HTTP/1.1\r\nHost:\r\n\r\n');
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'host'), ['']);
});

test('a client of HTTP/1.0 whose trusted peer names the host still gets one Host', async (t) => {
  const { origin, port } = await start(t, undefined, { trusted: true });
  await roundTrip(port, 'GET / HTTP/1.0\r\nX-Forwarded-Host: www.test\r\n\r\n');
  assert.deepEqual(valuesOf(origin.requests[0]!.headers, 'host'), ['origin.test']);
});

test('a trusted peer’s X-Request-Id is kept only where it is one', async (t) => {
  for (const given of ['a'.repeat(129), 'a b', '\xe9']) {
    const headers = await headersAtOrigin(t, [`X-Request-Id: ${given}`], { trusted: true });
    assert.deepEqual(valuesOf(headers, 'x-request-id'), [REQUEST_ID]);
  }
});
