/** The forms of an event, and where each thing that a client says comes to stand. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Envelope } from '../../src/event/envelope.ts';
import { createRig, type PostSettings, type Rig } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';

let rig: Rig;
before(async () => {
  rig = await createRig();
});
after(() => rig.close());

async function stored(event: unknown, settings?: PostSettings): Promise<Envelope> {
  const answer = await rig.post(event, settings);
  assert.equal(answer.status, 202, answer.body);
  const envelope = rig.events.at(-1)!;
  assert.deepEqual(problemsOf(envelope), []);
  return envelope;
}

async function reason(event: unknown): Promise<string> {
  const { status, json } = await rig.post(event);
  assert.equal(status, 400);
  return json.field === undefined ? json.error! : `${json.error} ${json.field}`;
}

const ID = '6f1a5c1e-1111-4222-8333-444444444444';

describe('the forms of an event', () => {
  test("the seed's flat form", async () => {
    const event = await stored({
      event_id: ID,
      timestamp: '2026-11-21T09:59:58Z',
      ip: '6.6.6.6',
      ua: 'a lie',
      url: 'https://shop.test/p?x=1',
      payload: {
        e: 'signup',
        uid: 'usr_1',
        sid: 's1',
        ref: 'https://s.test/',
        utm_source: 'mail',
        plan: 'pro',
      },
    });
    assert.deepEqual(
      [event.event_id, event.type, event.timestamp],
      [ID, 'signup', '2026-11-21T09:59:58.000Z'],
    );
    assert.deepEqual([event.ip, event.ua, event.url], ['203.0.113.42', undefined, 'https://shop.test/p?x=1']);
    const { session, ...rest } = event.payload!;
    assert.deepEqual(rest, {
      url: {
        utm: { source: 'mail' },
        referrer: 'https://s.test/',
        referrer_hostname: 's.test',
        raw_query: 'x=1',
        query_size: 3,
      },
      props: { plan: 'pro' },
    });
    assert.equal(session?.session_id, 's1');
    assert.match(session?.user_id ?? '', /^[0-9a-f]{64}$/);
  });

  test("the seed's nested form", async () => {
    const groups = {
      url: {
        referrer: 'https://s.test/r',
        referrer_hostname: 's.test',
        raw_query: 'x=1',
        query_size: 3,
        utm: { source: 'a' },
        google: { gclid: 'b' },
      },
      route: {
        domain: 'shop.test',
        path: '/p',
        fullPath: '/p?x=1',
        title: 'Title',
        protocol: 'https:',
        query: { x: '1' },
      },
      device: {
        os: 'Linux',
        viewport_w: 1280,
        cookie_enabled: true,
        languages: ['de', 'en'],
        screens: [{ width: 10, height: 20 }],
      },
      session: { visitor_id: 'v', session_id: 's', session_start_ts: 5, session_seq: 1 },
    };
    const event = await stored({ event_id: ID, ts: '2026-11-21T10:00:00Z', type: 'pageview', ...groups });
    assert.deepEqual(event.payload, groups);
    assert.equal(event.url, 'https://shop.test/p?x=1');
  });

  test("the tracker's own form", async () => {
    const groups = {
      page: { page_id: ID, seq: 2, virtual: true, sent_at: Date.UTC(2026, 10, 21, 10) },
      attribution: { first: { utm_source: 'a', gclid: 'b' }, last: { utm_source: 'c' } },
      experiments: { checkout: 'b' },
      click: { tag: 'a', id: 'buy', href: 'shop.test/cart', outbound: false, x: 0.5, y: 0.25 },
      props: { plan: 'pro', deep: { list: [1, 'two', true] } },
      results: { webdriver: false, plugins: [] },
    };
    const event = await stored({ type: 'click', ...groups });
    assert.deepEqual(event.payload, groups);
  });

  test('scroll, vital and error have their objects', async () => {
    const groups = {
      scroll: { depth: 0.75, visible_ms: 1_000, engaged_ms: 900 },
      vital: { lcp: { value: 1_234.5, rating: 'good', target: 'img.hero' }, cls: { value: 0.01 } },
      error: { kind: 'rejection', type: 'TypeError', file: '/app.js', line: 3, column: 9 },
    };
    assert.deepEqual((await stored({ type: 'vital', ...groups })).payload, groups);
  });

  test('the stored shape itself is a form: what the proxy says stays what the proxy says', async () => {
    const event = await stored({
      ...{
        event_id: ID,
        type: 'click',
        ip: '6.6.6.6',
        ip_hash: 'x',
        schema: 'mine/1',
        url: 'https://shop.test/',
      },
      payload: { route: { path: '/' }, props: { a: 1 }, server: { verdict: 'human' } },
      server: { geo: { country: 'DE' }, verdict: { label: 'human' }, document_id: ID },
    });
    assert.equal(event.schema, 'gotrack.event/1');
    assert.equal(event.ip, '203.0.113.42');
    assert.equal(event.server.document_id, undefined);
    assert.deepEqual(Object.keys(event.server).sort(), [
      'auth',
      'consent',
      'http',
      'received_at',
      'request_id',
    ]);
    assert.deepEqual(event.payload, { route: { path: '/' }, props: { a: 1, server: { verdict: 'human' } } });
  });

  test('one object, or a list', async () => {
    assert.equal((await rig.post({ type: 'a' })).json.accepted, 1);
    assert.equal((await rig.post([{ type: 'a' }, { type: 'b' }])).json.accepted, 2);
  });

  test('the user agent is that of the header', async () => {
    const event = await stored(
      { type: 'a', device: { ua: 'claimed' } },
      { headers: [['User-Agent', 'real/1.0']] },
    );
    assert.deepEqual([event.ua, event.payload?.device?.ua], ['real/1.0', 'claimed']);
    const long = await stored({ type: 'a' }, { headers: [['User-Agent', 'u'.repeat(3_000)]] });
    assert.equal(long.ua?.length, 1_024);
  });

  test('the order of the headers is that of the wire, up to 64', async () => {
    const many: [string, string][] = Array.from({ length: 80 }, (_, i) => [`X-Header-${i}`, '1']);
    const event = await stored({ type: 'a' }, { headers: many });
    const order = event.server.http?.header_order;
    assert.deepEqual(order?.slice(0, 4), ['Host', 'X-Forwarded-For', 'X-GoTrack-HMAC', 'X-Header-0']);
    assert.equal(order?.length, 64);
    assert.deepEqual(
      [event.server.http?.version, event.server.http?.method, event.server.http?.host],
      ['1.1', 'POST', 'shop.test'],
    );
  });
});

describe('the type of an event', () => {
  const types: [object, string][] = [
    [{ type: 'pageview' }, 'pageview'],
    [{ payload: { e: 'signup' } }, 'signup'],
    [{ e: 'signup' }, 'signup'],
    [{ type: '', payload: { e: 'signup' } }, 'signup'],
    [{ type: 'a', payload: { e: 'b' } }, 'a'],
    [{ url: 'https://shop.test/' }, 'event'],
    [{ payload: { x: 1 } }, 'event'],
    [{ type: 'a.b:c_d-e9' }, 'a.b:c_d-e9'],
    [{ type: 'x'.repeat(64) }, 'x'.repeat(64)],
  ];
  for (const [event, type] of types) {
    test(`of ${JSON.stringify(event).slice(0, 40)} is ${type.slice(0, 12)}`, async () => {
      assert.equal((await stored(event)).type, type);
    });
  }

  for (const type of [
    'Pageview',
    'a b',
    'ä',
    'x'.repeat(65),
    5,
    true,
    ['a'],
    { a: 1 },
    'a\n',
    '__proto__!',
  ]) {
    test(`${JSON.stringify(type).slice(0, 20)} is refused`, async () =>
      assert.equal(await reason({ type }), 'bad-type type'));
  }
  for (const type of ['document', 'pixel', 'verdict']) {
    test(`${type} is the proxy's own`, async () => {
      assert.equal(await reason({ type }), 'reserved-type type');
      assert.equal(await reason({ payload: { e: type } }), 'reserved-type type');
    });
  }
});

describe('an empty event', () => {
  for (const event of [
    {},
    { event_id: ID },
    { page: { seq: 1 } },
    { session: { session_id: 's' } },
    { type: null },
    { props: { a: 1 } },
  ]) {
    test(`is refused: ${JSON.stringify(event)}`, async () =>
      assert.equal(await reason(event), 'empty-event'));
  }
  for (const event of [
    { type: 'a' },
    { e: 'a' },
    { payload: {} },
    { url: {} },
    { route: {} },
    { results: {} },
  ]) {
    test(`is not ${JSON.stringify(event)}`, async () => void (await stored(event)));
  }
  for (const event of [null, 5, 'text', true, [[]]]) {
    test(`${JSON.stringify(event)} is no object`, async () =>
      assert.equal(await reason(JSON.stringify(event)), 'not-an-object'));
  }
});

describe('names that no table lists', () => {
  test('are kept as custom properties, under their path', async () => {
    const event = await stored({
      type: 'a',
      colour: 'red',
      device: { os: 'Linux', battery: 0.5, screens: [{ width: 1, notch: true }] },
      url: { fragment: 'x', utm: { source: 's' } },
      vital: { fid: { value: 1 } },
      props: { own: 1 },
    });
    assert.deepEqual(event.payload, {
      url: { utm: { source: 's' } },
      device: { os: 'Linux', screens: [{ width: 1 }] },
      props: {
        colour: 'red',
        'device.battery': 0.5,
        'device.screens[0].notch': true,
        'url.fragment': 'x',
        'vital.fid': { value: 1 },
        own: 1,
      },
    });
  });

  test('and so is what a listed name should not hold', async () => {
    const event = await stored({
      type: 'a',
      device: {
        viewport_w: '1280',
        languages: 'de',
        cookie_enabled: 1,
        screens: { width: 1 },
        ua_brands: [1],
      },
      session: 'abc',
      page: { virtual: 'yes', restored: false },
      experiments: { a: { b: 1 } },
      props: ['list'],
    });
    assert.deepEqual(event.payload, {
      props: {
        'device.viewport_w': '1280',
        'device.languages': 'de',
        'device.cookie_enabled': 1,
        'device.screens': { width: 1 },
        'device.ua_brands': [1],
        session: 'abc',
        'page.virtual': 'yes',
        experiments: { a: { b: 1 } },
        props: ['list'],
      },
    });
  });

  test('a custom property of the same name wins', async () => {
    assert.deepEqual((await stored({ type: 'a', colour: 'red', props: { colour: 'blue' } })).payload, {
      props: { colour: 'blue' },
    });
  });

  test('what does not fit is refused with its reason', async () => {
    assert.equal(
      await reason({ type: 'a', device: { junk: 'x'.repeat(5_000) } }),
      'props-too-large payload.props',
    );
  });
});

describe('nothing that is unknown is stored', () => {
  test('no empty texts, nulls or empty objects, at any depth', async () => {
    const event = await stored({
      type: 'a',
      url: { referrer: '', utm: {} },
      route: { title: null },
      device: { screens: [{}, { width: null }], languages: ['', 'de'] },
      session: {},
      props: { a: null, b: '', c: {}, d: { e: { f: null } }, g: [null, '', {}, 1], h: [] },
    });
    assert.deepEqual(event.payload, { device: { languages: ['de'] }, props: { g: [1], h: [] } });
  });

  test('an event of which nothing is left has no payload', async () => {
    assert.equal('payload' in (await stored({ type: 'a', url: { referrer: '' } })), false);
  });

  test('false and 0 are known', async () => {
    const event = await stored({
      type: 'a',
      device: { ua_mobile: false, network_rtt: 0 },
      props: { a: false, b: 0 },
    });
    assert.deepEqual(event.payload, {
      device: { ua_mobile: false, network_rtt: 0 },
      props: { a: false, b: 0 },
    });
  });
});

describe('ids of people', () => {
  test('a number is an id too', async () => {
    const session = (await stored({ type: 'a', session: { session_id: 7, user_id: 42 } })).payload?.session;
    assert.equal(session?.session_id, '7');
    assert.match(session?.user_id ?? '', /^[0-9a-f]{64}$/);
  });

  test('a user id that looks like an e-mail address is refused', async () => {
    assert.equal(
      await reason({ type: 'a', session: { user_id: 'bob@example.com' } }),
      'user-id-email payload.session.user_id',
    );
    assert.equal(
      await reason({ payload: { e: 'a', uid: 'bob@example.com' } }),
      'user-id-email payload.session.user_id',
    );
  });

  test('with ANONYMIZE_USER_IDS=false it is stored as it is', async (t) => {
    const plain = await createRig({ privacy: { userIdSecret: undefined } });
    t.after(() => plain.close());
    await plain.post({ type: 'a', session: { user_id: 'usr_1' } });
    assert.equal(plain.events[0]!.payload?.session?.user_id, 'usr_1');
  });

  test('with IP_HASH_SECRET there is a hash, and no address anywhere', async (t) => {
    const hashing = await createRig({ privacy: { ipHashSecret: 'the key of addresses' } });
    t.after(() => hashing.close());
    await hashing.post({ type: 'a' });
    assert.deepEqual(problemsOf(hashing.events[0]), []);
    assert.match(hashing.events[0]!.ip_hash ?? '', /^[0-9a-f]{64}$/);
    assert.equal(JSON.stringify(hashing.events[0]).includes('203.0.113.42'), false);
  });
});

describe('scrubbing', () => {
  test('of everything that comes from an address or a title', async () => {
    const secret = 'hunter2';
    const query = `token=${secret}&q=bob@example.com`;
    const event = await stored(
      {
        type: 'pageview',
        url: { referrer: `https://s.test/?${query}`, raw_query: query, utm: { content: 'bob@example.com' } },
        route: {
          ...{
            path: '/u/bob@example.com',
            fullPath: `/p?${query}#key=${secret}`,
            hash: `#key=${secret}`,
            title: 'Hi bob@example.com',
          },
          ...{
            canonical_url: `https://shop.test/?${query}`,
            query: { token: secret, q: 'bob@example.com', x: '1' },
          },
        },
        click: { href: `shop.test/?${query}` },
        error: { file: `https://shop.test/a.js?${query}` },
        attribution: { first: { utm_content: 'bob@example.com' } },
      },
      { path: `/p?${query}`, headers: [['Referer', `https://shop.test/?${query}`]] },
    );
    const text = JSON.stringify(event);
    assert.equal(text.includes(secret), false, text);
    assert.equal(text.includes('example.com'), false, text);
    assert.deepEqual(event.payload?.route?.query, { q: '[redacted]', x: '1' });
  });

  test('of the page, whoever names it', async () => {
    const url = 'https://shop.test/p?token=hunter2&x=1';
    const clean = 'https://shop.test/p?token=&x=1';
    assert.equal((await stored({ url })).url, clean);
    assert.equal((await stored({ type: 'a' }, { headers: [['Referer', url]] })).url, clean);
    const bare = await stored({ type: 'a' }, { path: '/p?token=hunter2&x=1' });
    assert.equal(bare.url, clean.replace('https', 'http'));
  });

  test('SCRUB=off keeps it all', async (t) => {
    const open = await createRig({ privacy: { scrub: false } });
    t.after(() => open.close());
    await open.post({ type: 'a', route: { title: 'Hi bob@example.com', path: '/p?token=1' } });
    assert.deepEqual(open.events[0]!.payload?.route, { title: 'Hi bob@example.com', path: '/p?token=1' });
  });
});

describe('names that JavaScript treats specially', () => {
  test('__proto__, constructor and prototype are data', async () => {
    const text =
      '{"type":"a","__proto__":{"polluted":1},"props":{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}},"toString":"z"},"device":{"__proto__":5,"constructor":6,"hasOwnProperty":7},"url":{"utm":{"__proto__":"u"}}}';
    const event = await stored(text);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(({} as Record<string, unknown>).x, undefined);
    const props = event.payload?.props as Record<string, unknown>;
    assert.deepEqual(Object.getOwnPropertyDescriptor(props, '__proto__')?.value, { x: 1 });
    assert.deepEqual(props.constructor, { prototype: { y: 1 } });
    assert.equal(props.toString, 'z');
    assert.equal(props['device.__proto__'], 5);
    assert.equal(props['device.constructor'], 6);
    assert.equal(Object.getOwnPropertyDescriptor(event.payload?.url?.utm, '__proto__')?.value, 'u');
    assert.equal(
      JSON.stringify(event).includes('"polluted"'),
      false,
      'the one of the event gave way to the one of props',
    );
  });

  test('an event whose own type is inherited has none', async () => {
    assert.equal(await reason('{"__proto__":{"type":"a"}}'), 'empty-event');
  });

  test('of equal keys the last wins', async () => {
    assert.equal((await stored('{"type":"a","type":"b","props":{"x":1,"x":2}}')).type, 'b');
    assert.deepEqual(rig.events.at(-1)!.payload, { props: { x: 2 } });
  });
});
