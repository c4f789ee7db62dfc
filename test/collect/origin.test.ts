/** Which pages may send: the protocol's origin check, and CORS. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRig, type Rig } from './support/rig.ts';

const PAGEVIEW = { type: 'pageview' };
const PARTNER = 'https://partner.test';
const SITE = 'Sec-Fetch-Site';

/** Requests have `Host: shop.test`. */
const ROWS: [string, [string, string][], string, boolean][] = [
  ['no header at all', [], '/p', true],
  ['same-origin', [[SITE, 'same-origin']], '/p', true],
  ['none: typed by the user', [[SITE, 'none']], '/p', true],
  ['same-site is another origin', [[SITE, 'same-site']], '/p', false],
  ['cross-site', [[SITE, 'cross-site']], '/p', false],
  ['a value that is none', [[SITE, 'whatever']], '/p', false],
  [
    'a repeated header',
    [
      [SITE, 'same-origin'],
      [SITE, 'cross-site'],
    ],
    '/p',
    false,
  ],
  [
    'cross-site with an Origin that looks like ours',
    [
      [SITE, 'cross-site'],
      ['Origin', 'http://shop.test'],
    ],
    '/p',
    false,
  ],
  ['Origin of the same host', [['Origin', 'http://shop.test']], '/p', true],
  ['Origin of the same host, https before a terminator', [['Origin', 'https://shop.test']], '/p', true],
  ['Origin in capitals', [['Origin', 'https://SHOP.test']], '/p', true],
  ['Origin of another port', [['Origin', 'https://shop.test:8443']], '/p', false],
  ['Origin of a sub-domain', [['Origin', 'https://a.shop.test']], '/p', false],
  ['Origin that ends like ours', [['Origin', 'https://evilshop.test']], '/p', false],
  ['Origin: null', [['Origin', 'null']], '/p', false],
  ['Origin: null on /collect', [['Origin', 'null']], '/collect', false],
  [
    'an origin of CORS_ORIGINS on /collect',
    [
      ['Origin', PARTNER],
      [SITE, 'cross-site'],
    ],
    '/collect',
    true,
  ],
  ['the same without Sec-Fetch-Site', [['Origin', PARTNER]], '/collect', true],
  ['the same with a query', [['Origin', PARTNER]], '/collect?x=1', true],
  [
    'an origin of CORS_ORIGINS elsewhere',
    [
      ['Origin', PARTNER],
      [SITE, 'cross-site'],
    ],
    '/p',
    false,
  ],
  [
    'another origin on /collect',
    [
      ['Origin', 'https://evil.test'],
      [SITE, 'cross-site'],
    ],
    '/collect',
    false,
  ],
  ['the other scheme of an origin of CORS_ORIGINS', [['Origin', 'http://partner.test']], '/collect', false],
];

describe('the origin check', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig({ options: { corsOrigins: [PARTNER] } });
  });
  after(() => rig.close());

  for (const [name, headers, path, allowed] of ROWS) {
    test(`${name}: ${allowed ? 'accepted' : 'refused'}`, async () => {
      const answer = await rig.post(PAGEVIEW, { path, headers });
      assert.equal(answer.status, allowed ? 202 : 403);
      const hello = await rig.send({ path, headers: [['X-GoTrack-HMAC', 'hello'], ...headers] });
      assert.equal(hello.status, allowed ? 200 : 403);
    });
  }

  test('Host with its default port is the same host', async () => {
    const { exchangeBytes } = await import('./support/raw-request.ts');
    const text =
      'POST /p HTTP/1.1\r\nHost: shop.test:443\r\nOrigin: https://shop.test\r\nX-GoTrack-HMAC: hello\r\nConnection: close\r\n\r\n';
    assert.equal((await exchangeBytes(rig.port, [Buffer.from(text)])).status, 200);
  });

  test('an allowed origin may read the answer, its counts and when to come again', async () => {
    const answer = await rig.post(PAGEVIEW, { path: '/collect', headers: [['Origin', PARTNER]] });
    assert.equal(answer.headers['access-control-allow-origin'], PARTNER);
    assert.equal(answer.headers['access-control-expose-headers'], 'X-GoTrack-Accepted, Retry-After');
    assert.equal(answer.headers['access-control-allow-credentials'], undefined);
    assert.equal(answer.headers.vary, 'Origin');
    const refused = await rig.post('{', { path: '/collect', headers: [['Origin', PARTNER]] });
    assert.equal(refused.headers['access-control-allow-origin'], PARTNER);
  });

  test('nobody else may', async () => {
    const answer = await rig.post(PAGEVIEW, { path: '/collect', headers: [['Origin', 'https://evil.test']] });
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    assert.equal((await rig.post(PAGEVIEW)).headers['access-control-allow-origin'], undefined);
  });

  test('another origin gets no cookie', async () => {
    const event = { ...PAGEVIEW, session: { session_id: 's1' } };
    const answer = await rig.post(event, { path: '/collect', headers: [['Origin', PARTNER]] });
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.notEqual((await rig.post(event)).headers['set-cookie'], undefined);
  });

  test('the preflight of an allowed origin is answered', async () => {
    const headers: [string, string][] = [
      ['Origin', PARTNER],
      ['Access-Control-Request-Method', 'POST'],
    ];
    const answer = await rig.send({ method: 'OPTIONS', path: '/collect', headers });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-origin'], PARTNER);
    assert.equal(answer.headers['access-control-allow-methods'], 'POST');
    assert.equal(answer.headers['access-control-allow-headers'], 'Content-Type, X-GoTrack-HMAC');
    assert.equal(answer.headers['access-control-allow-credentials'], undefined);
    assert.equal(answer.headers.vary, 'Origin');
  });

  test('any other preflight is left to the site', async () => {
    for (const origin of ['https://evil.test', 'null', 'https://shop.test']) {
      const answer = await rig.send({ method: 'OPTIONS', path: '/collect', headers: [['Origin', origin]] });
      assert.equal(answer.status, 418, 'the rig answers in place of the site');
    }
  });
});
