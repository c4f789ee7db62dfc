import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRig, IP, type Rig, type RigSettings } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';

const DOCUMENT = '0192f0c1-7f00-7abc-8def-0123456789ab';
const FROM: [string, string] = ['X-Forwarded-For', IP];
const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/;
const PARTNER = 'https://partner.test';

async function withRig(settings: RigSettings, run: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await createRig(settings);
  try {
    await run(rig);
    for (const event of rig.events) assert.deepEqual(problemsOf(event), []);
  } finally {
    await rig.close();
  }
}

const get = (rig: Rig, query: string, headers: [string, string][] = [], method = 'GET') =>
  rig.send({ method, path: `/px.gif${query}`, headers: [FROM, ...headers] });

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((done) => setTimeout(done, 5));
  assert.ok(condition());
}

/** Decodes by the GIF89a specification: one pixel of a palette of two colours. */
function decodeGif(bytes: Buffer) {
  assert.equal(bytes.toString('latin1', 0, 6), 'GIF89a');
  const size = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  const colours = 2 ** ((bytes[10]! & 7) + 1);
  let at = 13 + 3 * colours;
  if (bytes[at] === 0x21) at += 8; // a graphic control extension has 8 bytes
  assert.equal(bytes[at], 0x2c, 'an image follows');
  const codeSize = bytes[at + 10]! + 1;
  const data = bytes.subarray(at + 12, at + 12 + bytes[at + 11]!);
  const bits = [...data]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .reverse()
    .join('');
  const code = (i: number) =>
    Number.parseInt(bits.slice(bits.length - (i + 1) * codeSize, bits.length - i * codeSize), 2);
  assert.deepEqual([code(0), code(1), code(2)], [4, 0, 5], 'clear, the first colour, end');
  assert.deepEqual([...bytes.subarray(at + 12 + data.length)], [0, 0x3b], 'and the file ends');
  return size;
}

describe('the image', () => {
  test('is a GIF of one pixel, 43 bytes that nobody may store', () =>
    withRig({}, async (rig) => {
      const answer = await get(rig, '');
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'], 'image/gif');
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['content-length'], '43');
      assert.deepEqual(decodeGif(Buffer.from(answer.body, 'latin1')), [1, 1]);
    }));

  test('HEAD has the same headers, no body, and the same event', () =>
    withRig({}, async (rig) => {
      const answer = await get(rig, '?e=signup', [], 'HEAD');
      assert.deepEqual([answer.status, answer.headers['content-length'], answer.body], [200, '43', '']);
      assert.equal(answer.headers['x-gotrack-accepted'], '1');
      assert.equal(rig.events[0]!.server.http?.method, 'HEAD');
    }));
});

describe("the seed's parameters", () => {
  test('never stand in for the URL of a page: the raw user id and the proof would', () =>
    withRig({}, async (rig) => {
      await get(rig, `?e=open&uid=customer-4711&d=${DOCUMENT}.AAAAAAAAAAA`);
      assert.ok(rig.events[0]!.url!.endsWith('/px.gif'));
      assert.doesNotMatch(JSON.stringify(rig.events), /4711|AAAAAAAAAAA/);
    }));

  test('become an event', () =>
    withRig({}, async (rig) => {
      const query =
        '?e=signup&uid=usr_1&sid=s1&url=https%3A%2F%2Fshop.test%2Fp%3Fx%3D1&ref=https%3A%2F%2Fs.test%2F&utm_source=mail&utm_campaign=a+b&plan=pro&plan=max';
      const answer = await get(rig, query);
      assert.equal(answer.headers['x-gotrack-accepted'], '1');
      const [event] = rig.events;
      assert.equal(event!.type, 'signup');
      assert.match(event!.event_id, V7);
      assert.equal(event!.url, 'https://shop.test/p?x=1');
      assert.equal(event!.ip, IP);
      assert.deepEqual(event!.payload?.url, {
        utm: { source: 'mail', campaign: 'a b' },
        referrer: 'https://s.test/',
        referrer_hostname: 's.test',
        raw_query: 'x=1',
        query_size: 3,
      });
      assert.deepEqual(event!.payload?.props, { plan: 'max' });
      assert.equal(event!.payload?.session?.session_id, 's1');
      assert.match(event!.payload?.session?.user_id ?? '', /^[0-9a-f]{64}$/);
      assert.deepEqual(event!.server.auth, { scheme: 'none' });
      assert.equal(await rig.count('accepted', 'none'), 1);
    }));

  test('are all optional: the type is event, the page is that of the Referer', () =>
    withRig({}, async (rig) => {
      await get(rig, '', [['Referer', 'https://shop.test/from']]);
      assert.deepEqual([rig.events[0]!.type, rig.events[0]!.url], ['event', 'https://shop.test/from']);
    }));

  for (const [query, reason] of [
    ['?e=document', 'reserved-type'],
    ['?e=pixel', 'reserved-type'],
    ['?e=No+Type', 'bad-type'],
    ['?uid=bob%40example.com', 'user-id-email'],
    [`?junk=${'x'.repeat(5_000)}`, 'props-too-large'],
  ] as const) {
    test(`that break a rule give the image and no event: ${query.slice(0, 30)}`, () =>
      withRig({}, async (rig) => {
        const answer = await get(rig, query);
        assert.deepEqual([answer.status, answer.headers['x-gotrack-accepted']], [200, '0']);
        assert.deepEqual(rig.events, []);
        assert.equal(await rig.count('rejections', reason), 1);
      }));
  }

  test('may hold any bytes', () =>
    withRig({}, async (rig) => {
      await get(rig, '?a=%00%FF%ED%A0%80&%00=1&__proto__=x&constructor=y&=empty&b');
      assert.equal(rig.events.length, 1);
      const props = rig.events[0]!.payload?.props as Record<string, unknown>;
      assert.equal(Object.getOwnPropertyDescriptor(props, '__proto__')?.value, 'x');
      assert.equal(props.constructor, 'y');
      assert.match(String(props.a), /^\ufffd+$/);
    }));
});

describe('our own image in the page', () => {
  test('is of type pixel, and joined to its document', () =>
    withRig({}, async (rig) => {
      const proof = rig.tokens.documentProof(DOCUMENT, IP);
      await get(rig, `?e=pageview&auto=1&d=${proof}&url=https%3A%2F%2Fshop.test%2Fp`);
      await until(() => rig.events.length === 1);
      const [event] = rig.events;
      assert.deepEqual(
        [event!.type, event!.server.document_id, event!.url],
        ['pixel', DOCUMENT, 'https://shop.test/p'],
      );
      assert.equal(event!.payload, undefined, 'nothing of our own parameters is left over');
    }));

  test('answers at once, before anything is synced', () =>
    withRig({}, async (rig) => {
      rig.journal.held = [];
      const answer = await get(rig, '?e=pageview&auto=1');
      assert.equal(answer.headers['x-gotrack-accepted'], '0');
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.equal(rig.events.length, 0);
      rig.journal.held[0]!();
      await until(() => rig.events.length === 1);
    }));

  test('does not believe a proof that is wrong, or made for somebody else', () =>
    withRig({}, async (rig) => {
      const stolen = rig.tokens.documentProof(DOCUMENT, '198.51.100.7');
      for (const proof of [stolen, `${DOCUMENT}.AAAAAAAAAAA`, DOCUMENT, ''])
        await get(rig, `?auto=1&d=${proof}`);
      await until(() => rig.events.length === 4);
      assert.deepEqual(
        rig.events.map(({ server }) => server.document_id),
        Array(4).fill(undefined),
      );
    }));

  test('names the session of our cookie', () =>
    withRig({}, async (rig) => {
      const pair = rig.tokens.writeCookie({ session: 's1', visitor: 'v1' }, false)!.split(';')[0]!;
      await get(rig, '?auto=1', [['Cookie', pair]]);
      await until(() => rig.events.length === 1);
      assert.deepEqual(rig.events[0]!.payload, { session: { session_id: 's1', visitor_id: 'v1' } });
    }));
});

describe('the cookie of a pixel', () => {
  const cookieOf = (rig: Rig, setCookie: string | undefined) =>
    setCookie === undefined ? null : rig.tokens.readCookie(['Cookie', setCookie.split(';')[0]!]);

  test('is issued where there is none, and names the session of the event', () =>
    withRig({}, async (rig) => {
      const answer = await get(rig, '?e=pageview');
      const identity = cookieOf(rig, answer.headers['set-cookie']);
      assert.match(identity?.session ?? '', /^[0-9a-f-]{36}$/);
      assert.equal(rig.events[0]!.payload?.session?.session_id, identity?.session);
    }));

  test('is not issued where there is one, or a session is named', () =>
    withRig({}, async (rig) => {
      const pair = rig.tokens.writeCookie({ session: 's1', visitor: null }, false)!.split(';')[0]!;
      assert.equal((await get(rig, '?e=pageview', [['Cookie', pair]])).headers['set-cookie'], undefined);
      assert.equal((await get(rig, '?e=pageview&sid=s2')).headers['set-cookie'], undefined);
      assert.deepEqual(
        rig.events.map(({ payload }) => payload?.session?.session_id),
        ['s1', 's2'],
      );
    }));

  test('is not issued where analytics are denied', () =>
    withRig({}, async (rig) => {
      const answer = await get(rig, '?e=pageview', [['DNT', '1']]);
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.equal(rig.events[0]!.payload, undefined);
    }));
});

describe('a pixel that is not recorded is an image all the same', () => {
  async function notRecorded(
    rig: Rig,
    reason: string,
    headers: [string, string][] = [],
    query = '?e=pageview',
  ): Promise<void> {
    const before = rig.events.length;
    const answer = await get(rig, query, headers);
    assert.deepEqual([answer.status, answer.headers['x-gotrack-accepted']], [200, '0']);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(rig.events.length, before);
    assert.equal(await rig.count('drops', reason), 1);
  }

  test('from a foreign site', () =>
    withRig({}, (rig) =>
      notRecorded(rig, 'foreign-site', [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Referer', 'https://evil.test/'],
      ]),
    ));
  test('from a foreign site that does not say which', () =>
    withRig({}, (rig) => notRecorded(rig, 'foreign-site', [['Sec-Fetch-Site', 'cross-site']])));
  test('from a foreign site with a Referer of nonsense', () =>
    withRig({}, (rig) =>
      notRecorded(rig, 'foreign-site', [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Referer', '%%%'],
      ]),
    ));
  test('by our own image on a foreign site', () =>
    withRig({}, (rig) => notRecorded(rig, 'foreign-site', [['Sec-Fetch-Site', 'cross-site']], '?auto=1')));

  test('while a site of CORS_ORIGINS is none of those', () =>
    withRig({ options: { corsOrigins: [PARTNER] } }, async (rig) => {
      await get(rig, '?e=pageview', [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Referer', `${PARTNER}/page`],
      ]);
      await get(rig, '?e=pageview', [['Sec-Fetch-Site', 'same-site']]);
      await get(rig, '?e=pageview', [['Sec-Fetch-Site', 'same-origin']]);
      assert.equal(rig.events.length, 3);
    }));

  test('past the rate of its address', () =>
    withRig({ options: { rates: { collect: 1, hello: 1, pixel: 2, document: 1 } } }, async (rig) => {
      await get(rig, '?e=pageview');
      await get(rig, '?e=pageview');
      await notRecorded(rig, 'pixel-rate');
      await get(rig, '?e=pageview', [['X-Forwarded-For', '198.51.100.7']]);
      assert.equal(rig.events.length, 3, 'another address has a rate of its own');
    }));

  test('when the journal is nearly full', () =>
    withRig({}, async (rig) => {
      rig.journal.fill = 0.8;
      await get(rig, '?e=pageview');
      assert.equal(rig.events.length, 1);
      rig.journal.fill = 0.81;
      await notRecorded(rig, 'journal-nearly-full');
      assert.equal((await rig.post({ type: 'a' })).status, 202, 'signed events go on');
    }));

  test('while draining', () =>
    withRig({}, (rig) => {
      rig.state.draining = true;
      return notRecorded(rig, 'draining');
    }));

  test('when EVENTS_EXCLUDE says so', () =>
    withRig({ options: { exclusions: { types: new Set(['pixel']), paths: [['/health']] } } }, async (rig) => {
      await notRecorded(rig, 'excluded', [], '?auto=1');
      const answer = await get(rig, '?e=pageview&url=https%3A%2F%2Fshop.test%2Fhealth');
      assert.equal(answer.headers['x-gotrack-accepted'], '0');
      assert.equal(await rig.count('drops', 'excluded'), 2);
    }));

  for (const reason of ['full', 'busy', 'unavailable'] as const) {
    test(`when the journal is ${reason}`, () =>
      withRig({}, async (rig) => {
        rig.journal.outcome = { ok: false, reason };
        const answer = await get(rig, '?e=pageview');
        assert.deepEqual([answer.status, answer.headers['x-gotrack-accepted']], [200, '0']);
        assert.equal(await rig.count('drops', `journal-${reason}`), 1);
      }));
  }

  test('when a fault of ours happens', () =>
    withRig({}, async (rig) => {
      rig.journal.outcome = new Error('a fault');
      assert.equal((await get(rig, '?e=pageview')).status, 200);
      assert.equal(await rig.count('faults', 'collect'), 1);
    }));

  test('and one whose journal is slow is answered meanwhile', () =>
    withRig({}, async (rig) => {
      rig.journal.held = [];
      const started = performance.now();
      const answer = await get(rig, '?e=pageview');
      assert.ok(performance.now() - started >= 95);
      assert.equal(answer.headers['x-gotrack-accepted'], '0');
      rig.journal.held[0]!();
      await until(() => rig.events.length === 1);
    }));
});
