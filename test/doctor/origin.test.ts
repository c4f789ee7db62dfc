import assert from 'node:assert/strict';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkOrigin } from '../../src/doctor/checks/origin.ts';
import { checkOriginTls } from '../../src/doctor/checks/origin-tls.ts';
import { makeCertificate } from '../support/certificate.ts';
import { findProgram, skipFor } from '../support/needs.ts';
import { closedPort, startHttpOrigin } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';
import { closeServer, examination, examined, faultsIn, rowsOf, shop } from './harness.ts';

test('an origin that answers is named with its address and its status', async (t) => {
  const rows = await rowsOf(checkOrigin, examined(t, shop));
  assert.deepEqual(faultsIn(rows), []);
  assert.match(rows[0]!.found, /127\.0\.0\.1:\d+: 200, connected in/);
});

test('an origin on a unix socket is looked at there', async (t) => {
  const folder = tempFolder();
  const origin = await startHttpOrigin(shop);
  const path = join(folder.path, 'app.sock');
  const listening = new Promise<void>((resolve) =>
    origin.server.close(() => origin.server.listen(path, resolve)),
  );
  await listening;
  t.after(async () => {
    await origin.close();
    folder.remove();
  });
  const rows = await rowsOf(checkOrigin, examination(t, `unix:${path}`));
  assert.deepEqual(faultsIn(rows), []);
  assert.ok(rows[0]!.found.includes(path));
});

test('a port where nobody listens is an error that names FORWARD_DESTINATION', async (t) => {
  const rows = await rowsOf(checkOrigin, examination(t, `http://127.0.0.1:${await closedPort()}`));
  assert.equal(rows[0]!.level, 'error');
  assert.match(rows[0]!.found, /nobody takes the connection/);
  assert.match(rows[0]!.cure!, /FORWARD_DESTINATION/);
});

test('a name without an address is an error', async (t) => {
  const [row] = await rowsOf(checkOrigin, examination(t, 'http://no-such-name.invalid'));
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /the name has no address/);
});

test('plain HTTP where TLS was meant is told apart from silence', async (t) => {
  const origin = await startHttpOrigin(shop);
  t.after(origin.close);
  const [row] = await rowsOf(checkOrigin, examination(t, `https://127.0.0.1:${origin.port}`));
  assert.equal(row!.level, 'error');
  assert.match(row!.cure!, /http:\/\/ in FORWARD_DESTINATION/);
});

test('a page that fails by itself is a warning, a redirect is a note that leads on', async (t) => {
  const failing = await rowsOf(
    checkOrigin,
    examined(t, (_, response) => void response.writeHead(503).end()),
  );
  assert.deepEqual(
    faultsIn(failing).map(({ level }) => level),
    ['warning'],
  );
  const moved = examined(
    t,
    (_, response) => void response.writeHead(302, { location: '/en/?token=secret' }).end(),
  );
  const [note] = faultsIn(await rowsOf(checkOrigin, moved), 'note');
  assert.match(note!.cure!, /gotrack doctor \/en\//);
  assert.doesNotMatch(JSON.stringify(note), /secret/, 'what stands in a query may be one');
});

async function tlsOrigin(t: TestContext, subject: string) {
  const certificate = makeCertificate(findProgram('openssl')!, subject);
  const server = https.createServer(certificate, shop);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => closeServer(server));
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, certificate };
}

const opensslMissing = () => (findProgram('openssl') === null ? 'no openssl on this machine' : null);

test('a certificate that nobody signed is an error whose cure is ORIGIN_CA', async (t) => {
  if (skipFor(t, opensslMissing())) return;
  const { url } = await tlsOrigin(t, 'IP:127.0.0.1');
  const [row] = await rowsOf(checkOriginTls, examination(t, url));
  assert.equal(row!.level, 'error');
  assert.match(row!.cure!, /ORIGIN_CA/);
  const env = { ORIGIN_TLS_SKIP_VERIFY: 'true' };
  const [skipping] = await rowsOf(checkOriginTls, examination(t, url, { env }));
  assert.equal(skipping!.level, 'warning');
});

test('a certificate for another name is an error that names both', async (t) => {
  if (skipFor(t, opensslMissing())) return;
  const { url, certificate } = await tlsOrigin(t, 'DNS:origin.test');
  const [row] = await rowsOf(checkOriginTls, examination(t, url, { ca: certificate.cert }));
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /DNS:origin\.test.*127\.0\.0\.1 was asked for/);
});

test('a certificate that verifies and ends soon is a warning, and nothing else is', async (t) => {
  if (skipFor(t, opensslMissing())) return;
  const { url, certificate } = await tlsOrigin(t, 'IP:127.0.0.1'); // for two days
  const rows = await rowsOf(checkOriginTls, examination(t, url, { ca: certificate.cert }));
  assert.deepEqual(
    rows.map(({ level }) => level),
    ['ok', 'warning'],
  );
  assert.match(rows[1]!.found, /ends in 1 day/);
});
