import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CspFacts, type CspVerdict, planPolicies } from '../../../src/inject/csp/csp.ts';
import type { Origin } from '../../../src/inject/csp/source.ts';

const HASH = "'sha256-T3VyIHNjcmlwdA=='";
const OWN: Origin = { scheme: 'https', host: 'shop.example' };
const FACTS: CspFacts = { own: OWN, hash: HASH, mayEdit: true };

const ENFORCED = 'Content-Security-Policy';
const REPORTED = 'content-security-policy-report-only';

/** What becomes of a policy: OURS stands for our hash; missing: it stays. */
type Short = 'forbidden' | 'pixel' | { to?: string; nonce?: string; pixel?: false };
const STAYS: Short = {};

const expected = (short: Short): CspVerdict =>
  typeof short === 'string'
    ? { kind: short }
    : {
        kind: 'script',
        nonce: short.nonce ?? null,
        pixel: short.pixel ?? true,
        lines: short.to === undefined ? null : [short.to.replaceAll('OURS', HASH)],
      };

const OTHER = "'sha256-b3RoZXI='";

/** What is the same for policies that are enforced and those that are only reported. */
const ROWS: [policy: string, Short][] = [
  ['', STAYS],
  [';;', STAYS],
  [', ,', STAYS],
  ["frame-ancestors 'none'; upgrade-insecure-requests; form-action 'none'; base-uri 'none'", STAYS],
  ["require-trusted-types-for 'script'; trusted-types 'none'", STAYS],
  ["script-src 'unsafe-inline'", STAYS],
  ["SCRIPT-SRC 'UNSAFE-INLINE'", STAYS],
  ["default-src 'self' 'unsafe-inline'", STAYS],
  [`script-src 'self' ${HASH}`, STAYS],
  ["script-src 'none'; script-src-elem 'unsafe-inline'", STAYS],
  ["script-src 'unsafe-inline'; script-src 'none'", STAYS],
  ["script-src-attr 'none'; worker-src 'none'", STAYS],

  ["script-src 'nonce-aB+/9=='", { nonce: 'aB+/9==' }],
  ["script-src 'NONCE-abc' 'strict-dynamic'", { nonce: 'abc' }],
  ["script-src 'unsafe-inline' 'nonce-abc'", { nonce: 'abc' }],
  ["default-src 'self' 'nonce-abc'", { nonce: 'abc' }],
  ["script-src 'nonce-a\"b'", { to: "script-src 'nonce-a\"b' OURS" }],

  ["script-src 'self'", { to: "script-src 'self' OURS" }],
  ['script-src *', { to: 'script-src * OURS' }],
  ['script-src https: data:;', { to: 'script-src https: data: OURS;' }],
  ["Script-Src\t 'SELF'  ; img-src *", { to: "Script-Src\t 'SELF' OURS  ; img-src *" }],
  ["  script-src 'self'  ", { to: "  script-src 'self' OURS  " }],
  ["script-src 'none'", { to: 'script-src OURS' }],
  ["script-src  'NONE' ;x-other a", { to: 'script-src  OURS ;x-other a' }],
  ["script-src 'none' https:", { to: 'script-src OURS https:' }],
  ['script-src', { to: 'script-src OURS' }],
  [';script-src ;', { to: ';script-src OURS ;' }],
  ["script-src 'strict-dynamic' https:", { to: "script-src 'strict-dynamic' https: OURS" }],
  ["script-src 'unsafe-inline' 'strict-dynamic'", { to: "script-src 'unsafe-inline' 'strict-dynamic' OURS" }],
  [`script-src 'unsafe-inline' ${OTHER}`, { to: `script-src 'unsafe-inline' ${OTHER} OURS` }],
  [
    `script-src 'report-sample' 'unsafe-hashes' 'wasm-unsafe-eval' ${OTHER}`,
    { to: `script-src 'report-sample' 'unsafe-hashes' 'wasm-unsafe-eval' ${OTHER} OURS` },
  ],
  [
    "script-src 'unsafe-inline'; script-src-elem 'self'",
    { to: "script-src 'unsafe-inline'; script-src-elem 'self' OURS" },
  ],
  [
    "script-src 'self'; script-src 'unsafe-inline'",
    { to: "script-src 'self' OURS; script-src 'unsafe-inline'" },
  ],
  ["default-src 'self'", { to: "default-src 'self'; script-src 'self' OURS" }],
  ["default-src 'self' ; ", { to: "default-src 'self' ; script-src 'self' OURS " }],
  ["default-src 'self'; img-src *\t", { to: "default-src 'self'; img-src *; script-src 'self' OURS\t" }],
  [
    "default-src 'none'; connect-src 'self'; img-src https:",
    { to: "default-src 'none'; connect-src 'self'; img-src https:; script-src OURS" },
  ],
  [
    `default-src https://cdn.example ${OTHER} 'unsafe-eval'`,
    {
      to: `default-src https://cdn.example ${OTHER} 'unsafe-eval'; script-src https://cdn.example ${OTHER} 'unsafe-eval' OURS; connect-src https://cdn.example ${OTHER} 'unsafe-eval' 'self'`,
      pixel: false,
    },
  ],

  ["connect-src 'self'", STAYS],
  ['connect-src *', STAYS],
  ['connect-src https:', STAYS],
  ['connect-src http:', STAYS],
  ['connect-src shop.example', STAYS],
  ['connect-src https://shop.example:443', STAYS],
  ['connect-src http://shop.example', STAYS],
  ['connect-src https://shop.example/', STAYS],
  ['connect-src *.example', STAYS],
  ['connect-src wss:', { to: "connect-src wss: 'self'" }],
  ['connect-src https://api.example ; a b', { to: "connect-src https://api.example 'self' ; a b" }],
  ["connect-src https://api.example 'none'", { to: "connect-src https://api.example 'self'" }],
  ['connect-src https://shop.example:444', { to: "connect-src https://shop.example:444 'self'" }],
  ['connect-src https://shop.example/api', { to: "connect-src https://shop.example/api 'self'" }],
  ['connect-src *.shop.example', { to: "connect-src *.shop.example 'self'" }],
  ['connect-src ftp://shop.example', { to: "connect-src ftp://shop.example 'self'" }],
  [
    "default-src data: 'unsafe-inline'; img-src 'self'",
    { to: "default-src data: 'unsafe-inline'; img-src 'self'; connect-src data: 'unsafe-inline' 'self'" },
  ],
  [
    'default-src data:;script-src a.example',
    { to: "default-src data:;script-src a.example OURS; connect-src data: 'self'", pixel: false },
  ],

  ["default-src 'none'; script-src 'unsafe-inline'; connect-src 'self'", { pixel: false }],
  ["img-src 'self'", STAYS],
  ['img-src data:', { pixel: false }],
  ["img-src 'none'", { pixel: false }],
  ['img-src https://cdn.example', { pixel: false }],

  ["script-src 'nonce-a' 'nonce-b', script-src 'nonce-b'", { nonce: 'b' }],
  [
    "script-src 'nonce-a', script-src 'nonce-b'",
    { to: "script-src 'nonce-a', script-src 'nonce-b' OURS", nonce: 'a' },
  ],
  [
    "script-src 'nonce-a',script-src 'nonce-b' , script-src 'nonce-b'",
    { to: "script-src 'nonce-a' OURS,script-src 'nonce-b' , script-src 'nonce-b'", nonce: 'b' },
  ],
  ["script-src 'nonce-a', script-src 'unsafe-inline'", { nonce: 'a' }],
  [
    "script-src 'nonce-a', script-src 'self'",
    { to: "script-src 'nonce-a', script-src 'self' OURS", nonce: 'a' },
  ],
  ["default-src 'self', img-src *", { to: "default-src 'self'; script-src 'self' OURS, img-src *" }],
  ["img-src *, img-src 'none'", { pixel: false }],
];

/** What only an enforced policy keeps us from. */
const LIMITS: [policy: string, enforced: Short, reported: Short][] = [
  ["connect-src 'none'", 'pixel', { to: "connect-src 'self'" }],
  ['connect-src', 'pixel', { to: "connect-src 'self'" }],
  ["connect-src 'None'; script-src 'self'", 'pixel', { to: "connect-src 'self'; script-src 'self' OURS" }],
  [
    "connect-src 'none'; img-src data:",
    'forbidden',
    { to: "connect-src 'self'; img-src data:", pixel: false },
  ],
  [
    "default-src 'none'; img-src *",
    'pixel',
    { to: "default-src 'none'; img-src *; script-src OURS; connect-src 'self'" },
  ],
  [
    "default-src 'none'",
    'forbidden',
    { to: "default-src 'none'; script-src OURS; connect-src 'self'", pixel: false },
  ],
  ['sandbox', 'forbidden', STAYS],
  ['sandbox allow-scripts', 'forbidden', STAYS],
  ['sandbox allow-same-origin', 'pixel', STAYS],
  ["sandbox allow-same-origin; img-src 'none'", 'forbidden', { pixel: false }],
  ['sandbox allow-same-origin, sandbox allow-scripts', 'forbidden', STAYS],
  ['sandbox allow-scripts Allow-Same-Origin allow-forms', STAYS, STAYS],
  ["script-src 'self', connect-src 'none'", 'pixel', { to: "script-src 'self' OURS, connect-src 'self'" }],
];

function judge(name: string, policy: string, short: Short): void {
  test(policy || '(empty)', () => {
    assert.deepEqual(planPolicies([name, policy], FACTS), expected(short));
    const respected = planPolicies([name, policy], { ...FACTS, mayEdit: false });
    const changed = typeof short !== 'string' && short.to !== undefined;
    assert.deepEqual(respected, expected(changed ? 'forbidden' : short), 'CSP=respect');
  });
}

describe('an enforced policy', () => {
  for (const [policy, short] of ROWS) judge(ENFORCED, policy, short);
  for (const [policy, short] of LIMITS) judge(ENFORCED, policy, short);
});

describe('a report-only policy is edited, so that nobody gets reports, and keeps us out of nothing', () => {
  for (const [policy, short] of ROWS) judge(REPORTED, policy, short);
  for (const [policy, , short] of LIMITS) judge(REPORTED, policy, short);
});

test('every header line counts and keeps its place', () => {
  const headers = [
    ENFORCED,
    "script-src 'nonce-a'",
    'X-Other',
    "script-src 'none'",
    'Content-Security-Policy-Report-Only',
    "img-src 'none'; default-src 'self'",
    ENFORCED,
    'connect-src https:',
    'CONTENT-SECURITY-POLICY',
    "script-src 'none', connect-src wss:",
  ];
  assert.deepEqual(planPolicies(headers, FACTS), {
    kind: 'script',
    nonce: 'a',
    pixel: false,
    lines: [
      "script-src 'nonce-a'",
      `img-src 'none'; default-src 'self'; script-src 'self' ${HASH}`,
      'connect-src https:',
      `script-src ${HASH}, connect-src wss: 'self'`,
    ],
  });
});

test('an enforced limit rules whatever a report-only policy says', () => {
  const headers = [REPORTED, "script-src 'self'", ENFORCED, "connect-src 'none'"];
  assert.deepEqual(planPolicies(headers, FACTS), { kind: 'pixel' });
});

test('without a policy everything is allowed', () => {
  assert.deepEqual(planPolicies(['Content-Type', 'text/html'], FACTS), expected(STAYS));
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
      const verdict = planPolicies([ENFORCED, `connect-src ${source}`], { ...FACTS, own, mayEdit: false });
      assert.equal(verdict.kind, allowed ? 'script' : 'forbidden');
    });
  }
});
