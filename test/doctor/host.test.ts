import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { checkHost } from '../../src/doctor/checks/host.ts';
import { examined, faultsIn, PAGE, rowsOf, shop } from './harness.ts';

const LIVE = 'http://shop.example/';

/** Answers for its own name (127.0.0.1) and in another way for any other. */
const byOwnNameOnly =
  (other: RequestListener): RequestListener =>
  (request, response) =>
    (request.headers.host!.startsWith('127.0.0.1') ? shop : other)(request, response);

test('an origin that answers for every name is fine', async (t) => {
  const rows = await rowsOf(checkHost, examined(t, shop, { page: LIVE }));
  assert.deepEqual(
    rows.map(({ level }) => level),
    ['ok'],
  );
});

test('an origin that redirects to its own name needs HOST_HEADER=origin', async (t) => {
  const away: RequestListener = (request, response) =>
    void response.writeHead(301, { location: `http://127.0.0.1:${request.socket.localPort}/` }).end();
  const [row] = faultsIn(await rowsOf(checkHost, examined(t, byOwnNameOnly(away), { page: LIVE })));
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /past us, to http:\/\/127\.0\.0\.1/);
  assert.match(row!.cure!, /HOST_HEADER=origin/);
});

for (const status of [404, 421]) {
  test(`an origin that answers ${status} for a name that it does not know needs HOST_HEADER=origin`, async (t) => {
    const unknown: RequestListener = (_, response) => void response.writeHead(status).end();
    const [row] = faultsIn(await rowsOf(checkHost, examined(t, byOwnNameOnly(unknown), { page: LIVE })));
    assert.equal(row!.level, 'error');
    assert.match(row!.found, new RegExp(`does not know shop.example: ${status} instead of the 200`));
  });
}

test('a default virtual host with a page of its own is not taken for the site', async (t) => {
  const welcome: RequestListener = (_, response) =>
    void response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(PAGE.replace('Shop', 'Welcome to nginx!'));
  const [row] = faultsIn(await rowsOf(checkHost, examined(t, byOwnNameOnly(welcome), { page: LIVE })));
  assert.match(row!.found, /another page \(“Welcome to nginx!”\) than the one \(“Shop”\)/);
});

test('a name that the origin knows is fine, whatever it answers for its own', async (t) => {
  const welcome: RequestListener = (_, response) =>
    void response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(PAGE.replace('Shop', 'Welcome to nginx!'));
  const byName: RequestListener = (request, response) =>
    (request.headers.host === 'shop.example' ? shop : welcome)(request, response);
  const rows = await rowsOf(checkHost, examined(t, byName, { page: LIVE }));
  assert.deepEqual(
    rows.map(({ level }) => level),
    ['ok'],
  );
});

test('without a visitors’ URL the same is a warning that asks for it', async (t) => {
  const unknown: RequestListener = (_, response) => void response.writeHead(404).end();
  const [row] = faultsIn(await rowsOf(checkHost, examined(t, byOwnNameOnly(unknown))));
  assert.equal(row!.level, 'warning');
  assert.match(row!.cure!, /gotrack doctor https/);
});

test('an origin that sends https visitors to https again was not told that they came by it', async (t) => {
  const secure: RequestListener = (request, response) => {
    if (request.headers['x-forwarded-proto'] === 'https') return shop(request, response);
    response.writeHead(301, { location: `https://${request.headers.host}${request.url}` }).end();
  };
  const page = 'https://shop.example/';
  const [row] = faultsIn(await rowsOf(checkHost, examined(t, secure, { page })));
  assert.equal(row!.level, 'error');
  assert.match(row!.cure!, /TRUST_PROXY/);
  const told = await rowsOf(checkHost, examined(t, secure, { page, env: { TRUST_PROXY: '10.0.0.0/8' } }));
  assert.deepEqual(faultsIn(told), []);
});
