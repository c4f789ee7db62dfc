import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CspVerdict, judgeHeaders } from '../../src/inject/csp.ts';
import type { Origin } from '../../src/inject/csp-source.ts';

const OURS = { hash: "'sha256-T3VyIHNjcmlwdA=='" };
const OWN: Origin = { scheme: 'https', host: 'shop.example' };

type Short = 'forbidden' | { nonce?: string; pixel?: false };
const FREE: Short = {};

const expected = (short: Short): CspVerdict =>
  short === 'forbidden'
    ? { kind: 'forbidden' }
    : { kind: 'runs', nonce: short.nonce ?? null, pixel: short.pixel ?? true };

const ROWS: [policy: string, Short][] = [
  ['', FREE],
  [';;', FREE],
  ["frame-ancestors 'none'; upgrade-insecure-requests", FREE],
  ["script-src 'unsafe-inline'", FREE],
  ["SCRIPT-SRC 'UNSAFE-INLINE'", FREE],
  ["default-src 'self' 'unsafe-inline'", FREE],
  ["script-src 'self'", 'forbidden'],
  ["script-src 'none'", 'forbidden'],
  ['script-src', 'forbidden'],
  ['script-src *', 'forbidden'],
  ['script-src https: data:', 'forbidden'],
  ["default-src 'self'", 'forbidden'],
  ["script-src 'unsafe-inline' 'sha256-b3RoZXI='", 'forbidden'],
  ["script-src 'unsafe-inline' 'strict-dynamic'", 'forbidden'],
  [`script-src 'self' ${OURS.hash}`, FREE],
  ["script-src 'nonce-aB+/9=='", { nonce: 'aB+/9==' }],
  ["script-src 'NONCE-abc' 'strict-dynamic'", { nonce: 'abc' }],
  ["script-src 'unsafe-inline' 'nonce-abc'", { nonce: 'abc' }],
  ["script-src 'nonce-a\"b'", 'forbidden'],
  ["script-src 'none'; script-src-elem 'unsafe-inline'", FREE],
  ["script-src 'unsafe-inline'; script-src-elem 'self'", 'forbidden'],
  ["script-src 'unsafe-inline'; script-src 'none'", FREE],
  ["script-src-attr 'none'", FREE],
  ["connect-src 'self'", FREE],
  ['connect-src *', FREE],
  ['connect-src https:', FREE],
  ['connect-src http:', FREE],
  ['connect-src wss:', 'forbidden'],
  ["connect-src 'none'", 'forbidden'],
  ['connect-src https://api.example', 'forbidden'],
  ['connect-src shop.example', FREE],
  ['connect-src https://shop.example:443', FREE],
  ['connect-src http://shop.example', FREE],
  ['connect-src https://shop.example:444', 'forbidden'],
  ['connect-src https://shop.example/', FREE],
  ['connect-src https://shop.example/api', 'forbidden'],
  ['connect-src *.example', FREE],
  ['connect-src *.shop.example', 'forbidden'],
  ['connect-src ftp://shop.example', 'forbidden'],
  ["default-src 'none'; script-src 'unsafe-inline'; connect-src 'self'", { pixel: false }],
  ["default-src 'none'; script-src 'unsafe-inline'", 'forbidden'],
  ["img-src 'self'", FREE],
  ['img-src data:', { pixel: false }],
  ["img-src 'none'", { pixel: false }],
  ['img-src https://cdn.example', { pixel: false }],
  ['sandbox allow-scripts', 'forbidden'],
  ['sandbox allow-same-origin', 'forbidden'],
  ['sandbox', 'forbidden'],
  ['sandbox allow-scripts Allow-Same-Origin allow-forms', FREE],
  ["script-src 'nonce-a' 'nonce-b', script-src 'nonce-b'", { nonce: 'b' }],
  ["script-src 'nonce-a', script-src 'nonce-b'", 'forbidden'],
  ["script-src 'nonce-a', script-src 'unsafe-inline'", { nonce: 'a' }],
  ["script-src 'nonce-a', script-src 'self'", 'forbidden'],
  ["img-src *, img-src 'none'", { pixel: false }],
];

describe('one header', () => {
  for (const [policy, short] of ROWS) {
    test(policy || '(empty)', () => {
      const headers = ['Content-Security-Policy', policy];
      assert.deepEqual(judgeHeaders(headers, OWN, OURS), expected(short));
    });
  }
});

describe('a report-only policy counts, so that nobody gets reports because of us', () => {
  for (const [policy, short] of ROWS.filter(([policy]) => !policy.startsWith('sandbox'))) {
    test(policy || '(empty)', () => {
      const headers = ['content-security-policy-report-only', policy];
      assert.deepEqual(judgeHeaders(headers, OWN, OURS), expected(short));
    });
  }

  test('but its sandbox does nothing', () => {
    const headers = ['Content-Security-Policy-Report-Only', 'sandbox'];
    assert.deepEqual(judgeHeaders(headers, OWN, OURS), expected(FREE));
  });
});

test('every header counts', () => {
  const headers = [
    'Content-Security-Policy',
    "script-src 'nonce-a'",
    'X-Other',
    "script-src 'none'",
    'Content-Security-Policy-Report-Only',
    "img-src 'none'",
    'Content-Security-Policy',
    "connect-src 'self'",
  ];
  assert.deepEqual(judgeHeaders(headers, OWN, OURS), expected({ nonce: 'a', pixel: false }));
});

test('without a policy everything is allowed', () => {
  assert.deepEqual(judgeHeaders(['Content-Type', 'text/html'], OWN, OURS), expected(FREE));
});

const ORIGINS: [source: string, Origin, allowed: boolean][] = [
  ['localhost:8080', { scheme: 'http', host: 'localhost:8080' }, true],
  ['localhost', { scheme: 'http', host: 'localhost:8080' }, false],
  ['localhost:*', { scheme: 'http', host: 'localhost:8080' }, true],
  ['http://[::1]:3000', { scheme: 'http', host: '[::1]:3000' }, true],
  ['https://shop.example', { scheme: 'http', host: 'shop.example' }, false],
  ['SHOP.example', { scheme: 'http', host: 'Shop.Example' }, true],
  ['https:', { scheme: 'http', host: 'shop.example' }, false],
];

describe('the page’s own origin', () => {
  for (const [source, own, allowed] of ORIGINS) {
    test(`${source} ${allowed ? 'is' : 'is not'} ${own.scheme}://${own.host}`, () => {
      const verdict = judgeHeaders(['Content-Security-Policy', `connect-src ${source}`], own, OURS);
      assert.equal(verdict.kind, allowed ? 'runs' : 'forbidden');
    });
  }
});
