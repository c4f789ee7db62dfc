/** Every row of the protocol's table of answers. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createBodyReader } from '../../src/http/read-body.ts';
import { type Answer, exchangeBytes } from './support/raw-request.ts';
import { createRig, IP, type Rig } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';
import { sign } from './support/signer.ts';

const PAGEVIEW = { type: 'pageview', route: { path: '/p' } };
const json: [string, string] = ['Content-Type', 'application/json'];

function assertOurs(answer: Answer): void {
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(Number(answer.headers['content-length']), Buffer.byteLength(answer.body, 'latin1'));
}

describe('answers', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig({ options: { maxBodyBytes: 1_000 } });
  });
  after(() => rig.close());

  async function refused(answer: Answer, status: number, error: string): Promise<void> {
    assertOurs(answer);
    assert.equal(answer.status, status);
    assert.equal(answer.json.error, error);
    assert.equal(answer.headers['x-gotrack-accepted'], undefined);
    assert.ok((await rig.count('rejections', error)) > 0, 'counted');
  }

  test('accepted and synced: 202', async () => {
    const answer = await rig.post([PAGEVIEW, PAGEVIEW]);
    assertOurs(answer);
    assert.equal(answer.status, 202);
    assert.equal(answer.headers['x-gotrack-accepted'], '2');
    assert.deepEqual(answer.json, { status: 'ok', accepted: 2, duplicates: 0 });
    assert.deepEqual(rig.events.slice(-2).flatMap(problemsOf), []);
  });

  test('the 202 waits for the journal', async () => {
    rig.journal.held = [];
    const before = rig.events.length;
    let answered = false;
    const answer = rig.post(PAGEVIEW).finally(() => {
      answered = true;
    });
    while (rig.journal.held.length === 0) await new Promise(setImmediate);
    await new Promise((done) => setTimeout(done, 30));
    assert.equal(answered, false);
    rig.journal.held[0]!();
    rig.journal.held = null;
    assert.equal((await answer).status, 202);
    assert.equal(rig.events.length, before + 1);
  });

  test('some events of a batch invalid: the others are accepted', async () => {
    const answer = await rig.post([PAGEVIEW, null, { type: 'pixel' }, PAGEVIEW]);
    assert.equal(answer.status, 202);
    assert.equal(answer.headers['x-gotrack-accepted'], '2');
    assert.deepEqual(answer.json, {
      status: 'ok',
      accepted: 2,
      duplicates: 0,
      rejected: [
        { index: 1, reason: 'not-an-object' },
        { index: 2, reason: 'reserved-type', field: 'type' },
      ],
    });
  });

  test('not JSON: 400', async () => refused(await rig.post('{"type":'), 400, 'not-json'));
  test('no event: 400', async () => refused(await rig.post([]), 400, 'no-events'));
  test('no valid event: 400 with the first reason and its field', async () => {
    const answer = await rig.post([{ type: 'UPPER' }, null]);
    await refused(answer, 400, 'bad-type');
    assert.equal(answer.json.field, 'type');
  });

  test('/collect without signature: 401', async () => {
    const answer = await rig.send({ path: '/collect', headers: [json], body: JSON.stringify(PAGEVIEW) });
    await refused(answer, 401, 'unsigned');
    assert.deepEqual(answer.json, { error: 'unsigned' });
  });

  test('bad signature: 401 and no token', async () => {
    const answer = await rig.post(PAGEVIEW, {
      issued: { ...rig.tokens.mintHello('203.0.113.42'), key: 'AAAA' },
    });
    await refused(answer, 401, 'bad-signature');
    assert.deepEqual(answer.json, { error: 'bad-signature' });
  });

  for (const header of ['', 'hello, hello', 'v1', 'x'.repeat(5_000)]) {
    test(`a header of no shape (${header.slice(0, 12)}): 401`, async () => {
      await refused(await rig.post(PAGEVIEW, { header }), 401, 'bad-signature');
    });
  }

  test('a repeated header: 401', async () => {
    const issued = rig.tokens.mintHello('203.0.113.42');
    const header = sign(issued, JSON.stringify(PAGEVIEW));
    const answer = await rig.post(PAGEVIEW, { header, headers: [['x-gotrack-hmac', header]] });
    await refused(answer, 401, 'bad-signature');
  });

  test('cross-site: 403', async () => {
    const answer = await rig.post(PAGEVIEW, { headers: [['Sec-Fetch-Site', 'cross-site']] });
    await refused(answer, 403, 'cross-site');
    assert.deepEqual(answer.json, { error: 'cross-site' });
  });

  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
    test(`${method} /collect: 405 with Allow`, async () => {
      const answer = await rig.send({ method, path: '/collect' });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, 'POST');
    });
  }

  for (const method of ['POST', 'DELETE']) {
    test(`${method} /px.gif: 405 with Allow`, async () => {
      const answer = await rig.send({ method, path: '/px.gif' });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, 'GET, HEAD');
    });
  }

  test('body too large: 413', async () => refused(await rig.post('x'.repeat(1_001)), 413, 'body-too-large'));
  test('a body of the greatest size is read', async () =>
    refused(await rig.post('x'.repeat(1_000)), 400, 'not-json'));

  for (const type of [
    'text/plain',
    'application/jsonx',
    'application/x-www-form-urlencoded',
    '',
    'text/html; application/json',
  ]) {
    test(`Content-Type ${type || 'empty'}: 415`, async () => {
      await refused(await rig.post(PAGEVIEW, { headers: [['Content-Type', type]] }), 415, 'not-json-type');
    });
  }
  for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json ;x=y']) {
    test(`Content-Type ${type} is JSON`, async () => {
      assert.equal((await rig.post(PAGEVIEW, { headers: [['Content-Type', type]] })).status, 202);
    });
  }

  const failures = [
    ['full', 429, 'journal-full'],
    ['busy', 503, 'journal-busy'],
    ['unavailable', 503, 'journal-unavailable'],
    ['closed', 503, 'draining'],
  ] as const;
  for (const [reason, status, error] of failures) {
    test(`journal ${reason}: ${status} with Retry-After`, async () => {
      rig.journal.outcome = { ok: false, reason };
      const answer = await rig.post(PAGEVIEW);
      rig.journal.outcome = { ok: true };
      await refused(answer, status, error);
      assert.ok(Number(answer.headers['retry-after']) >= 1);
    });
  }

  test('draining: 503 with Retry-After', async () => {
    rig.state.draining = true;
    const answer = await rig.post(PAGEVIEW);
    rig.state.draining = false;
    await refused(answer, 503, 'draining');
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  });

  test('a fault of ours: 503, counted and logged, and no word of what it was', async () => {
    rig.journal.outcome = new Error('the disk has a secret');
    const answer = await rig.post(PAGEVIEW);
    rig.journal.outcome = { ok: true };
    await refused(answer, 503, 'fault');
    assert.equal(answer.body.includes('secret'), false);
    assert.equal(await rig.count('faults', 'collect'), 1);
    assert.equal(rig.faults.length, 1);
  });

  test('hello: 200 with a token, its key, the time and its life', async () => {
    const answer = await rig.send({ path: '/any?page', headers: [['X-GoTrack-HMAC', 'hello']] });
    assertOurs(answer);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['x-gotrack-accepted'], undefined);
    assert.deepEqual(Object.keys(answer.json), ['token', 'key', 'now', 'ttl']);
    assert.equal(Buffer.from(answer.json.key!, 'base64url').length, 32);
    assert.equal(answer.json.now, rig.now());
    assert.equal(answer.json.ttl, 3_600);
  });

  test('a good signature is accepted on any path, as it stands in the address bar', async () => {
    for (const path of ['/', '/collect', '/a/b?x=1&y=%2F', '/?', '/%C3%A4//b;c?']) {
      assert.equal((await rig.post(PAGEVIEW, { path })).status, 202, path);
    }
  });

  test('every event that is refused is counted once, by its reason', async () => {
    const seen = () =>
      Promise.all(['not-an-object', 'bad-type'].map((reason) => rig.count('rejections', reason)));
    const before = await seen();
    await rig.post([PAGEVIEW, null, null, { type: 'A' }]);
    assert.deepEqual(await seen(), [before[0]! + 2, before[1]! + 1]);
    await rig.post([null, null, { type: 'A' }]);
    assert.deepEqual(await seen(), [before[0]! + 4, before[1]! + 2], 'when none is valid too');
  });

  test('accepted events are counted by scheme', async () => {
    const before = await rig.count('accepted', 'v1');
    await rig.post([PAGEVIEW, PAGEVIEW, PAGEVIEW]);
    assert.equal((await rig.count('accepted', 'v1')) - before, 3);
  });
});

test('TRACKING=off: signed posts and pixels are answered and dropped', async (t) => {
  const rig = await createRig({ options: { tracking: false } });
  t.after(() => rig.close());
  const post = await rig.post(PAGEVIEW);
  assert.equal(post.status, 202);
  assert.equal(post.headers['x-gotrack-accepted'], '0');
  assert.deepEqual(post.json, { status: 'ok', accepted: 0, duplicates: 0 });
  assert.equal((await rig.post('no JSON', { header: 'nonsense' })).status, 202);
  const pixel = await rig.send({ method: 'GET', path: '/px.gif?e=pageview' });
  assert.equal(pixel.status, 200);
  assert.equal(pixel.headers['set-cookie'], undefined);
  assert.deepEqual(rig.events, []);
  assert.equal(await rig.count('drops', 'tracking-off'), 3);
  assert.equal((await rig.send({ method: 'GET', path: '/collect' })).status, 405);
});

describe('bodies that cannot be read', () => {
  const body = JSON.stringify(PAGEVIEW);

  async function rigWith(bounds: Parameters<typeof createBodyReader>[0], t: TestContext): Promise<Rig> {
    const rig = await createRig({ bodies: createBodyReader(bounds) });
    t.after(() => rig.close());
    return rig;
  }

  test('too many in flight: 503 with Retry-After, and the next one is read', async (t) => {
    const rig = await rigWith({ maxTotalBytes: 1_000, maxOwnerBytes: 1_000, timeoutMs: 5_000 }, t);
    const answer = await rig.post({ type: 'a', props: { a: 'x'.repeat(2_000) } });
    assert.deepEqual([answer.status, answer.json.error], [503, 'bodies-busy']);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
    for (let i = 0; i < 50; i++)
      assert.equal((await rig.post(PAGEVIEW)).status, 202, 'each gives its bytes back');
  });

  test('too slow: 408', async (t) => {
    const rig = await rigWith({ maxTotalBytes: 1_000, maxOwnerBytes: 1_000, timeoutMs: 50 }, t);
    const header = sign(rig.tokens.mintHello(IP), body);
    const head = `POST /page HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: ${IP}\r\nX-GoTrack-HMAC: ${header}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const answer = await exchangeBytes(rig.port, [Buffer.from(`${head}{"ty`)]);
    assert.deepEqual([answer.status, answer.json.error], [408, 'body-too-slow']);
    assert.equal(answer.headers.connection, 'close');
    assert.equal((await rig.post(PAGEVIEW)).status, 202);
  });
});
