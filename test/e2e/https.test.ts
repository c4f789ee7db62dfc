/** The program under ENABLE_HTTPS: a browser's visit over HTTP/2, curl, the health check, a renewed certificate. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { WebSocketServer } from 'ws';
import type { Envelope } from '../../src/event/envelope.ts';
import { startBrowser } from '../support/browser.ts';
import { makeCertificate } from '../support/certificate.ts';
import { eventsWhen } from '../support/event-log.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { findProgram, skipFor } from '../support/needs.ts';
import { type HttpOrigin, startHttpOrigin, until } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folder = tempFolder();
const logPath = join(folder.path, 'events.ndjson');
const env = {
  ENABLE_HTTPS: 'true',
  SSL_CERT_FILE: join(folder.path, 'server.crt'),
  SSL_KEY_FILE: join(folder.path, 'server.key'),
  HMAC_SECRET: TEST_SECRET,
  JOURNAL_DIR: join(folder.path, 'journal'),
  LOG_PATH: logPath,
};
const openssl = findProgram('openssl');
const absent = openssl === null ? 'no openssl here' : null;
let origin: HttpOrigin;
let gotrack: GotrackProcess;
let browser: Browser | null = null;
let noBrowser: string | null = null;

/** Writes a certificate for a name and returns the hash of its key, by which Chromium can be told to trust it. */
function writeCertificate(name: string): string {
  const { cert, key } = makeCertificate(openssl!, name);
  writeFileSync(env.SSL_KEY_FILE, key);
  writeFileSync(env.SSL_CERT_FILE, cert);
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

const PAGE =
  '<!doctype html><html><head><title>Shop</title></head><body><h1>Shop</h1><a id="more" href="#more">More</a></body></html>';

before(async () => {
  if (absent !== null) return;
  const trusted = writeCertificate('DNS:shop.test');
  origin = await startHttpOrigin((originReq, originRes) => {
    originRes.setHeader('X-Proto', originReq.headers['x-forwarded-proto'] ?? '');
    originRes.setHeader('Content-Type', 'text/html');
    originRes.setHeader('Cache-Control', 'private');
    originRes.end(PAGE);
  });
  const chat = new WebSocketServer({ server: origin.server });
  chat.on('connection', (socket, originReq) => {
    socket.on('error', () => {});
    // What came over HTTP/2 is known by `Via`.
    socket.on('message', (data) => socket.send(`${originReq.headers.via} ${data}`));
  });
  gotrack = await startGotrack({ ...env, FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}` });
  const args = [`--ignore-certificate-errors-spki-list=${trusted}`];
  const start = await startBrowser({ args, hosts: ['shop.test'] });
  if (start.kind === 'absent') noBrowser = start.reason;
  else browser = start.browser;
});

after(async () => {
  await browser?.close();
  if (absent === null) {
    await gotrack.stop();
    await origin.close();
  }
  folder.remove();
});

test('a visit over HTTPS and HTTP/2: the page is whole, its signed events arrive, nobody complains', async (t) => {
  if (skipFor(t, absent) || skipFor(t, noBrowser)) return;
  const page = await (await browser!.newContext()).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const { port } = new URL(gotrack.site);
  const response = await page.goto(`https://shop.test:${port}/shop`, { waitUntil: 'load' });
  assert.equal(response!.status(), 200);
  assert.equal(response!.headers()['x-proto'], 'https');
  const protocol = await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol");
  assert.equal(protocol, 'h2');
  await page.locator('#more').click();
  const of = (events: Envelope[], type: string) => events.filter((event) => event.type === type);
  await page.waitForTimeout(300);
  await page.close({ runBeforeUnload: true });
  const events = await eventsWhen(
    logPath,
    (all) => of(all, 'click').length > 0 && of(all, 'pixel').length > 0,
  );
  const [view] = of(events, 'pageview');
  assert.equal(view!.url, `https://shop.test:${port}/shop`);
  assert.equal(view!.server.auth?.scheme, 'v1');
  assert.equal(view!.server.http?.version, '2');
  assert.equal(of(events, 'document')[0]!.url, view!.url);
  assert.deepEqual(complaints, []);
});

test('a visit’s cookie is bound to HTTPS', async (t) => {
  if (skipFor(t, absent) || skipFor(t, noBrowser)) return;
  const context = await browser!.newContext();
  const page = await context.newPage();
  await page.goto(`https://shop.test:${new URL(gotrack.site).port}/cookie`, { waitUntil: 'load' });
  let names: string[] = [];
  for (let i = 0; i < 100 && names.length === 0; i++) {
    await page.waitForTimeout(100);
    names = (await context.cookies()).map(({ name }) => name);
  }
  assert.deepEqual(names, ['__Host-gt']);
  await context.close();
});

test('a page’s WebSocket goes over the HTTP/2 connection that the page came on', async (t) => {
  if (skipFor(t, absent) || skipFor(t, noBrowser)) return;
  const page = await (await browser!.newContext()).newPage();
  const { port } = new URL(gotrack.site);
  await page.goto(`https://shop.test:${port}/chat`, { waitUntil: 'load' });
  const told = await page.evaluate(echoOf, `wss://shop.test:${port}/chat`);
  assert.equal(told, '2 gotrack hello, closed with 1000');
  await page.close();
});

async function echoOf(address: string): Promise<string> {
  const socket = new WebSocket(address);
  return new Promise((resolve) => {
    let told = '';
    socket.onopen = () => socket.send('hello');
    socket.onmessage = ({ data }) => {
      told = data;
      socket.close(1000);
    };
    socket.onclose = ({ code }) => resolve(`${told}, closed with ${code}`);
  });
}

test('curl over HTTP/2 gets the page that it gets over HTTP/1.1', async (t) => {
  const curl = findProgram('curl');
  if (skipFor(t, absent) || skipFor(t, curl === null ? 'no curl here' : null)) return;
  const get = async (version: string) => {
    const args = ['-sk', version, '-w', '\n%{http_version}', `${gotrack.site}/`];
    return (await promisify(execFile)(curl!, args)).stdout;
  };
  const [page, version] = (await get('--http2')).split(/\n(?=[\d.]+$)/);
  assert.equal(version, '2');
  assert.ok(page!.startsWith(PAGE.slice(0, PAGE.indexOf('</body>'))));
  assert.match(await get('--http1.1'), /\n1\.1$/);
});

test('the health check and the log know that it is https', async (t) => {
  if (skipFor(t, absent)) return;
  assert.match(gotrack.site, /^https:\/\/127\.0\.0\.1:\d+$/);
  const address = gotrack.site.replace('https://', '');
  const options = { env: { PATH: process.env.PATH, ENABLE_HTTPS: 'true', SERVER_ADDR: address } };
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'healthcheck'], options);
  assert.equal(stdout, `healthy: ${gotrack.site}/healthz answers 200\n`);
});

test('a certificate that is renewed is served after SIGHUP, and the connection before goes on', async (t) => {
  if (skipFor(t, absent)) return;
  const port = Number(new URL(gotrack.site).port);
  const open = async () => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  };
  const earlier = await open();
  assert.equal(earlier.getPeerCertificate().subjectaltname, 'DNS:shop.test');
  writeCertificate('DNS:renewed.test');
  process.kill(gotrack.pid, 'SIGHUP');
  await until(() => gotrack.log.some((line) => line.includes('the certificate has changed')), 'the new one');
  assert.equal((await open()).getPeerCertificate().subjectaltname, 'DNS:renewed.test');
  earlier.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  const [answer] = await once(earlier, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200/);
});

test('a start with a key that does not fit ends with the exit code of a wrong configuration', async (t) => {
  if (skipFor(t, absent)) return;
  const wrong = join(folder.path, 'wrong.key');
  writeFileSync(wrong, makeCertificate(openssl!, 'DNS:other.test').key);
  const options = {
    env: { PATH: process.env.PATH, ...env, SSL_KEY_FILE: wrong, FORWARD_DESTINATION: 'http://127.0.0.1:1' },
  };
  const failed = promisify(execFile)(process.execPath, [MAIN, 'serve'], options);
  await assert.rejects(failed, (error: Error & { code?: number; stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.match(error.stderr!, /SSL_KEY_FILE .*wrong\.key is not the key of the certificate/);
    return true;
  });
});
