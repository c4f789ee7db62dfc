/** PROTOCOL.md, "Which requests are ours", through a whole instance. */
import { answers, type Row } from './support/rows.ts';

const PAGEVIEW = { type: 'pageview' };
const ONE = [{ type: 'pageview' }];
const PARTNER = 'https://partner.test';
const PREFLIGHT = [
  'Access-Control-Request-Method: POST',
  'Access-Control-Request-Headers: content-type,x-gotrack-hmac',
];
const get = (path: string, more: Partial<Row> = {}): Row => ({
  it: `GET ${path}`,
  sends: { method: 'GET', path },
  status: 200,
  ...more,
});

answers('1. the reserved paths', {}, [
  get('/px.gif', { headers: { 'content-type': 'image/gif' }, stores: [{ type: 'event' }] }),
  get('/hmac.js', { headers: { 'content-type': /^text\/javascript/ } }),
  get('/pixel.js', { headers: { 'content-type': /^text\/javascript/ } }),
  get('/pixel.esm.js', { headers: { 'content-type': /^text\/javascript/ } }),
  get('/hmac/public-key', { has: ['algorithm', 'header', 'public_key', 'token', 'key', 'now', 'ttl'] }),
  get('/healthz', { json: { status: 'ok' } }),
  get('/readyz', { has: ['status', 'journal', 'sinks'] }),
  get('/metrics', { forwarded: true }),
  get('/collect', { status: 405, headers: { allow: 'POST' } }),
  {
    it: 'DELETE /px.gif',
    sends: { method: 'DELETE', path: '/px.gif' },
    status: 405,
    headers: { allow: 'GET, HEAD' },
  },
  {
    it: 'POST /healthz',
    sends: { path: '/healthz', body: '' },
    status: 405,
    headers: { allow: 'GET, HEAD' },
  },
  {
    it: 'PUT /hmac.js',
    sends: { method: 'PUT', path: '/hmac.js' },
    status: 405,
    headers: { allow: 'GET, HEAD' },
  },
  {
    it: 'POST /hmac/public-key',
    sends: { path: '/hmac/public-key' },
    status: 405,
    headers: { allow: 'GET, HEAD' },
  },
  get('/pixel.js?v=2', {}),
  get('/px.gif/', { forwarded: true }),
  get('/Collect', { forwarded: true }),
  get('/collect/x', { forwarded: true }),
]);

answers('1. PATH_PREFIX moves them all', { PATH_PREFIX: '/_gt' }, [
  get('/_gt/px.gif', { stores: [{ type: 'event' }] }),
  get('/_gt/hmac.js'),
  get('/_gt/pixel.js'),
  get('/_gt/pixel.esm.js'),
  get('/_gt/hmac/public-key'),
  get('/_gt/healthz'),
  get('/_gt/readyz'),
  {
    it: 'POST /_gt/collect',
    sends: { path: '/_gt/collect', body: PAGEVIEW, signed: 'v1' },
    status: 202,
    stores: ONE,
  },
  ...['/px.gif', '/hmac.js', '/hmac/public-key', '/pixel.js', '/pixel.esm.js', '/healthz', '/readyz'].map(
    (path) => get(path, { forwarded: true }),
  ),
  { it: 'POST /collect', sends: { path: '/collect', body: PAGEVIEW }, status: 200, forwarded: true },
]);

answers('2. a POST that carries X-GoTrack-HMAC', {}, [
  {
    it: 'on any path',
    sends: { path: '/shop/basket?x=1', body: PAGEVIEW, signed: 'v1' },
    status: 202,
    stores: ONE,
  },
  {
    it: 'of no worth',
    sends: { body: PAGEVIEW, headers: ['X-GoTrack-HMAC: nonsense'] },
    status: 401,
    error: 'bad-signature',
  },
  {
    it: 'that is empty',
    sends: { body: PAGEVIEW, headers: ['X-GoTrack-HMAC:'] },
    status: 401,
    error: 'bad-signature',
  },
  {
    it: 'twice',
    sends: { body: PAGEVIEW, headers: ['X-GoTrack-HMAC: hello', 'x-gotrack-hmac: hello'] },
    status: 401,
    error: 'bad-signature',
  },
  ...['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map(
    (method): Row => ({
      it: `means nothing on ${method}`,
      sends: { method, headers: ['X-GoTrack-HMAC: hello'] },
      status: 200,
      forwarded: true,
    }),
  ),
  { it: 'is what makes it ours', sends: { path: '/shop', body: PAGEVIEW }, status: 200, forwarded: true },
]);

answers('2. with TRACKING=off they are answered, and dropped', { TRACKING: 'off' }, [
  {
    it: 'a signed POST',
    sends: { body: PAGEVIEW, signed: 'v1' },
    status: 202,
    headers: { 'x-gotrack-accepted': '0' },
    json: { accepted: 0 },
  },
  {
    it: 'a pixel',
    sends: { method: 'GET', path: '/px.gif?e=pageview' },
    status: 200,
    headers: { 'content-type': 'image/gif' },
  },
  { it: 'the site’s own POST is the site’s', sends: { body: PAGEVIEW }, status: 200, forwarded: true },
  get('/page', { forwarded: true }),
]);

answers('3. CORS: /collect from an origin of CORS_ORIGINS', { CORS_ORIGINS: PARTNER }, [
  {
    it: 'its preflight',
    sends: { method: 'OPTIONS', path: '/collect', headers: [`Origin: ${PARTNER}`, ...PREFLIGHT] },
    status: 204,
    headers: {
      'access-control-allow-origin': PARTNER,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type, X-GoTrack-HMAC',
      'access-control-allow-credentials': null,
      vary: 'Origin',
    },
  },
  {
    it: 'its POST',
    sends: {
      path: '/collect',
      body: PAGEVIEW,
      signed: 'v1',
      headers: [`Origin: ${PARTNER}`, 'Sec-Fetch-Site: cross-site'],
    },
    status: 202,
    headers: {
      'access-control-allow-origin': PARTNER,
      'access-control-expose-headers': 'X-GoTrack-Accepted, Retry-After',
      'access-control-allow-credentials': null,
      'set-cookie': null,
      vary: 'Origin',
    },
    stores: ONE,
  },
  {
    it: 'its hello',
    sends: {
      path: '/collect',
      signed: 'hello',
      headers: [`Origin: ${PARTNER}`, 'Sec-Fetch-Site: cross-site'],
    },
    status: 200,
    has: ['token', 'key'],
    headers: { 'access-control-allow-origin': PARTNER },
  },
  {
    it: 'a refusal can be read by its page too',
    sends: {
      path: '/collect',
      body: '{',
      signed: 'v1',
      headers: [`Origin: ${PARTNER}`, 'Sec-Fetch-Site: cross-site'],
    },
    status: 400,
    error: 'not-json',
    headers: { 'access-control-allow-origin': PARTNER },
  },
  {
    it: 'no other path',
    sends: {
      path: '/page',
      body: PAGEVIEW,
      signed: 'v1',
      headers: [`Origin: ${PARTNER}`, 'Sec-Fetch-Site: cross-site'],
    },
    status: 403,
    error: 'cross-site',
    headers: { 'access-control-allow-origin': null },
  },
  ...['https://evil.test', 'http://partner.test', `${PARTNER}:8443`, 'null'].flatMap((origin): Row[] => [
    {
      it: `${origin}: no POST`,
      sends: { path: '/collect', body: PAGEVIEW, signed: 'v1', headers: [`Origin: ${origin}`] },
      status: 403,
      error: 'cross-site',
      headers: { 'access-control-allow-origin': null },
    },
    {
      it: `${origin}: its preflight is the site’s`,
      sends: { method: 'OPTIONS', path: '/collect', headers: [`Origin: ${origin}`, ...PREFLIGHT] },
      status: 200,
      forwarded: true,
    },
  ]),
]);

answers(
  '4. everything else is forwarded',
  {},
  [
    get('/'),
    { it: 'OPTIONS', sends: { method: 'OPTIONS', path: '/px.gif' }, status: 200, forwarded: true },
    { it: 'OPTIONS *', sends: { method: 'OPTIONS', path: '*' }, status: 200, forwarded: true },
    {
      it: 'a preflight',
      sends: { method: 'OPTIONS', headers: ['Origin: https://a.test', ...PREFLIGHT] },
      status: 200,
      forwarded: true,
    },
    {
      it: 'a POST',
      sends: { body: 'a=b', type: 'application/x-www-form-urlencoded' },
      status: 200,
      forwarded: true,
    },
  ].map((row) => ({ ...row, forwarded: true as const })),
);
