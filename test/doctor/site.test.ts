import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { checkCaching } from '../../src/doctor/checks/caching.ts';
import { checkClock } from '../../src/doctor/checks/clock.ts';
import { checkReservedPaths } from '../../src/doctor/checks/reserved-paths.ts';
import { checkSignedEvent } from '../../src/doctor/checks/signed-event.ts';
import { checkTrustProxy } from '../../src/doctor/checks/trust-proxy.ts';
import { makeCertificate } from '../support/certificate.ts';
import { findProgram, skipFor } from '../support/needs.ts';
import { examined, faultsIn, PAGE, rowsOf, shop, shopWith, startFront, startInstance } from './harness.ts';

test('a site with a /collect and a /healthz of its own needs PATH_PREFIX', async (t) => {
  const taken: RequestListener = (request, response) => {
    if (request.url === '/healthz') return void response.end('fine');
    if (request.url === '/collect') return void response.writeHead(405).end();
    shop(request, response);
  };
  const [row, ...more] = faultsIn(await rowsOf(checkReservedPaths, examined(t, taken)));
  assert.match(row!.found, /on \/collect \(405\), \/healthz \(200\), where/);
  assert.match(row!.cure!, /PATH_PREFIX=\/_gt/);
  assert.deepEqual(more, []);
  assert.deepEqual(
    faultsIn(await rowsOf(checkReservedPaths, examined(t, taken, { env: { PATH_PREFIX: '/_gt' } }))),
    [],
  );
});

test('a site without them is fine, and so is one that answers the same page on every path', async (t) => {
  assert.deepEqual(faultsIn(await rowsOf(checkReservedPaths, examined(t, shop))), []);
  const rows = await rowsOf(checkReservedPaths, examined(t, shopWith({})));
  assert.deepEqual(faultsIn(rows), []);
  assert.equal(faultsIn(rows, 'note').length, 1);
});

test('only GET reaches the origin, under the name of gotrack-doctor', async (t) => {
  const seen: string[] = [];
  const watching: RequestListener = (request, response) => {
    seen.push(`${request.method} ${/gotrack-doctor/.test(request.headers['user-agent']!)}`);
    shop(request, response);
  };
  const examination = await examined(t, watching);
  for (const check of [checkReservedPaths, checkCaching, checkSignedEvent, checkClock])
    await check(examination);
  assert.deepEqual([...new Set(seen)], ['GET true']);
  assert.ok(seen.length <= 12, `${seen.length} requests`);
});

test('a page for one visitor carries a token, a page for a shared cache does not, and each is said', async (t) => {
  const [own] = await rowsOf(checkCaching, examined(t, shop));
  assert.equal(own!.level, 'ok');
  assert.match(own!.found, /carries a token of its own/);
  const [shared] = await rowsOf(
    checkCaching,
    examined(t, shopWith({ 'cache-control': 'public, max-age=60' })),
  );
  assert.equal(shared!.level, 'note');
  assert.match(shared!.found, /everyone gets the same bytes/);
});

test('a token in a page that a shared cache may store would be an error', async (t) => {
  const examination = await examined(t, shop);
  const answer = await examination.trial.page();
  assert.ok(answer.ok);
  const leaking = { ...answer, headers: ['Content-Type', 'text/html', 'Cache-Control', 'public'] };
  const trial = { ...examination.trial, page: async () => leaking };
  const [row] = await rowsOf(checkCaching, { ...examination, trial });
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /it carries a token/);
});

test('a shared page behind a cache needs COLLECT_URL', async (t) => {
  const listener = shopWith({ 'cache-control': 'public, max-age=60' });
  const instance = await startInstance(t, listener);
  const front = await startFront(t, instance, { answer: { age: '12', 'x-cache': 'HIT' } });
  const [row] = faultsIn(await rowsOf(checkCaching, examined(t, listener, { page: front })));
  assert.match(row!.found, /age: 12, x-cache: HIT/);
  assert.match(row!.cure!, /COLLECT_URL=\/collect/);
  const env = { COLLECT_URL: '/collect' };
  assert.deepEqual(faultsIn(await rowsOf(checkCaching, examined(t, listener, { page: front, env }))), []);
});

test('no cache before us is no fault', async (t) => {
  const instance = await startInstance(t, shop);
  const rows = await rowsOf(checkCaching, examined(t, shop, { page: instance }));
  assert.deepEqual(faultsIn(rows, 'note', 'warning', 'error'), []);
});

const HOUR_MS = 3_600_000;

test('an origin whose clock is an hour off is a warning, one that is right is fine', async (t) => {
  const late: RequestListener = (_, response) =>
    void response.writeHead(200, { date: new Date(Date.now() - HOUR_MS).toUTCString() }).end(PAGE);
  const [row] = await rowsOf(checkClock, examined(t, late));
  assert.equal(row!.level, 'warning');
  assert.match(row!.found, /36\d\d s behind/);
  assert.equal((await rowsOf(checkClock, examined(t, shop)))[0]!.level, 'ok');
});

test('a running instance whose clock is an hour off is an error, one that is right is fine', async (t) => {
  const instance = await startInstance(t, shop);
  const right = await rowsOf(checkClock, examined(t, shop, { page: instance }));
  assert.deepEqual(
    right.map(({ level }) => level),
    ['ok', 'ok'],
  );
  const examination = await examined(t, shop, { page: instance });
  const { outside } = examination;
  const ahead = {
    ...outside!,
    hello: async () => ({ ...(await outside!.hello()), now: Date.now() + HOUR_MS }),
  };
  const [, row] = await rowsOf(checkClock, { ...examination, outside: ahead as typeof outside });
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /ahead of/);
});

test('the trial of an instance that speaks HTTPS is a whole one', async (t) => {
  const openssl = findProgram('openssl');
  if (skipFor(t, openssl === null ? 'no openssl here' : null)) return;
  const { cert, key } = makeCertificate(openssl!, 'DNS:shop.test');
  const site = { env: { ENABLE_HTTPS: 'true' }, files: cert + key };
  const [row] = await rowsOf(checkSignedEvent, examined(t, shop, site));
  assert.equal(row!.level, 'ok', row!.found);
});

test('a signed event goes through the whole program', async (t) => {
  const [row] = await rowsOf(checkSignedEvent, examined(t, shop));
  assert.equal(row!.level, 'ok');
  assert.match(row!.found, /the page’s own token: 202, in the journal, out of the sink/);
  const [shared] = await rowsOf(checkSignedEvent, examined(t, shopWith({ etag: '"x"' })));
  assert.match(shared!.found, /a token that was asked for/);
});

test('an event that the configuration drops is a note, one that is refused an error', async (t) => {
  const [off] = await rowsOf(checkSignedEvent, examined(t, shop, { env: { TRACKING: 'off' } }));
  assert.deepEqual([off!.level, /TRACKING=off/.test(off!.found)], ['note', true]);
  const [asking] = await rowsOf(checkSignedEvent, examined(t, shop, { env: { CONSENT: 'required' } }));
  assert.deepEqual([asking!.level, /no consent/.test(asking!.found)], ['note', true]);
  const examination = await examined(t, shop);
  const wrongClock = { now: () => Date.now() - HOUR_MS, monotonic: () => performance.now() };
  const machine = { ...examination.machine, clock: wrongClock };
  const [stale] = await rowsOf(checkSignedEvent, { ...examination, machine });
  assert.deepEqual([stale!.level, stale!.found], ['error', 'refused with 401: stale-timestamp']);
});

const TRUST: [
  name: string,
  env: Record<string, string>,
  page: string | undefined,
  level: string,
  said: RegExp,
][] = [
  ['nobody, and no proxy', {}, undefined, 'ok', /nobody is trusted/],
  ['one network', { TRUST_PROXY: '10.0.0.0/8' }, 'https://shop.example/', 'ok', /10\.0\.0\.0\/8/],
  [
    'nobody, where visitors come by https',
    {},
    'https://shop.example/',
    'warning',
    /a proxy stands before it/,
  ],
  ['everybody', { TRUST_PROXY: '0.0.0.0/0' }, undefined, 'warning', /everybody is trusted/],
  [
    'a CDN header of nobody',
    { CLIENT_IP_HEADERS: 'cf-connecting-ip' },
    undefined,
    'warning',
    /cf-connecting-ip/,
  ],
  [
    'by number on every interface',
    { TRUST_PROXY: 'true', SERVER_ADDR: ':1' },
    undefined,
    'note',
    /past the proxy/,
  ],
];
for (const [name, env, page, level, said] of TRUST) {
  test(`TRUST_PROXY: ${name} is ${level}`, async (t) => {
    const [row] = await rowsOf(checkTrustProxy, examined(t, shop, { env, page }));
    assert.equal(row!.level, level);
    assert.match(row!.found, said);
  });
}
