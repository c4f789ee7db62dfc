import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Exchange } from '../../src/http/exchange.ts';
import { type ProxyOptions, start } from '../support/proxy.ts';
import { roundTrip } from '../support/raw-client.ts';

/** Who answers a request. `lines` are its headers besides Host. */
async function answers(
  t: TestContext,
  request: string,
  {
    lines = [],
    pathPrefix = '',
    cors = true,
  }: { lines?: string[]; pathPrefix?: string; cors?: boolean } = {},
): Promise<string> {
  const by = (name: string) => (exchange: Exchange) =>
    void exchange.clientRes.writeHead(200, ['X-By', name, 'Content-Length', '0']).end();
  const options: ProxyOptions = {
    pathPrefix,
    collect: {
      post: by('collect'),
      preflight: (exchange) => {
        if (cors) by('preflight')(exchange);
        return cors;
      },
      pixel: by('pixel'),
      script: (exchange, name) => by(name)(exchange),
      publicKey: by('public-key'),
    },
  };
  const { origin, port } = await start(t, undefined, options);
  const head = [`${request} HTTP/1.1`, 'Host: a', ...lines].join('\r\n');
  const response = await roundTrip(port, `${head}\r\n\r\n`);
  if (origin.requests.length > 0) return 'origin';
  return response.header('x-by') ?? String(response.status);
}

const SIGNED = ['X-GoTrack-HMAC: v1;x', 'Content-Length: 0'];
const PREFLIGHT = ['Origin: https://b.test', 'Access-Control-Request-Method: POST'];

const CASES: [request: string, by: string, lines?: string[]][] = [
  ['GET /px.gif', 'pixel'],
  ['GET /px.gif?e=pageview&url=%2F', 'pixel'],
  ['HEAD /px.gif', 'pixel'],
  ['GET /hmac.js', 'hmac.js'],
  ['GET /pixel.js?v=1', 'pixel.js'],
  ['HEAD /pixel.esm.js', 'pixel.esm.js'],
  ['GET /hmac/public-key', 'public-key'],
  ['POST /hmac.js', 'hmac.js'], // which says 405
  ['POST /hmac.js', 'collect', SIGNED],
  ['OPTIONS /hmac.js', 'origin', PREFLIGHT],
  ['GET /hmac/', 'origin'],
  ['GET /hmac/public-key/', 'origin'],
  ['POST /collect', 'collect'],
  ['GET /collect', 'collect'], // which says 405
  ['POST /collect?x', 'collect'],
  ['POST /any/page?q=1', 'collect', SIGNED],
  ['POST /px.gif', 'collect', SIGNED],
  ['POST /any', 'collect', ['x-gotrack-hmac:', 'Content-Length: 0']],
  ['POST /any', 'collect', [...SIGNED, 'X-GOTRACK-HMAC: again']],
  ['GET /any', 'origin', ['X-GoTrack-HMAC: v1;x']],
  ['PUT /any', 'origin', SIGNED],
  ['POST /any', 'origin'],
  ['OPTIONS /collect', 'preflight', PREFLIGHT],
  ['OPTIONS /collect', 'origin'],
  ['OPTIONS /any', 'origin', PREFLIGHT],
  ['OPTIONS /px.gif', 'origin', PREFLIGHT],
  ['GET /healthz', '200'],
  ['HEAD /healthz', '200'],
  ['POST /healthz', '405'],
  ['GET /readyz', '503'],
  ['GET /metrics', 'origin'],
  ['GET /collect/', 'origin'],
  ['GET /Collect', 'origin'],
  ['GET /%63ollect', 'origin'],
  ['GET //collect', 'origin'],
  ['GET /x/collect', 'origin'],
  ['GET /px.gif/', 'origin'],
];
for (const [request, by, lines = []] of CASES) {
  test(`${request} with [${lines.join(', ')}] is answered by ${by}`, async (t) => {
    assert.equal(await answers(t, request, { lines }), by);
  });
}

const PREFIXED: [request: string, by: string][] = [
  ['POST /_gt/collect', 'collect'],
  ['GET /_gt/px.gif', 'pixel'],
  ['GET /_gt/healthz', '200'],
  ['GET /_gt/pixel.js', 'pixel.js'],
  ['GET /_gt/hmac/public-key', 'public-key'],
  ['GET /hmac.js', 'origin'],
  ['POST /collect', 'origin'],
  ['GET /px.gif', 'origin'],
  ['GET /healthz', 'origin'],
  ['GET /_gtcollect', 'origin'],
];
for (const [request, by] of PREFIXED) {
  test(`with a prefix, ${request} is answered by ${by}`, async (t) => {
    assert.equal(await answers(t, request, { pathPrefix: '/_gt' }), by);
  });
}

test('a signed POST is ours under a prefix too, and under every method override', async (t) => {
  const lines = [...SIGNED, 'X-HTTP-Method-Override: GET'];
  assert.equal(await answers(t, 'POST /page', { lines, pathPrefix: '/_gt' }), 'collect');
});

test('an absolute form is routed by its path', async (t) => {
  assert.equal(await answers(t, 'GET http://a/healthz'), '200');
});

test('our own answers say what they are and are not stored', async (t) => {
  const { port } = await start(t);
  const health = await roundTrip(port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(health.header('content-type'), 'application/json');
  assert.equal(health.header('cache-control'), 'no-store');
  assert.deepEqual(JSON.parse(health.text), { status: 'ok' });
  const wrong = await roundTrip(port, 'DELETE /readyz HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(wrong.header('allow'), 'GET, HEAD');
});

test('the exchange says who, when and what the client sees', async (t) => {
  const seen: Exchange[] = [];
  const post = (exchange: Exchange) => {
    seen.push(exchange);
    exchange.clientRes.writeHead(202, ['Content-Length', '0']).end();
  };
  const trusted = await start(t, undefined, { trusted: true, collect: { post } });
  const lines = [
    'Host: in.test',
    'X-Forwarded-Proto: HTTPS, http',
    'X-Forwarded-Host: www.site.test:8443, x',
    'X-Request-Id: r1',
  ];
  const head = ['POST /p HTTP/1.1', ...lines, ...SIGNED].join('\r\n');
  await roundTrip(trusted.port, `${head}\r\n\r\n`);
  const own = await start(t, undefined, { collect: { post } });
  await roundTrip(own.port, `${head}\r\n\r\n`);
  const [behind, direct] = seen.map(({ scheme, host, requestId }) => ({ scheme, host, requestId }));
  assert.deepEqual(behind, { scheme: 'https', host: 'www.site.test:8443', requestId: 'r1' });
  assert.equal(direct!.scheme, 'http');
  assert.equal(direct!.host, 'in.test');
  assert.notEqual(direct!.requestId, 'r1');
  assert.ok(Math.abs(seen[0]!.receivedAt - Date.now()) < 60_000);
});

test('a trusted peer’s X-Forwarded-Host that is none is not believed', async (t) => {
  let host = '';
  const post = (exchange: Exchange) => {
    host = exchange.host;
    exchange.clientRes.writeHead(202, ['Content-Length', '0']).end();
  };
  const { port } = await start(t, undefined, { trusted: true, collect: { post } });
  const lines = ['Host: site.test', 'X-Forwarded-Host: "><script>', ...SIGNED];
  await roundTrip(port, `POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  assert.equal(host, 'site.test');
});

test('a preflight from an origin that is none of ours is the site’s', async (t) => {
  assert.equal(await answers(t, 'OPTIONS /collect', { lines: PREFLIGHT, cors: false }), 'origin');
});
