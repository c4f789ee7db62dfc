import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RawHeaders } from '../../src/http/raw-headers.ts';
import type { Consent } from '../../src/inject/consent.ts';
import { headOutcome, type RequestRules, requestOutcome } from '../../src/inject/eligible.ts';
import type { Outcome } from '../../src/inject/outcome.ts';
import { readPageRequest } from '../../src/inject/page-request.ts';
import { compileGlobs } from '../../src/lib/glob.ts';

type RequestRow = {
  name: string;
  outcome: Outcome | null;
  method?: string;
  target?: string;
  headers?: RawHeaders;
  rules?: Partial<RequestRules>;
  consent?: Consent;
};

const NAVIGATION = ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'];
const EVERYTHING: RequestRules = { tracking: true, paths: [], exclude: [], frames: false };
const only = (...globs: string[]) => ({ paths: compileGlobs(globs) });
const without = (...globs: string[]) => ({ exclude: compileGlobs(globs) });

const REQUESTS: RequestRow[] = [
  { name: 'a navigation', outcome: null, headers: NAVIGATION },
  { name: 'a client that sends no Sec-Fetch headers', outcome: null },
  { name: 'a form that is posted', outcome: null, method: 'POST', headers: NAVIGATION },
  { name: 'HEAD, judged as the GET it stands for', outcome: null, method: 'HEAD', headers: NAVIGATION },
  {
    name: "a service worker's refetch of a navigation",
    outcome: null,
    headers: ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'empty'],
  },
  { name: 'TRACKING=off', outcome: 'off', rules: { tracking: false } },
  { name: 'both purposes denied', outcome: 'off', consent: 'denied' },
  { name: 'only security granted', outcome: null, consent: 'security' },
  { name: 'nothing known where consent is required', outcome: null, consent: 'dormant' },
  { name: 'a path outside INJECT_PATHS', outcome: 'excluded', target: '/admin', rules: only('/shop/*') },
  {
    name: 'a path in INJECT_PATHS',
    outcome: null,
    target: '/shop/a/b?x=/admin',
    rules: only('/', '/shop/*'),
  },
  {
    name: 'a path in INJECT_EXCLUDE',
    outcome: 'excluded',
    target: '/admin/x?y',
    rules: without('/admin/**'),
  },
  {
    name: 'a path in both',
    outcome: 'excluded',
    target: '/shop/admin',
    rules: { ...only('/shop/*'), ...without('*/admin') },
  },
  {
    name: 'a query that looks like an excluded path',
    outcome: null,
    target: '/?/admin/',
    rules: without('/admin/*'),
  },
  { name: 'PUT', outcome: 'not-navigation', method: 'PUT' },
  { name: 'OPTIONS', outcome: 'not-navigation', method: 'OPTIONS' },
  {
    name: 'fetch',
    outcome: 'not-navigation',
    headers: ['Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty'],
  },
  {
    name: 'an image',
    outcome: 'not-navigation',
    headers: ['sec-fetch-mode', 'no-cors', 'sec-fetch-dest', 'image'],
  },
  {
    name: 'an embed',
    outcome: 'not-navigation',
    headers: ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'embed'],
  },
  {
    name: 'an object',
    outcome: 'not-navigation',
    headers: ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'object'],
  },
  ...['HX-Request', 'Turbo-Frame', 'X-Requested-With', 'X-PJAX', 'X-Inertia', 'X-Up-Version'].map(
    (name): RequestRow => ({ name, outcome: 'not-navigation', headers: [name.toUpperCase(), 'true'] }),
  ),
  {
    name: 'an iframe',
    outcome: 'frame',
    headers: ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'iframe'],
  },
  { name: 'a frame', outcome: 'frame', headers: ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'frame'] },
  {
    name: 'an iframe with INJECT_FRAMES',
    outcome: null,
    headers: ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'iframe'],
    rules: { frames: true },
  },
  { name: 'no-transform', outcome: 'no-transform', headers: ['Cache-Control', 'max-age=0, No-Transform'] },
  {
    name: 'no-transform on a second line',
    outcome: 'no-transform',
    headers: ['Cache-Control', 'no-cache', 'Cache-Control', 'no-transform'],
  },
  { name: 'no-transform as a value', outcome: null, headers: ['Cache-Control', 'x="no-transform"'] },
];

/** Each later rule broken too: the first in the table's order is the outcome. */
const FIRST: [Outcome, Partial<RequestRow>][] = [
  ['no-transform', { headers: ['Cache-Control', 'no-transform'] }],
  ['frame', { headers: ['Cache-Control', 'no-transform', 'Sec-Fetch-Dest', 'iframe'] }],
  [
    'not-navigation',
    { headers: ['Cache-Control', 'no-transform', 'Sec-Fetch-Dest', 'iframe', 'X-PJAX', '1'] },
  ],
  ['excluded', { headers: ['Sec-Fetch-Dest', 'iframe', 'X-PJAX', '1'], rules: without('/*') }],
  ['off', { headers: ['X-PJAX', '1'], rules: { ...without('/*'), tracking: false } }],
];

function ask({
  method = 'GET',
  target = '/',
  headers = [],
  rules = {},
  consent = 'granted',
}: Partial<RequestRow>) {
  return requestOutcome({ ...EVERYTHING, ...rules }, readPageRequest(method, target, headers), consent);
}

describe('the rules of a request', () => {
  for (const row of REQUESTS) test(`${row.name} → ${row.outcome}`, () => assert.equal(ask(row), row.outcome));
  for (const [outcome, row] of FIRST) {
    test(`${outcome} comes before the rules behind it`, () => assert.equal(ask(row), outcome));
  }
});

const HTML = ['Content-Type', 'text/html; charset=utf-8'];
const HEADS: { name: string; outcome: Outcome | null; status?: number; headers: RawHeaders }[] = [
  { name: 'a page', outcome: null, headers: HTML },
  { name: 'a page of an error', outcome: null, status: 404, headers: HTML },
  { name: 'a page of a server error', outcome: null, status: 503, headers: HTML },
  { name: 'upper case', outcome: null, headers: ['CONTENT-TYPE', 'TEXT/HTML'] },
  {
    name: 'no-transform',
    outcome: 'no-transform',
    headers: [...HTML, 'Cache-Control', 'public,no-transform'],
  },
  { name: 'X-GoTrack-Inject: off', outcome: 'excluded', headers: [...HTML, 'X-GoTrack-Inject', ' Off'] },
  { name: 'X-GoTrack-Inject: on', outcome: null, headers: [...HTML, 'X-GoTrack-Inject', 'on'] },
  ...[103, 204, 205, 206, 304].map((status) => ({
    name: `a ${status}`,
    outcome: 'status' as const,
    status,
    headers: HTML,
  })),
  { name: 'the body of a redirect', outcome: 'status', status: 302, headers: [...HTML, 'Location', '/x'] },
  { name: 'a 300 that shows a choice', outcome: null, status: 300, headers: HTML },
  { name: 'JSON', outcome: 'type', headers: ['Content-Type', 'application/json'] },
  { name: 'XHTML', outcome: 'type', headers: ['Content-Type', 'application/xhtml+xml'] },
  { name: 'a type that only begins like HTML', outcome: 'type', headers: ['Content-Type', 'text/html5'] },
  { name: 'no type', outcome: 'type', headers: [] },
  { name: 'two types', outcome: 'type', headers: [...HTML, 'Content-Type', 'text/plain'] },
  {
    name: 'an attachment',
    outcome: 'type',
    headers: [...HTML, 'Content-Disposition', 'Attachment; filename=x'],
  },
  { name: 'an unknown disposition', outcome: 'type', headers: [...HTML, 'Content-Disposition', 'x-save'] },
  { name: 'inline', outcome: null, headers: [...HTML, 'Content-Disposition', 'inline; filename="x.html"'] },
  { name: 'gzip', outcome: null, headers: [...HTML, 'Content-Encoding', 'GZIP'] },
  { name: 'x-gzip', outcome: null, headers: [...HTML, 'Content-Encoding', 'x-gzip'] },
  { name: 'identity by name', outcome: null, headers: [...HTML, 'Content-Encoding', 'identity'] },
  ...['br', 'zstd', 'deflate'].map((coding) => ({
    name: coding,
    outcome: null,
    headers: [...HTML, 'Content-Encoding', coding],
  })),
  ...['unknown', 'compress', 'gzip, gzip', 'br, gzip', 'deflate, identity'].map((coding) => ({
    name: coding,
    outcome: 'encoding' as const,
    headers: [...HTML, 'Content-Encoding', coding],
  })),
  {
    name: 'codings stacked over two lines',
    outcome: 'encoding',
    headers: [...HTML, 'Content-Encoding', 'gzip', 'Content-Encoding', 'gzip'],
  },
  {
    name: 'every rule broken: the first counts',
    outcome: 'no-transform',
    status: 304,
    headers: ['Cache-Control', 'no-transform', 'X-GoTrack-Inject', 'off', 'Content-Encoding', 'x'],
  },
  {
    name: 'off before status',
    outcome: 'excluded',
    status: 304,
    headers: ['X-GoTrack-Inject', 'off', 'Content-Encoding', 'x'],
  },
  { name: 'status before type', outcome: 'status', status: 304, headers: ['Content-Encoding', 'x'] },
  { name: 'type before encoding', outcome: 'type', headers: ['Content-Encoding', 'x'] },
];

describe('the rules of a head', () => {
  for (const { name, outcome, status = 200, headers } of HEADS) {
    test(`${name} → ${outcome}`, () => assert.equal(headOutcome(status, headers), outcome));
  }
});

test('a glob of many stars is matched in linear time', () => {
  const rules = without(`/${'*a'.repeat(200)}*b`);
  const started = performance.now();
  assert.equal(ask({ target: `/${'a'.repeat(60_000)}`, rules }), null);
  assert.ok(performance.now() - started < 2_000);
});
