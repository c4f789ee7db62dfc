/** What a page may fetch from us: scripts that are the same for everybody, and a key that is its client's own. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createRig, IP, type Rig, SECRET } from './support/rig.ts';
import { type Issued, sign } from './support/signer.ts';

const PARTNER = 'https://partner.test';

describe('scripts', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig({ options: { corsOrigins: [PARTNER] } });
  });
  after(() => rig.close());
  const get = (headers: [string, string][] = [], method = 'GET') =>
    rig.send({ method, path: '/pixel.js', headers });

  test('are JavaScript that caches may keep for a while', async () => {
    const answer = await get();
    assert.deepEqual([answer.status, answer.body], [200, 'pixel']);
    assert.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.equal(answer.headers['cache-control'], 'public, max-age=3600');
    assert.equal(answer.headers['set-cookie'], undefined);
  });

  test('HEAD says the same without the body', async () => {
    const [head, whole] = [await get([], 'HEAD'), await get()];
    assert.equal(head.body, '');
    assert.deepEqual({ ...head.headers, date: '' }, { ...whole.headers, date: '' });
  });

  test('a copy that is still right is not sent again', async () => {
    const { etag } = (await get()).headers;
    const answer = await get([['If-None-Match', etag!]]);
    assert.deepEqual([answer.status, answer.body, answer.headers.etag], [304, '', etag]);
    assert.equal((await get([['If-None-Match', '"other"']])).status, 200);
  });

  test('pages of CORS_ORIGINS may import them, and no others', async () => {
    const allowed = await get([['Origin', PARTNER]]);
    assert.equal(allowed.headers['access-control-allow-origin'], PARTNER);
    for (const origin of ['https://evil.test', 'null', `${PARTNER}.evil.test`]) {
      const answer = await get([['Origin', origin]]);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.equal(answer.headers.vary, 'Origin');
    }
  });

  for (const method of ['POST', 'PUT', 'DELETE']) {
    test(`${method}: 405`, async () => {
      const answer = await get([], method);
      assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD']);
    });
  }
});

describe('/hmac/public-key', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig({ options: { corsOrigins: [PARTNER] } });
  });
  after(() => rig.close());

  const ask = (to: Rig, headers: [string, string][] = [], method = 'GET') =>
    to.send({ method, path: '/hmac/public-key', headers: [['X-Forwarded-For', IP], ...headers] });
  const PAGEVIEW = JSON.stringify({ type: 'pageview' });

  test('gives the calling client’s own key of the bare form, with which it can sign', async () => {
    const answer = await ask(rig);
    assert.deepEqual([answer.status, answer.headers['cache-control']], [200, 'no-store']);
    const { algorithm, header, public_key, ttl } = answer.json as Record<string, string>;
    assert.deepEqual([algorithm, header, Number(ttl)], ['HMAC-SHA256', 'X-GoTrack-HMAC', 3_600]);
    const right = createHmac('sha256', SECRET).update(`client-key:${IP}`).digest('base64');
    assert.equal(public_key, right);
    const signature = createHmac('sha256', Buffer.from(public_key!, 'base64')).update(PAGEVIEW).digest('hex');
    assert.equal((await rig.post(PAGEVIEW, { header: signature })).json.accepted, 1);
  });

  test('and a token with its key, as hello does', async () => {
    const issued = (await ask(rig)).json as Issued;
    assert.equal((await rig.post(PAGEVIEW, { header: sign(issued, PAGEVIEW) })).json.accepted, 1);
    assert.equal(rig.events.at(-1)!.server.auth?.scheme, 'v1');
  });

  test('another address gets another key', async () => {
    const other = await ask(rig, [['X-Forwarded-For', '198.51.100.7']]);
    assert.notEqual(
      (other.json as { public_key?: string }).public_key,
      ((await ask(rig)).json as { public_key?: string }).public_key,
    );
  });

  test('HEAD brings no body, other methods are 405', async () => {
    assert.equal((await ask(rig, [], 'HEAD')).body, '');
    assert.deepEqual(
      [(await ask(rig, [], 'POST')).status, (await ask(rig, [], 'DELETE')).headers.allow],
      [405, 'GET, HEAD'],
    );
  });

  test('no page of another site reads it, not even one of CORS_ORIGINS', async () => {
    for (const origin of ['https://evil.test', PARTNER, 'null']) {
      const answer = await ask(rig, [['Origin', origin]]);
      assert.deepEqual([answer.status, answer.json], [403, { error: 'cross-site' }]);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
    assert.equal((await ask(rig, [['Sec-Fetch-Site', 'cross-site']])).status, 403);
    assert.equal((await ask(rig, [['Sec-Fetch-Site', 'none']])).status, 200, 'a person who looks at it');
  });

  test('RATE_HELLO holds for it', async (t) => {
    const limited = await createRig({ options: { rates: { collect: 0, hello: 1, pixel: 0, document: 0 } } });
    t.after(() => limited.close());
    assert.equal((await ask(limited)).status, 200);
    const answer = await ask(limited);
    assert.deepEqual([answer.status, answer.json.error], [429, 'rate-limited']);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  });

  test('with HMAC_REQUIRE=v1 there is no key of the bare form to give', async (t) => {
    const strict = await createRig({ options: { hmacRequire: 'v1' } });
    t.after(() => strict.close());
    const { json } = await ask(strict);
    assert.deepEqual(Object.keys(json).sort(), ['algorithm', 'header', 'key', 'now', 'token', 'ttl']);
  });
});
