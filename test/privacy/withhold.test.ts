import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Envelope } from '../../src/event/envelope.ts';
import { withhold } from '../../src/privacy/withhold.ts';

const FULL: Envelope = {
  event_id: '6f1a5c1e-1111-4222-8333-444444444444',
  timestamp: '2026-11-21T10:00:00.000Z',
  type: 'pageview',
  ip: '203.0.113.42',
  ua: 'Mozilla/5.0',
  url: 'https://e.test/p?q=1#h',
  payload: {
    url: {
      referrer: 'https://s.test/r?q=2',
      referrer_hostname: 's.test',
      raw_query: 'q=1',
      query_size: 3,
      utm: { source: 'x' },
      google: { gclid: '1' },
    },
    route: {
      domain: 'e.test',
      path: '/p',
      fullPath: '/p?q=1#h',
      hash: '#h',
      title: 'Title',
      protocol: 'https:',
      query: { q: '1' },
    },
    device: { viewport_w: 100 },
    session: { visitor_id: 'v', session_id: 's', user_id: 'u' },
    page: { page_id: 'p', seq: 0 },
    attribution: { first: { utm_source: 'x' } },
    experiments: { a: 'b' },
    props: { plan: 'pro' },
    results: { webdriver: true },
  },
  server: {
    received_at: '2026-11-21T10:00:00.000Z',
    client_event_id: 'order-17',
    http: { version: '1.1', method: 'POST', header_order: ['Host'] },
  },
  schema: 'gotrack.event/1',
};
const only = (analytics: boolean, security: boolean) => ({ analytics, security });

describe('what consent leaves of an event', () => {
  test('everything, when everything is granted', () => {
    assert.equal(withhold(FULL, only(true, true)), FULL);
  });

  test('nothing, when everything is denied', () => {
    assert.equal(withhold(FULL, only(false, false)), null);
  });

  test('without analytics: the path, the page view and the signals', () => {
    const { client_event_id: _, ...server } = FULL.server;
    assert.deepEqual(withhold(FULL, only(false, true)), {
      ...FULL,
      url: 'https://e.test/p',
      payload: {
        url: { referrer: 'https://s.test/r', referrer_hostname: 's.test' },
        route: { domain: 'e.test', path: '/p', protocol: 'https:' },
        device: { viewport_w: 100 },
        page: { page_id: 'p', seq: 0 },
        results: { webdriver: true },
      },
      server,
    });
  });

  for (const type of ['pageview', 'signals', 'document', 'verdict']) {
    test(`without analytics ${type} is kept`, () =>
      assert.notEqual(withhold({ ...FULL, type }, only(false, true)), null));
  }
  for (const type of ['click', 'scroll', 'conversion', 'vital', 'error', 'signup', 'pixel']) {
    test(`without analytics ${type} is dropped`, () =>
      assert.equal(withhold({ ...FULL, type }, only(false, true)), null));
  }

  test('without security: all but the signals', () => {
    const { results: _, ...payload } = FULL.payload!;
    const server = { ...FULL.server, http: { version: '1.1', method: 'POST' } };
    assert.deepEqual(withhold(FULL, only(true, false)), { ...FULL, payload, server });
    assert.equal(withhold({ ...FULL, type: 'signals' }, only(true, false)), null);
    assert.notEqual(withhold({ ...FULL, type: 'click' }, only(true, false)), null);
  });

  test('no group and no payload is left empty', () => {
    const bare = { ...FULL, payload: { session: { session_id: 's' }, url: { raw_query: 'q=1' } } };
    assert.equal('payload' in withhold(bare, only(false, true))!, false);
    const results = { ...FULL, payload: { results: { a: 1 } } };
    assert.equal('payload' in withhold(results, only(true, false))!, false);
  });

  test('the order of the fields stays', () => {
    assert.deepEqual(Object.keys(withhold(FULL, only(false, true))!), Object.keys(FULL));
  });

  test('the event that was given stays as it was', () => {
    const before = structuredClone(FULL);
    withhold(FULL, only(false, true));
    withhold(FULL, only(true, false));
    assert.deepEqual(FULL, before);
  });
});
