import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { checkEncodings } from '../../src/doctor/checks/encodings.ts';
import { checkInjection } from '../../src/doctor/checks/injection.ts';
import { checkPolicy } from '../../src/doctor/checks/policy.ts';
import { OUTCOMES } from '../../src/doctor/outcome-words.ts';
import type { Outcome } from '../../src/inject/outcome.ts';
import { closedPort } from '../support/origin.ts';
import { examination, examined, faultsIn, PAGE, rowsOf, shop, shopWith } from './harness.ts';

/** As origins should: what is asked for. */
const negotiating: RequestListener = (request, response) => {
  const asked = String(request.headers['accept-encoding']);
  const coding = asked.includes('gzip') ? 'gzip' : asked === 'br' ? 'br' : 'identity';
  const body = { gzip: gzipSync(PAGE), br: brotliCompressSync(PAGE), identity: Buffer.from(PAGE) }[coding];
  response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': coding }).end(body);
};

test('an origin that heeds Accept-Encoding is fine, and what browsers get is said', async (t) => {
  const rows = await rowsOf(checkEncodings, examined(t, negotiating));
  assert.deepEqual(faultsIn(rows, 'note', 'warning', 'error'), []);
  assert.match(rows[0]!.found, /gzip → gzip, br → br, zstd → identity.*gets gzip through us/);
});

test('a coding that nobody named, and one that does not decode, are found', async (t) => {
  const always = shopWith({ 'content-encoding': 'br' }, brotliCompressSync(PAGE).toString('latin1'));
  const zipped: RequestListener = (_, response) =>
    void response
      .writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'br' })
      .end(brotliCompressSync(PAGE));
  const unnamed = faultsIn(await rowsOf(checkEncodings, examined(t, zipped)));
  assert.equal(unnamed.length, 3, 'asked for gzip, zstd and identity');
  assert.match(unnamed[0]!.found, /asked for gzip the origin answers br/);
  const damaged = faultsIn(await rowsOf(checkEncodings, examined(t, always)));
  assert.match(damaged[0]!.found, /does not decode/);
});

test('an origin that does not compress for proxies is found', async (t) => {
  const like: RequestListener = (request, response) => {
    // nginx without gzip_proxied
    if (request.headers.via !== undefined) return shop(request, response);
    negotiating(request, response);
  };
  const [row] = faultsIn(await rowsOf(checkEncodings, examined(t, like)));
  assert.match(row!.found, /not through us/);
  assert.match(row!.cure!, /gzip_proxied any/);
});

test('a large page that is not compressed is a note', async (t) => {
  const large = shopWith({}, PAGE.replace('hello', 'hello '.repeat(2000)));
  const [row] = faultsIn(await rowsOf(checkEncodings, examined(t, large)), 'note');
  assert.match(row!.found, /not compressed/);
});

test('the outcome of a page is that of the real program', async (t) => {
  const [row] = await rowsOf(checkInjection, examined(t, shop));
  assert.equal(row!.level, 'ok');
  assert.match(row!.found, /^inserted: .*status 200/);
  const [zipped] = await rowsOf(checkInjection, examined(t, negotiating));
  assert.match(zipped!.found, /^spliced: /);
});

const LEFT_ALONE: [
  outcome: Outcome,
  level: string,
  listener: RequestListener,
  env?: Record<string, string>,
][] = [
  ['off', 'note', shop, { TRACKING: 'off' }],
  ['excluded', 'note', shop, { INJECT_EXCLUDE: '/' }],
  ['no-transform', 'warning', shopWith({ 'cache-control': 'no-transform' })],
  ['status', 'note', (_, response) => void response.writeHead(302, { location: '/en/' }).end()],
  ['type', 'note', shopWith({ 'content-type': 'application/json' }, '{}')],
  ['csp', 'warning', shopWith({ 'content-security-policy': "script-src 'self'" }), { CSP: 'respect' }],
  ['charset', 'warning', shopWith({ 'content-type': 'text/html; charset=utf-16le' })],
  ['not-page', 'note', shopWith({}, '{"a":1}')],
  ['unclosed', 'warning', shopWith({}, `${PAGE}<!-- never closed`)],
];
for (const [outcome, level, listener, env = {}] of LEFT_ALONE) {
  test(`a page with the outcome ${outcome} is a ${level} with a cure`, async (t) => {
    const [row] = await rowsOf(checkInjection, examined(t, listener, { env }));
    assert.ok(row!.found.startsWith(`${outcome}: `), row!.found);
    assert.equal(row!.level, level);
    assert.ok(row!.cure);
  });
}

test('without an origin there is no page to judge', async (t) => {
  const [row] = await rowsOf(checkInjection, examination(t, `http://127.0.0.1:${await closedPort()}`));
  assert.equal(row!.level, 'skipped');
});

test('every outcome of injection has its words', () => {
  const all = {
    off: 1,
    excluded: 1,
    'not-navigation': 1,
    frame: 1,
    'no-transform': 1,
    status: 1,
    type: 1,
    encoding: 1,
    csp: 1,
    charset: 1,
    'not-page': 1,
    amp: 1,
    'csp-meta': 1,
    unclosed: 1,
    busy: 1,
    cut: 1,
    inserted: 1,
    spliced: 1,
    recoded: 1,
    failed: 1,
  } satisfies Record<Outcome, 1>;
  assert.deepEqual(Object.keys(OUTCOMES).sort(), Object.keys(all).sort());
});

test('a page without a policy, and one whose policy lets us run, have nothing to say', async (t) => {
  assert.match((await rowsOf(checkPolicy, examined(t, shop)))[0]!.found, /no Content-Security-Policy/);
  const inline = shopWith({ 'content-security-policy': "script-src 'unsafe-inline'" });
  const [row, ...more] = await rowsOf(checkPolicy, examined(t, inline));
  assert.match(row!.found, /1 policy: inline scripts allowed; nothing is changed/);
  assert.deepEqual(more, []);
});

test('a policy that is edited is shown before and after', async (t) => {
  const strict = shopWith({ 'content-security-policy': "default-src 'self'; script-src https://cdn.test" });
  const [row, before, after] = await rowsOf(checkPolicy, examined(t, strict));
  assert.match(row!.found, /scripts by host; edited/);
  assert.ok(before!.found.endsWith("default-src 'self'; script-src https://cdn.test"));
  assert.match(after!.found, /script-src https:\/\/cdn\.test 'sha256-[A-Za-z0-9+/=]+'$/);
});

test('a nonce that is new in each answer is no change', async (t) => {
  let count = 0;
  const nonces: RequestListener = (_, response) => {
    const policy = `script-src 'nonce-abc${count++}'`;
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy }).end(PAGE);
  };
  const rows = await rowsOf(checkPolicy, examined(t, nonces));
  assert.deepEqual(
    rows.map(({ found }) => found),
    ['1 policy: scripts by nonce; nothing is changed'],
  );
});

test('a policy in <meta> is seen', async (t) => {
  const meta = `<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'">`;
  const [row] = await rowsOf(
    checkPolicy,
    examined(t, shopWith({}, PAGE.replace('<title>', `${meta}<title>`))),
  );
  assert.match(row!.found, /1 policy: inline scripts allowed/);
});
