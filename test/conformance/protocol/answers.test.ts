/** PROTOCOL.md, "Answers" and "Checks", and EVENTS.md, "What is accepted": every reason, through a whole instance. */
import { answers, type Row } from './support/rows.ts';

const PAGEVIEW = { type: 'pageview' };
const x = (count: number) => 'x'.repeat(count);
const signed = (it: string, body: unknown, rest: Omit<Row, 'it' | 'sends'>): Row => ({
  it,
  sends: { body, signed: 'v1' },
  ...rest,
});
const refused = (it: string, body: unknown, error: string, field?: string): Row =>
  signed(it, body, {
    status: 400,
    error,
    ...(field !== undefined && { field }),
    headers: { 'x-gotrack-accepted': null },
  });
/** The day of whoever reads this within the hour. */
const dayAt = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString().slice(0, 10);
const TODAY = new RegExp(`^(${dayAt(0)}|${dayAt(3_600_000)})`);
const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

answers('accepted', {}, [
  signed('one event', PAGEVIEW, {
    status: 202,
    json: { status: 'ok', accepted: 1, duplicates: 0 },
    headers: { 'x-gotrack-accepted': '1', 'content-type': 'application/json', 'cache-control': 'no-store' },
    stores: [{ type: 'pageview', schema: 'gotrack.event/1' }],
  }),
  signed('a batch, some of it invalid', [PAGEVIEW, null, { type: 'A' }, { type: 'click' }], {
    status: 202,
    json: {
      accepted: 2,
      rejected: [
        { index: 1, reason: 'not-an-object' },
        { index: 2, reason: 'bad-type', field: 'type' },
      ],
    },
    stores: [{ type: 'pageview' }, { type: 'click' }],
  }),
  signed('100 events', Array(100).fill(PAGEVIEW), {
    status: 202,
    json: { accepted: 100 },
    stores: Array(100).fill({}),
  }),
]);

answers('400: of the body', {}, [
  refused('no JSON', '{', 'not-json'),
  refused('nothing', '', 'not-json'),
  refused('no event', [], 'no-events'),
  refused('101 events', Array(101).fill(PAGEVIEW), 'too-many-events'),
  refused('33 deep', { type: 'a', props: nested(32) }, 'too-deep'),
  refused('200,000 deep', '['.repeat(200_000), 'too-deep'),
  refused('200,000 nulls', `[${Array(200_000).fill('null').join()}]`, 'too-many-events'),
  refused('invalid UTF-8', Buffer.from('{"type":"\xff"}', 'latin1'), 'not-utf8'),
]);

answers('400: no valid event, by the first reason', {}, [
  refused('null', 'null', 'not-an-object'),
  refused('a list in a list', '[[]]', 'not-an-object'),
  refused('an empty object', {}, 'empty-event'),
  refused('nothing of what makes an event', { event_id: '1', session: {} }, 'empty-event'),
  refused('a type that is none', { type: 'Page View' }, 'bad-type', 'type'),
  ...['document', 'pixel', 'verdict'].map((type) => refused(type, { type }, 'reserved-type', 'type')),
  refused('a long text', { type: 'a', device: { gpu: x(8_193) } }, 'string-too-long', 'payload.device.gpu'),
  refused('a long key', { type: 'a', props: { [x(129)]: 1 } }, 'key-too-long', `payload.props.${x(129)}`),
  refused(
    'a long list',
    { type: 'a', props: { a: Array(257).fill(1) } },
    'array-too-long',
    'payload.props.a',
  ),
  refused(
    'a number without end',
    '{"type":"a","scroll":{"depth":1e999}}',
    'number-not-finite',
    'payload.scroll.depth',
  ),
  refused('large props', { type: 'a', props: { a: x(4_096) } }, 'props-too-large', 'payload.props'),
  refused(
    'much that no table lists',
    { type: 'a', device: { junk: x(5_000) } },
    'props-too-large',
    'payload.props',
  ),
  refused(
    'large results',
    { type: 'a', results: { a: x(8_192), b: x(8_192) } },
    'results-too-large',
    'payload.results',
  ),
  refused(
    'an e-mail address as user',
    { type: 'a', session: { user_id: 'a@b.example' } },
    'user-id-email',
    'payload.session.user_id',
  ),
  refused('the first of two', [{ type: 'A' }, {}], 'bad-type', 'type'),
]);

answers('kept all the same', {}, [
  signed(
    'long url, referrer and title are cut',
    {
      url: `https://a.test/${x(3_000)}`,
      payload: { ref: `https://b.test/${x(3_000)}`, route: { title: x(3_000) } },
    },
    {
      status: 202,
      stores: [
        { url: /^.{2048}$/, payload: { url: { referrer: /^.{2048}$/ }, route: { title: /^x{2048}$/ } } },
      ],
    },
  ),
  signed(
    'a time that is none',
    { type: 'a', ts: '2026-13-01T00:00:00Z' },
    { status: 202, stores: [{ server: { adjusted: ['timestamp'] } }] },
  ),
  signed(
    'a time of yesterday’s yesterday',
    { type: 'a', ts: new Date(Date.now() - 2 * 86_400_000).toISOString() },
    { status: 202, stores: [{ server: { adjusted: ['timestamp'] } }] },
  ),
  signed(
    'a time by a clock that is a day ahead is put right',
    {
      type: 'a',
      ts: new Date(Date.now() + 86_400_000 - 1_000).toISOString(),
      page: { sent_at: Date.now() + 86_400_000 },
    },
    {
      status: 202,
      stores: [
        {
          timestamp: TODAY,
          server: { adjusted: ['timestamp'] },
        },
      ],
    },
  ),
  signed('NUL and half a character', '{"type":"a","props":{"k":"\\u0000\\ud800"}}', {
    status: 202,
    stores: [{ payload: { props: { k: '\ufffd\ufffd' } } }],
  }),
  signed('__proto__ is data', '{"type":"a","props":{"__proto__":{"x":1},"constructor":2}}', {
    status: 202,
    stores: [{ payload: { props: JSON.parse('{"__proto__":{"x":1},"constructor":2}') } }],
  }),
  signed(
    'what a client says of ip, ua and server',
    { type: 'a', ip: '6.6.6.6', ua: 'x', server: { geo: { country: 'DE' } } },
    {
      status: 202,
      stores: [{ ip: '203.0.113.42', ua: undefined, server: { geo: undefined } }],
    },
  ),
  signed(
    'names that no table lists',
    { type: 'a', device: { battery: 1 } },
    { status: 202, stores: [{ payload: { props: { 'device.battery': 1 } } }] },
  ),
  signed(
    'an id that is no UUIDv4',
    { type: 'a', event_id: 'order-1' },
    {
      status: 202,
      stores: [{ event_id: /^.{14}5/, server: { client_event_id: 'order-1', adjusted: ['event_id'] } }],
    },
  ),
  signed(
    'a UUIDv4 in upper case',
    { type: 'a', event_id: '6F1A5C1E-1111-4222-8333-444444444444' },
    { status: 202, stores: [{ event_id: '6f1a5c1e-1111-4222-8333-444444444444' }] },
  ),
  signed(
    'secrets and addresses of people in URLs',
    { url: 'https://a.test/u/bob@b.example?token=hunter2&x=1&card=4111111111111111', type: 'a' },
    {
      status: 202,
      stores: [{ url: 'https://a.test/u/[redacted]?token=&x=1&card=[redacted]' }],
    },
  ),
  signed(
    'user ids become pseudonyms',
    { type: 'a', session: { user_id: 'usr_1' } },
    { status: 202, stores: [{ payload: { session: { user_id: /^[0-9a-f]{64}$/ } } }] },
  ),
  signed(
    'campaign and click ids of the page',
    {
      type: 'pageview',
      route: {
        protocol: 'https:',
        domain: 'a.test',
        path: '/',
        fullPath: '/?utm_source=s&gclid=1&ttclid=2#h',
      },
    },
    {
      status: 202,
      stores: [
        {
          payload: {
            url: { utm: { source: 's' }, google: { gclid: '1' }, other_click_ids: { ttclid: '2' } },
            route: { hash: '#h' },
          },
        },
      ],
    },
  ),
  signed(
    'attribution as the client says it',
    { type: 'a', attribution: { first: { utm_source: 'a' }, last: { gclid: 'b' } } },
    {
      status: 202,
      stores: [{ payload: { attribution: { first: { utm_source: 'a' }, last: { gclid: 'b' } } } }],
    },
  ),
]);

answers('the settings of privacy', { SCRUB: 'off', ANONYMIZE_USER_IDS: 'false', IP_HASH_SECRET: x(32) }, [
  signed(
    'SCRUB=off, ANONYMIZE_USER_IDS=false, IP_HASH_SECRET',
    { type: 'a', url: 'https://a.test/?token=1', session: { user_id: 'usr_1' } },
    {
      status: 202,
      stores: [
        {
          ip: undefined,
          ip_hash: /^[0-9a-f]{64}$/,
          url: 'https://a.test/?token=1',
          payload: { session: { user_id: 'usr_1' } },
        },
      ],
    },
  ),
]);

answers('401, 403, 405, 413, 415', { MAX_BODY_BYTES: '2000' }, [
  { it: 'no signature', sends: { path: '/collect', body: PAGEVIEW }, status: 401, error: 'unsigned' },
  {
    it: 'cross-site by Sec-Fetch-Site',
    sends: { body: PAGEVIEW, signed: 'v1', headers: ['Sec-Fetch-Site: cross-site'] },
    status: 403,
    error: 'cross-site',
  },
  {
    it: 'same-site is not same-origin',
    sends: {
      body: PAGEVIEW,
      signed: 'v1',
      headers: ['Sec-Fetch-Site: same-site', 'Origin: http://other.shop.test'],
    },
    status: 403,
    error: 'cross-site',
  },
  {
    it: 'cross-site by Origin',
    sends: { body: PAGEVIEW, signed: 'v1', headers: ['Origin: http://evil.test'] },
    status: 403,
    error: 'cross-site',
  },
  {
    it: 'an opaque origin',
    sends: { body: PAGEVIEW, signed: 'v1', headers: ['Origin: null'] },
    status: 403,
    error: 'cross-site',
  },
  {
    it: 'another port',
    sends: { body: PAGEVIEW, signed: 'v1', headers: ['Origin: http://shop.test:81'] },
    status: 403,
    error: 'cross-site',
  },
  {
    it: 'its own Origin, scheme aside',
    sends: { body: PAGEVIEW, signed: 'v1', headers: ['Origin: https://shop.test'] },
    status: 202,
    stores: [{}],
  },
  {
    it: 'its own Origin behind a proxy that changes Host',
    sends: {
      body: PAGEVIEW,
      signed: 'v1',
      headers: ['Origin: https://www.shop.test', 'X-Forwarded-Host: www.shop.test'],
    },
    status: 202,
    stores: [{}],
  },
  {
    it: 'Sec-Fetch-Site: same-origin',
    sends: { body: PAGEVIEW, signed: 'v1', headers: ['Sec-Fetch-Site: same-origin'] },
    status: 202,
    stores: [{}],
  },
  {
    it: 'GET /collect',
    sends: { method: 'GET', path: '/collect' },
    status: 405,
    error: 'wrong-method',
    headers: { allow: 'POST' },
  },
  {
    it: 'a large body',
    sends: { body: { type: 'a', props: { a: x(2_000) } }, signed: 'v1' },
    status: 413,
    error: 'body-too-large',
  },
  {
    it: 'text/plain',
    sends: { body: PAGEVIEW, signed: 'v1', type: 'text/plain' },
    status: 415,
    error: 'not-json-type',
  },
  { it: 'no type', sends: { body: PAGEVIEW, signed: 'v1', type: null }, status: 415, error: 'not-json-type' },
  {
    it: 'a type with a parameter',
    sends: { body: PAGEVIEW, signed: 'v1', type: 'Application/JSON; charset=utf-8' },
    status: 202,
    stores: [{}],
  },
]);

const RATES = { RATE_COLLECT: '2', RATE_HELLO: '2', RATE_PIXEL: '2' };
answers('429: rates, by address', RATES, [
  {
    it: 'signed POSTs',
    sends: { body: '{', signed: 'v1', ip: '192.0.2.1' },
    after: 2,
    status: 429,
    error: 'rate-limited',
    headers: { 'retry-after': /^[1-9]/ },
  },
  {
    it: 'hello',
    sends: { signed: 'hello', ip: '192.0.2.1' },
    after: 2,
    status: 429,
    error: 'rate-limited',
    headers: { 'retry-after': /^[1-9]/ },
  },
  {
    it: 'the key of the bare form counts as hello',
    sends: { method: 'GET', path: '/hmac/public-key', ip: '192.0.2.1' },
    status: 429,
    error: 'rate-limited',
  },
  {
    it: 'an IPv6 /64 is one address',
    sends: { body: '{', signed: 'v1', ip: '2001:db8::1' },
    after: 2,
    status: 429,
    error: 'rate-limited',
  },
  {
    it: 'its neighbour',
    sends: { body: '{', signed: 'v1', ip: '2001:db8::2' },
    status: 429,
    error: 'rate-limited',
  },
  {
    it: 'another address',
    sends: { body: PAGEVIEW, signed: 'v1', ip: '192.0.2.2' },
    status: 202,
    stores: [{}],
  },
  {
    it: 'a pixel is served, and not recorded',
    sends: { method: 'GET', path: '/px.gif?e=a', ip: '192.0.2.3' },
    after: 2,
    status: 200,
    headers: { 'x-gotrack-accepted': '0' },
  },
]);

answers('consent', { CONSENT: 'required' }, [
  signed('what nobody agreed to is left out, and counted', PAGEVIEW, {
    status: 202,
    json: { accepted: 0, dropped: 1 },
    headers: { 'x-gotrack-accepted': '0' },
  }),
  signed(
    'what somebody agreed to',
    { ...PAGEVIEW, consent: { analytics: 'granted', security: 'granted' } },
    { status: 202, stores: [{ server: { consent: { analytics: 'granted', source: 'api' } } }] },
  ),
]);

answers('EVENTS_EXCLUDE', { EVENTS_EXCLUDE: 'scroll,/admin/**' }, [
  signed('a type', { type: 'scroll' }, { status: 202, json: { accepted: 0, dropped: 1 } }),
  signed(
    'a path',
    { type: 'a', url: 'https://a.test/admin/users' },
    { status: 202, json: { accepted: 0, dropped: 1 } },
  ),
  signed('others', { type: 'a', url: 'https://a.test/' }, { status: 202, stores: [{}] }),
]);
