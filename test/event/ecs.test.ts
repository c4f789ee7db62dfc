import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EcsVersion } from '@elastic/ecs';
import fc from 'fast-check';
import { ECS_VERSION, toEcs, toEcsRecord } from '../../src/event/ecs.ts';
import { type Envelope, SCHEMA, toRecord } from '../../src/event/envelope.ts';
import { type Fields, type Kind, PAYLOAD_TABLE } from '../../src/event/payload-table.ts';
import { createElasticIndex, isEcsField, isEcsList } from '../support/elastic-index.ts';

const FULL: Parameters<typeof toEcs>[0] = {
  event_id: '0192b1f0-0000-7000-8000-000000000001',
  timestamp: '2026-11-21T10:00:00.000Z',
  type: 'document',
  ip: '203.0.113.42',
  ua: 'Mozilla/5.0 (X11; Linux x86_64)',
  url: 'https://shop.example:8443/p?q=%20x#frag',
  payload: {
    url: {
      referrer: 'https://search.example/',
      referrer_hostname: 'search.example',
      raw_query: 'utm_source=mail',
      query_size: 15,
      utm: { source: 'mail' },
      other_click_ids: { ip: 'not an address', timestamp: 'not a date' },
    },
    route: { domain: 'shop.example', path: '/p', title: '2026-11-21', query: { a: 'b' } },
    device: { device_pixel_ratio: 1.5, languages: ['en', 'de'], screens: [{ width: 1, height: 2 }] },
    session: { session_id: 's', visitor_id: 'v', user_id: 'u', session_seq: 1e300 },
    page: { page_id: 'p', seq: 0, virtual: true },
    attribution: { first: { utm_source: 'mail' }, last: {} },
    experiments: { checkout: 'b' },
    click: { tag: 'A', x: 0.5 },
    vital: { lcp: { value: 1200, rating: 'good', target: 'img' } },
    props: { plan: { deep: [1, 'two', null] } },
    results: { webdriver: true },
  },
  server: {
    received_at: '2026-11-21T10:00:00.500Z',
    request_id: 'r',
    document_id: 'd',
    client_event_id: 'c',
    adjusted: ['timestamp'],
    document: { status: 200, bytes: 12_345, origin_ms: 12.5, injection: 'spliced', prefetch: true },
    auth: { scheme: 'v1', key_id: '0', issued_at: '2026-11-21T09:00:00.000Z', ip_changed: true },
    consent: { analytics: 'granted', security: 'granted', gpc: true, source: 'cookie' },
    http: {
      version: '2',
      host: 'shop.example',
      method: 'GET',
      status: 200,
      header_order: ['host', 'accept'],
    },
    device: { browser: 'Firefox', browser_version: '140', os: 'Linux', device_type: 'desktop' },
    geo: { country: 'CA', region: 'Quebec', city: 'Montreal' },
    asn: { number: 64_496, organization: 'Example Net' },
    verdict: { score: 87.5, label: 'bot', reasons: ['no-render', 'header-order'], ruleset: '2026-11-21' },
  },
  schema: SCHEMA,
};
const MINIMAL: Envelope = {
  event_id: FULL.event_id,
  timestamp: FULL.timestamp,
  type: 'event',
  server: { received_at: FULL.timestamp },
  schema: SCHEMA,
};

/** Every leaf of a document as `a.b.c`; lists count as what is in them. */
function leavesOf(value: unknown, path = ''): [path: string, value: unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, item]) => leavesOf(item, path ? `${path}.${name}` : name));
}
const at = (document: object, path: string) => new Map(leavesOf(document)).get(path);

describe('an event as ECS', () => {
  const document = toEcs(FULL);

  it('says what a SIEM asks for, in the fields that it asks for', () => {
    const expected: Record<string, unknown> = {
      '@timestamp': FULL.timestamp,
      'ecs.version': EcsVersion,
      'event.id': FULL.event_id,
      'event.action': 'document',
      'event.kind': 'event',
      'event.category': ['web'],
      'event.type': ['access'],
      'event.ingested': '2026-11-21T10:00:00.500Z',
      'event.risk_score': 87.5,
      'event.reason': 'no-render, header-order',
      'client.ip': '203.0.113.42',
      'client.geo.country_iso_code': 'CA',
      'client.as.number': 64_496,
      'client.as.organization.name': 'Example Net',
      'related.ip': ['203.0.113.42'],
      'user_agent.original': FULL.ua,
      'url.domain': 'shop.example',
      'url.port': 8443,
      'url.path': '/p',
      'url.query': 'q=%20x',
      'url.fragment': 'frag',
      'http.response.status_code': 200,
      'http.response.body.bytes': 12_345,
      'http.request.referrer': 'https://search.example/',
      'labels.session_id': 's',
      'labels.visitor_id': 'v',
      'labels.page_id': 'p',
      'labels.user_id': 'u',
      'labels.document_id': 'd',
    };
    for (const [path, value] of Object.entries(expected)) assert.deepEqual(at(document, path), value, path);
    assert.equal(ECS_VERSION, EcsVersion);
  });

  it('has no field of its own outside labels and gotrack, and lists where ECS has lists', () => {
    for (const [path, value] of leavesOf(document)) {
      const ours = path.startsWith('gotrack.') || path.startsWith('labels.');
      if (!ours) assert.ok(isEcsField(path), `${path} is no field of ECS`);
      if (!ours) assert.equal(Array.isArray(value), isEcsList(path), path);
    }
  });

  it('loses nothing of the event', () => {
    const text = JSON.stringify(document);
    for (const [path, value] of leavesOf(FULL)) {
      if (['payload.session.session_seq', 'payload.attribution.last'].includes(path)) continue;
      const found = [value].flat(9).every((item) => {
        if (typeof item === 'object') return true; // screens, and what is JSON in a string: below
        return text.includes(String(item));
      });
      assert.ok(found, path);
    }
    assert.deepEqual(JSON.parse(String(at(document, 'gotrack.payload.props'))), FULL.payload!.props);
    assert.deepEqual(JSON.parse(String(at(document, 'gotrack.payload.results'))), FULL.payload!.results);
    assert.deepEqual(at(document, 'gotrack.payload.device.screens'), [{ width: 1, height: 2 }]);
    assert.deepEqual(at(document, 'gotrack.payload.experiments'), ['checkout=b']);
  });

  it('leaves out what is not known', () => {
    assert.deepEqual(Object.keys(toEcs(MINIMAL)), ['@timestamp', 'ecs', 'event', 'gotrack']);
  });

  it('keeps a hashed address out of the fields of addresses', () => {
    const hashed = toEcs({ ...MINIMAL, ip_hash: 'abc' });
    assert.equal(at(hashed, 'labels.ip_hash'), 'abc');
    assert.equal(at(hashed, 'client.ip'), undefined);
    const zoned = toEcs({ ...MINIMAL, ip: 'fe80::1%eth0' });
    assert.deepEqual([at(zoned, 'client.ip'), at(zoned, 'client.address')], [undefined, 'fe80::1%eth0']);
  });

  it('keeps an address that is no URL', () => {
    assert.deepEqual(
      leavesOf(toEcs({ ...MINIMAL, url: '/p' })).filter(([path]) => path.startsWith('url')),
      [['url.original', '/p']],
    );
  });

  it('gives the same bytes for the same record', () => {
    const record = toRecord(FULL);
    assert.deepEqual(toEcsRecord(record), toEcsRecord(Buffer.from(record)));
    assert.deepEqual(JSON.parse(String(toEcsRecord(record))), JSON.parse(JSON.stringify(document)));
  });
});

/** Texts and names that a stock index could take for something else. */
const text = fc.oneof(
  fc.constantFrom('2026-11-21', '2026-11-21T10:00:00Z', '1.5', 'true', '203.0.113.1', ''),
  fc.string({ maxLength: 20 }),
);
const name = fc.oneof(
  fc.constantFrom(
    'ip',
    'x_ip',
    'start',
    'end',
    'a.b',
    'a',
    'x_score',
    'location',
    'x_timestamp',
    '__proto__',
  ),
  fc.string({ maxLength: 8 }),
);
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));

function arbitraryOf(kind: Kind): fc.Arbitrary<unknown> {
  if (typeof kind === 'object')
    return 'fields' in kind ? fieldsOf(kind.fields) : fc.array(fieldsOf(kind.listOf), { maxLength: 2 });
  if (kind === 'number') return number;
  if (kind === 'boolean') return fc.boolean();
  if (kind === 'flag') return fc.constant(true);
  if (kind === 'texts') return fc.array(text, { maxLength: 3 });
  if (kind === 'text-map' || kind === 'parameters') return fc.dictionary(name, text, { maxKeys: 4 });
  return text;
}

function fieldsOf(fields: Fields): fc.Arbitrary<object> {
  const entries = [...fields].map(([field, kind]) => [field, arbitraryOf(kind)] as const);
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] });
}

const json = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
const payload = fc
  .tuple(fieldsOf(PAYLOAD_TABLE), json, json)
  .map(([groups, props, results]) => ({ ...groups, props, results }) as Envelope['payload'] & object);

describe('a stock index', () => {
  it('takes every event, whatever clients sent before', () => {
    const url = fc.oneof(text, fc.webUrl({ withQueryParameters: true, withFragments: true }));
    fc.assert(
      fc.property(fc.array(fc.tuple(payload, url, text), { minLength: 2, maxLength: 6 }), (events) => {
        const index = createElasticIndex();
        assert.equal(index.load(toEcs(FULL)), null);
        for (const [groups, page, ip] of events) {
          const event: Envelope = { ...MINIMAL, ip, url: page, payload: groups };
          const line = JSON.parse(toEcsRecord(toRecord(event)).toString());
          assert.equal(index.load(line), null);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('would refuse the envelope itself, which is why there is a format', () => {
    const index = createElasticIndex();
    const event = (props: Record<string, unknown>) =>
      JSON.parse(String(toRecord({ ...MINIMAL, payload: { props } })));
    assert.equal(index.load(event({ plan: 'gold' })), null);
    assert.match(index.load(event({ plan: { name: 'gold' } }))!, /payload\.props\.plan is keyword/);
  });

  it('finds an event by client.ip, event.risk_score and user_agent.original', () => {
    const index = createElasticIndex();
    assert.equal(index.load(toEcs(FULL)), null);
    assert.equal(index.typeOf('client.ip'), 'ip');
    assert.equal(index.typeOf('event.risk_score'), 'float');
    assert.equal(index.typeOf('user_agent.original'), 'keyword');
  });
});
