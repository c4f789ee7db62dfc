/** The published schema: that it is one, that it says what the contract's page says, and that it is not too kind. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ENVELOPE_SCHEMA } from '../../src/event/schema.ts';
import { schemaProblems } from '../support/envelope-schema.ts';

const EVENT = {
  event_id: '0192f0c1-7f00-7abc-8def-0123456789ab',
  timestamp: '2026-11-21T10:00:00.000Z',
  type: 'pageview',
  ip: '203.0.113.42',
  ua: 'Mozilla/5.0',
  url: 'https://shop.test/p',
  payload: { page: { seq: 0, virtual: true }, props: { a: [1, { b: 'c' }, []] } },
  server: {
    received_at: '2026-11-21T10:00:00.000Z',
    request_id: 'r1',
    consent: { analytics: 'granted', security: 'granted', source: 'default' },
    http: { version: '1.1', method: 'POST' },
  },
  schema: 'gotrack.event/1',
};

test('is a JSON Schema of 2020-12, which an unfriendly validator takes too', () => {
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    validateFormats: false,
  });
  assert.equal(ajv.validateSchema(ENVELOPE_SCHEMA as object), true);
  assert.equal(ajv.compile(ENVELOPE_SCHEMA as object)(EVENT), true);
  assert.deepEqual(schemaProblems(EVENT), []);
});

test('to a consumer a field that it does not know is none of its business', () => {
  const open = new Ajv2020({ validateFormats: false }).compile(ENVELOPE_SCHEMA as object);
  assert.equal(open({ ...EVENT, later: 1, server: { ...EVENT.server, geo: { country: 'DE' } } }), true);
});

describe('refuses', () => {
  const { server } = EVENT;
  const without = (name: string) => Object.fromEntries(Object.entries(EVENT).filter(([key]) => key !== name));
  const wrong: [string, unknown][] = [
    ['an id in upper case', { ...EVENT, event_id: EVENT.event_id.toUpperCase() }],
    ['an id that is none', { ...EVENT, event_id: '1' }],
    ['a time without milliseconds', { ...EVENT, timestamp: '2026-11-21T10:00:00Z' }],
    ['a type in upper case', { ...EVENT, type: 'Pageview' }],
    ['both ip and ip_hash', { ...EVENT, ip_hash: 'a'.repeat(64) }],
    ['neither ip nor ip_hash', without('ip')],
    ['an empty text', { ...EVENT, ua: '' }],
    ['null', { ...EVENT, ua: null }],
    ['an empty payload', { ...EVENT, payload: {} }],
    ['an empty group', { ...EVENT, payload: { url: {} } }],
    ['a flag that is false', { ...EVENT, payload: { page: { virtual: false } } }],
    ['null in props', { ...EVENT, payload: { props: { a: null } } }],
    ['an empty object in results', { ...EVENT, payload: { results: { a: {} } } }],
    ['a long key', { ...EVENT, payload: { props: { ['x'.repeat(129)]: 1 } } }],
    ['a long title', { ...EVENT, payload: { route: { title: 'x'.repeat(2_049) } } }],
    ['a long list', { ...EVENT, payload: { props: { a: Array(257).fill(1) } } }],
    ['a number as text', { ...EVENT, payload: { scroll: { depth: '1' } } }],
    ['a scheme that is none', { ...EVENT, server: { ...server, auth: { scheme: 'v2' } } }],
    [
      'an unknown state of consent',
      { ...EVENT, server: { ...server, consent: { ...server.consent, analytics: 'unknown' } } },
    ],
    ['an adjusted that is none', { ...EVENT, server: { ...server, adjusted: ['everything'] } }],
    ['another schema', { ...EVENT, schema: 'gotrack.event/2' }],
    ...['event_id', 'timestamp', 'type', 'url', 'server', 'schema'].map((name): [string, unknown] => [
      `no ${name}`,
      without(name),
    ]),
    ['a field of nobody’s (in tests)', { ...EVENT, payload: { device: { battery: 1 } } }],
  ];
  for (const [name, event] of wrong) {
    test(name, () => assert.notDeepEqual(schemaProblems(event), []));
  }
});
