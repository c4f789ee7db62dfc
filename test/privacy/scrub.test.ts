import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createScrub } from '../../src/privacy/scrub.ts';
import { cpuMs } from '../lib/cpu-time.ts';

const scrub = createScrub(true);
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
const VISA = '4111111111111111';

const texts: [string, string][] = [
  ['Mail bob@example.com now', 'Mail [redacted] now'],
  ['bob.o-neil+shop@mail.example.co.uk.', '[redacted].'],
  ['a@b.de, c@d.fr', '[redacted], [redacted]'],
  ['jörg@exämple.de', '[redacted]'],
  ['@handle and medium.com/@user/post', '@handle and medium.com/@user/post'],
  ['user@localhost', 'user@localhost'],
  ['package@1.2.3', 'package@1.2.3'],
  [`token ${JWT} end`, 'token [redacted] end'],
  ['eyJ is how it starts', 'eyJ is how it starts'],
  ['monkeyJar.min.js and eyJar.min.js', 'monkeyJar.min.js and eyJar.min.js'],
  [`Card ${VISA}`, 'Card [redacted]'],
  ['Card 4111 1111 1111 1111!', 'Card [redacted]!'],
  ['Card 4111-1111-1111-1111', 'Card [redacted]'],
  ['Amex 378282246310005', 'Amex [redacted]'],
  ['No card 4111111111111112', 'No card 4111111111111112'],
  ['A time 1795255200000 and 1795255200008', 'A time 1795255200000 and 1795255200008'],
  ['Too long 41111111111111114111111111111111', 'Too long 41111111111111114111111111111111'],
  ['Phone +49 30 1234567', 'Phone +49 30 1234567'],
  ['', ''],
];

const urls: [string, string][] = [
  ['https://e.test/p?x=1&y=2#top', 'https://e.test/p?x=1&y=2#top'],
  ['https://e.test/p?token=abc&x=1', 'https://e.test/p?token=&x=1'],
  ['https://e.test/p?x=1&token=abc', 'https://e.test/p?x=1&token='],
  ['https://e.test/p?Access_Token=abc', 'https://e.test/p?Access_Token='],
  ['https://e.test/p?apiKey=abc&keyword=shoes', 'https://e.test/p?apiKey=&keyword=shoes'],
  ['https://e.test/p?user%5Bpassword%5D=abc', 'https://e.test/p?user%5Bpassword%5D='],
  ['https://e.test/p?%74oken=abc', 'https://e.test/p?%74oken='],
  ['https://e.test/p?code=abc&promo_code=SUMMER', 'https://e.test/p?code=&promo_code=SUMMER'],
  ['https://e.test/p?session=1;email=x', 'https://e.test/p?session=;email='],
  ['https://e.test/cb#access_token=abc&state=1', 'https://e.test/cb#access_token=&state=1'],
  [
    'https://e.test/p?next=%2Freset%3Ftoken%3Dabc%26x%3D1',
    'https://e.test/p?next=%2Freset%3Ftoken%3D%26x%3D1',
  ],
  ['https://e.test/p?who=bob@example.com', 'https://e.test/p?who=[redacted]'],
  ['https://e.test/p?who=bob%40example.com&x=1', 'https://e.test/p?who=[redacted]&x=1'],
  ['https://e.test/p?who=bob%2540example.com', 'https://e.test/p?who=[redacted]'],
  ['https://e.test/u/bob@example.com/orders', 'https://e.test/u/[redacted]/orders'],
  [`https://e.test/p?s=${JWT}`, 'https://e.test/p?s=[redacted]'],
  [`https://e.test/p?c=${VISA}`, 'https://e.test/p?c=[redacted]'],
  ['https://e.test/p?c=4111+1111+1111+1111', 'https://e.test/p?c=[redacted]'],
  ['https://bob:secret@e.test/p?x=1', 'https://e.test/p?x=1'],
  ['https://e.test/p?to=a@b', 'https://e.test/p?to=a@b'],
  ['/relative?password=1', '/relative?password='],
  ['https://e.test/p?token', 'https://e.test/p?token'],
];

describe('scrubbing', () => {
  for (const [text, scrubbed] of texts) {
    test(`of a title: ${text.slice(0, 50)}`, () => assert.equal(scrub.text(text), scrubbed));
  }
  for (const [text, scrubbed] of urls) {
    test(`of a URL: ${text}`, () => assert.equal(scrub.url(text), scrubbed));
  }

  test('of a raw query, which has no question mark', () => {
    assert.equal(scrub.query('token=abc&x=1'), 'token=&x=1');
    assert.equal(scrub.query('x=bob@example.com'), 'x=[redacted]');
  });

  test('of one parameter, by its name and by its value', () => {
    assert.equal(scrub.parameter('refreshToken', 'abc'), '');
    assert.equal(scrub.parameter('q', 'bob@example.com'), '[redacted]');
    assert.equal(scrub.parameter('q', 'shoes'), 'shoes');
  });

  test('whatever stands around them, secrets go and the rest stays', () => {
    const plain = fc.tuple(
      fc.constantFrom('q', 'page', 'utm_source', 'x%20y'),
      fc.stringMatching(/^[a-z0-9]{0,9}$/),
    );
    const secret = fc.tuple(
      fc.constantFrom('token', 'accessToken', 'user%5Bemail%5D', 'API_KEY', 'code'),
      fc.constant('hunter2'),
    );
    const personal = fc.tuple(fc.constant('who'), fc.constantFrom('hunter2@e.test', 'hunter2%40e.test'));
    const parameters = fc.array(fc.oneof(plain, secret, personal), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(parameters, fc.constantFrom('?', '#', '#?'), (pairs, start) => {
        const url = `https://e.test/p${start}${pairs.map((pair) => pair.join('=')).join('&')}`;
        const out = scrub.url(url);
        assert.equal(out.includes('hunter2'), false, out);
        for (const [name, value] of pairs)
          assert.ok(out.includes(`${name}=${value.includes('hunter2') ? '' : value}`));
      }),
      { numRuns: 1_000 },
    );
  });

  test('SCRUB=off changes nothing', () => {
    const off = createScrub(false);
    for (const text of ['https://e.test/p?token=abc', 'bob@example.com', VISA]) {
      assert.deepEqual(
        [off.url(text), off.text(text), off.query(text), off.parameter('token', text)],
        [text, text, text, text],
      );
    }
  });

  const LONGEST = 8_192;
  const hostile = [
    'a',
    '@',
    'a@',
    '%40',
    '%25',
    '1',
    '1 ',
    '4',
    '=',
    '&',
    'a=',
    'token=',
    '?',
    '%3D',
    '%26',
    '%3Fa',
    'eyJ',
    'eyJ.',
    '.',
    'a.',
    '%',
    '%%',
    ':',
    '://',
    '@:',
    '://@',
    'A',
    '%3Ftoken%3D',
    '-',
    "'",
  ];
  test('is linear: the longest input of the nastiest kinds takes no time', () => {
    for (const piece of hostile) {
      const text = piece.repeat(LONGEST / piece.length);
      for (const variant of [text, `${text}@`, `@${text}`, `?${text}`, `https://${text}`]) {
        const started = cpuMs();
        scrub.url(variant);
        const took = cpuMs() - started;
        assert.ok(took < 250, `${JSON.stringify(piece)} took ${took} ms`);
      }
    }
  });

  test('twice as long a text takes about twice as long', () => {
    const timeOf = (length: number) => {
      const text = 'a'.repeat(length) + '@';
      const started = cpuMs();
      for (let i = 0; i < 20; i++) scrub.url(text);
      return cpuMs() - started;
    };
    timeOf(1_000);
    assert.ok(
      timeOf(400_000) < 40 * Math.max(timeOf(40_000), 1),
      'ten times the text, not a hundred times the time',
    );
  });
});
