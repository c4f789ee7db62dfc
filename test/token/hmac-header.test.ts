import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseHmacHeader } from '../../src/token/hmac-header.ts';
import { cpuMs } from '../lib/cpu-time.ts';

const token = 'A'.repeat(46);
const s = 'ab'.repeat(32);

describe('the X-GoTrack-HMAC header', () => {
  test('v1', () => {
    assert.deepEqual(
      parseHmacHeader(`v1;tok=${token};t=1795255200000;n=281474976710655;s=${s.toUpperCase()}`),
      {
        scheme: 'v1',
        token,
        t: '1795255200000',
        n: '281474976710655',
        signature: s,
      },
    );
  });

  test('hello, and the bare form of the seed in either case', () => {
    assert.deepEqual(parseHmacHeader('hello'), { scheme: 'hello' });
    assert.deepEqual(parseHmacHeader(s.toUpperCase()), { scheme: 'bare', signature: s });
  });

  const malformed = {
    empty: '',
    'repeated hello': 'hello, hello',
    'repeated v1': `v1;tok=${token};t=1;n=1;s=${s}, v1;tok=${token};t=1;n=1;s=${s}`,
    'an empty line before it': `, v1;tok=${token};t=1;n=1;s=${s}`,
    'another version': `v2;tok=${token};t=1;n=1;s=${s}`,
    'another order': `v1;t=1;tok=${token};n=1;s=${s}`,
    'no n': `v1;tok=${token};t=1;s=${s}`,
    'a sign in t': `v1;tok=${token};t=-1;n=1;s=${s}`,
    'a fraction in t': `v1;tok=${token};t=1.5;n=1;s=${s}`,
    'a space': `v1; tok=${token};t=1;n=1;s=${s}`,
    'something after it': `v1;tok=${token};t=1;n=1;s=${s};x=1`,
    'a short signature': `v1;tok=${token};t=1;n=1;s=${s.slice(1)}`,
    'a letter that is no digit': `v1;tok=${token};t=1;n=1;s=${s.slice(1)}g`,
    'a token too short': `v1;tok=AAAA;t=1;n=1;s=${s}`,
    'a token too long': `v1;tok=${'A'.repeat(67)};t=1;n=1;s=${s}`,
    '63 hex digits': s.slice(1),
    '65 hex digits': `${s}a`,
    'upper-case hello': 'HELLO',
  };
  for (const [name, value] of Object.entries(malformed)) {
    test(`is malformed with ${name}`, () => assert.equal(parseHmacHeader(value).scheme, 'malformed'));
  }

  test('takes a header of 64 KB in no time', () => {
    const started = cpuMs();
    for (const text of [
      `v1;tok=${'A'.repeat(64_000)}`,
      'a'.repeat(64_000),
      `v1;tok=${token};t=${'1'.repeat(64_000)}`,
    ]) {
      assert.equal(parseHmacHeader(text).scheme, 'malformed');
    }
    assert.ok(cpuMs() - started < 250);
  });
});
