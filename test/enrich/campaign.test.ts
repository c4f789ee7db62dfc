/** What is read out of the address of a page: campaign, click ids, query, hash and the referrer's name. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEnrich } from '../../src/enrich/enrich.ts';
import type { PayloadGroups } from '../../src/event/client-event.ts';
import { createScrub } from '../../src/privacy/scrub.ts';
import { cpuMs } from '../lib/cpu-time.ts';

const enrich = createEnrich({ scrubParameter: createScrub(true).parameter });
const of = (query: string, payload: PayloadGroups = {}) =>
  enrich(payload, `https://shop.test/p?${query}`).url;

describe('the address of a page', () => {
  const cases: [string, object][] = [
    [
      'utm_source=mail&utm_medium=email&utm_campaign=spring&utm_term=a%20b&utm_content=top&utm_id=7',
      {
        utm: { source: 'mail', medium: 'email', campaign: 'spring', term: 'a b', content: 'top', id: '7' },
      },
    ],
    ['UTM_Source=Mail', { utm: { source: 'Mail' } }],
    ['utm_source=a&utm_source=b', { utm: { source: 'b' } }],
    [
      'gclid=1&gclsrc=2&dclid=3&gbraid=4&wbraid=5&gad_source=6&gad_campaignid=7',
      {
        google: {
          gclid: '1',
          gclsrc: '2',
          dclid: '3',
          gbraid: '4',
          wbraid: '5',
          gad_source: '6',
          gad_campaignid: '7',
        },
      },
    ],
    ['fbclid=1', { meta: { fbclid: '1' } }],
    ['msclkid=1', { microsoft: { msclkid: '1' } }],
    [
      'ttclid=1&li_fat_id=2&epik=3&twclid=4',
      {
        other_click_ids: { ttclid: '1', li_fat_id: '2', epik: '3', twclid: '4' },
      },
    ],
    ['x=1', {}],
    ['utm_=1&utm_source=&utm=2&autm_source=3', {}],
    ['utm___proto__=1&utm_constructor=2', { utm: { constructor: '2' } }],
    [`utm_${'x'.repeat(129)}=1`, {}],
    ['utm_source=%00a%ff', { utm: { source: '\ufffda\ufffd' } }],
    ['utm_source=%34111111111111111', { utm: { source: '[redacted]' } }],
    ['utm_token=hunter2', {}],
  ];
  for (const [query, campaign] of cases) {
    test(`?${query.slice(0, 60)}`, () => {
      assert.deepEqual({ ...of(query) }, { raw_query: query, query_size: query.length, ...campaign });
    });
  }

  test('its hash, and nothing behind it, is one', () => {
    const made = enrich({}, 'https://shop.test/p?x=1#utm_source=mail?y=2');
    assert.deepEqual(made, {
      url: { raw_query: 'x=1', query_size: 3 },
      route: { hash: '#utm_source=mail?y=2' },
    });
    assert.deepEqual(enrich({}, 'https://shop.test/p#'), {});
  });

  test('what the client says of itself stays', () => {
    const url = {
      utm: { source: 'its own' },
      raw_query: 'y=2',
      referrer_hostname: 'mine',
      referrer: 'https://s.test/',
    };
    const made = enrich({ url, route: { hash: '#mine' } }, 'https://shop.test/p?utm_source=a&gclid=1#theirs');
    assert.deepEqual(made.url, { ...url, query_size: 'utm_source=a&gclid=1'.length, google: { gclid: '1' } });
    assert.deepEqual(made.route, { hash: '#mine' });
  });

  test('an event of which there is nothing to read is the same object', () => {
    const payload = { route: { path: '/p' } };
    assert.equal(enrich(payload, 'https://shop.test/p'), payload);
  });
});

describe('the referrer’s name', () => {
  const names: [string, string | undefined][] = [
    ['https://Search.test:8443/r?q=1', 'search.test'],
    ['http://[2001:db8::1]:80/', '[2001:db8::1]'],
    ['android-app://com.example/', undefined],
    ['https://', undefined],
    ['/relative', undefined],
  ];
  for (const [referrer, name] of names) {
    test(referrer, () =>
      assert.equal(enrich({ url: { referrer } }, 'https://a/').url?.referrer_hostname, name),
    );
  }
});

test('the longest addresses are read in no time', () => {
  const hostile = [
    'utm_a=1&'.repeat(300),
    '&'.repeat(2_000),
    '%'.repeat(2_000),
    'utm_source='.repeat(190),
    '?'.repeat(2_000),
  ];
  const started = cpuMs();
  for (let i = 0; i < 100; i++) for (const query of hostile) of(query);
  assert.ok(cpuMs() - started < 2_500, 'less than 5 ms each');
});
