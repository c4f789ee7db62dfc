/** The scripts that a page may fetch, in a real browser before a real instance: what they send arrives. */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Envelope } from '../../src/event/envelope.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { startBrowser } from '../support/browser.ts';
import { eventsWhen } from '../support/event-log.ts';
import { skipFor } from '../support/needs.ts';

/** By path the pages of the site; `SITE` in them is where GoTrack stands. */
const PAGES: Record<string, string> = {
  '/plain/hmac': '<script src="/hmac.js"></script>',
  '/hmac': '<script src="/hmac.js"></script>',
  '/plain/pixel': '<script src="/pixel.js"></script>',
  '/pixel': '<script src="/pixel.js"></script>',
  '/plain/module': `<script type="module">import { track } from '/pixel.esm.js'; track('conversion', { plan: 'pro' });</script>`,
  '/elsewhere': '<script src="SITE/pixel.js"></script>',
  '/elsewhere/hmac': '<script src="SITE/hmac.js"></script>',
  '/favicon.ico': '',
  '/elsewhere/module': `<script type="module">import { track } from 'SITE/pixel.esm.js'; track('conversion');</script>`,
};

let browser: Browser | null = null;
let absent: string | null = null;
let origin: http.Server;
let originUrl: string;
let app: TestApp;

before(async () => {
  const start = await startBrowser({ hosts: ['shop.test', 'partner.test'] });
  if (start.kind === 'absent') absent = start.reason;
  else browser = start.browser;
  origin = http.createServer((request, response) => {
    const page = PAGES[request.url!];
    response.writeHead(page === undefined ? 404 : 200, { 'Content-Type': 'text/html' });
    response.end(
      page && `<!doctype html><title>A page</title><body>${page.replace('SITE', siteOf(app))}</body>`,
    );
  });
  await new Promise<void>((done) => origin.listen(0, '127.0.0.1', done));
  const { port } = origin.address() as AddressInfo;
  originUrl = `http://127.0.0.1:${port}`;
  app = await startApp(originUrl, {
    INJECT_EXCLUDE: '/plain/**',
    CORS_ORIGINS: `http://partner.test:${port}`,
  });
});
after(async () => {
  await browser?.close();
  await app.close();
  origin.close();
});

const siteOf = ({ port }: TestApp) => `http://shop.test:${port}`;

type Opened = { page: Page; complaints: string[] };

async function open(t: TestContext, url: string): Promise<Opened> {
  const context = await browser!.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints };
}

/** The signed events of a page, as soon as there are so many of a type. */
async function signed(path: string, type: string, count = 1, of = app): Promise<Envelope[]> {
  const about = (all: Envelope[]) =>
    all.filter(({ url, server }) => new URL(url!).pathname === path && server.auth?.scheme === 'v1');
  const enough = (all: Envelope[]) => about(all).filter((event) => event.type === type).length >= count;
  return about(await eventsWhen(of.logPath, enough));
}

const count = (events: Envelope[], type: string) => events.filter((event) => event.type === type).length;

describe('/hmac.js', () => {
  for (const path of ['/plain/hmac', '/hmac']) {
    test(`signs the POSTs that ask for it, ${path === '/hmac' ? 'beside the tracker' : 'alone'}`, async (t) => {
      if (skipFor(t, absent)) return;
      const { page, complaints } = await open(t, siteOf(app) + path);
      const statuses = await page.evaluate(`(async () => {
        const post = (url, init) => gotrack.signedFetch(url, { method: 'POST', ...init }).then(({ status }) => status);
        return [
          await post('/collect', { body: JSON.stringify({ type: 'by-text' }) }),
          await post(location.href + '?q=ä%20b#hash', { body: new TextEncoder().encode('{"type":"by-bytes"}') }),
          await post(new URL('/collect?', location), { body: new Blob(['{"type":"by-blob"}']), headers: { 'Content-Type': 'application/json' } }),
          await post('/collect', { body: '{"type":"by-form"}', headers: { 'Content-Type': 'text/csv' } }),
          await gotrack.signedFetch('/healthz').then(({ status }) => status),
        ];
      })()`);
      assert.deepEqual(statuses, [202, 202, 202, 415, 200]);
      for (const type of ['by-text', 'by-bytes', 'by-blob'])
        assert.equal(count(await signed(path, type), type), 1, type);
      assert.equal(await page.evaluate(`String(fetch).includes('[native code]')`), true);
      assert.ok(
        complaints.every((line) => /415/.test(line)),
        complaints.join(),
      );
    });
  }

  test('leaves the tracker its name, and early calls their place', async (t) => {
    if (skipFor(t, absent)) return;
    const { page } = await open(t, `${siteOf(app)}/hmac`);
    await page.evaluate(`gotrack.push(['track', 'conversion'])`);
    assert.equal(count(await signed('/hmac', 'conversion'), 'conversion'), 1);
    assert.equal(
      await page.evaluate('typeof gotrack.signedFetch + typeof gotrack.track'),
      'functionfunction',
    );
  });

  test('where the clock was put forward since, it signs once more', async (t) => {
    if (skipFor(t, absent)) return;
    const { page } = await open(t, `${siteOf(app)}/plain/hmac`);
    await page.evaluate(`gotrack.signedFetch('/collect', { method: 'POST', body: '{"type":"a"}' })`);
    const answers = await page.evaluate(`(async () => {
      const now = Date.now;
      Date.now = () => now() + 20 * 60000;
      const response = await gotrack.signedFetch('/collect', { method: 'POST', body: '{"type":"late"}' });
      return [response.status, (await response.json()).accepted];
    })()`);
    assert.deepEqual(answers, [202, 1]);
  });

  test('sends from a page of CORS_ORIGINS to /collect; where no proxy of ours is, it says so', async (t) => {
    if (skipFor(t, absent)) return;
    const { page } = await open(t, `${originUrl.replace('127.0.0.1', 'partner.test')}/elsewhere/hmac`);
    const outcomes = await page.evaluate(`(async (site) => {
      const init = { method: 'POST', body: '{"type":"from-elsewhere"}' };
      return [
        await gotrack.signedFetch(site + '/collect', init).then(({ status }) => status),
        await gotrack.signedFetch('/collect', init).then(() => 'sent', String),
      ];
    })('${siteOf(app)}')`);
    const nowhere = `${originUrl.replace('127.0.0.1', 'partner.test')}/collect`;
    assert.deepEqual(outcomes, [202, `TypeError: gotrack: no token from ${nowhere}: 404`]);
  });

  test('holds no key', async () => {
    const text = await (await fetch(`${app.url}/hmac.js`)).text();
    assert.doesNotMatch(text, /[A-Za-z0-9_-]{43}/);
  });
});

describe('/pixel.js', () => {
  test('tracks a page that is not edited', async (t) => {
    if (skipFor(t, absent)) return;
    const { page, complaints } = await open(t, `${siteOf(app)}/plain/pixel`);
    await page.evaluate(`gotrack.track('conversion', { plan: 'pro' })`);
    const events = await signed('/plain/pixel', 'conversion');
    assert.deepEqual([count(events, 'pageview'), count(events, 'conversion')], [1, 1]);
    assert.equal(events[0]!.payload?.route?.title, 'A page');
    assert.equal(events[0]!.server.document_id, undefined, 'no document was given to it');
    assert.deepEqual(complaints, []);
  });

  test('stands back where the proxy wrote a tracker into the page', async (t) => {
    if (skipFor(t, absent)) return;
    const { page } = await open(t, `${siteOf(app)}/pixel`);
    await page.evaluate(`gotrack.track('conversion')`);
    const events = await signed('/pixel', 'conversion');
    assert.deepEqual([count(events, 'pageview'), count(events, 'conversion')], [1, 1]);
  });

  test('is a module too, with the calls as its exports', async (t) => {
    if (skipFor(t, absent)) return;
    const { page } = await open(t, `${siteOf(app)}/plain/module`);
    const events = await signed('/plain/module', 'conversion');
    assert.deepEqual([count(events, 'pageview'), count(events, 'conversion')], [1, 1]);
    assert.deepEqual(events.find(({ type }) => type === 'conversion')?.payload?.props, { plan: 'pro' });
    const names = await page.evaluate(`import('/pixel.esm.js').then((module) => Object.keys(module))`);
    assert.deepEqual(names, ['consent', 'experiment', 'identify', 'reset', 'track']);
  });

  for (const path of ['/elsewhere', '/elsewhere/module']) {
    test(`sends to its own site from a page of CORS_ORIGINS: ${path}`, async (t) => {
      if (skipFor(t, absent)) return;
      const { complaints } = await open(t, originUrl.replace('127.0.0.1', 'partner.test') + path);
      const [event] = await signed(path, 'pageview');
      assert.equal(event?.url, originUrl.replace('127.0.0.1', 'partner.test') + path);
      assert.deepEqual(complaints, []);
    });
  }

  test('declares no name in the page', async (t) => {
    if (skipFor(t, absent)) return;
    const { page } = await open(t, `${siteOf(app)}/plain/pixel`);
    assert.deepEqual(await page.evaluate(`Object.keys(window).filter((name) => /track/i.test(name))`), [
      'gotrack',
    ]);
  });

  test('keeps to the settings of the instance: CONSENT=required and IDENTITY=memory', async (t) => {
    if (skipFor(t, absent)) return;
    const careful = await startApp(originUrl, {
      INJECT_EXCLUDE: '/**',
      CONSENT: 'required',
      IDENTITY: 'memory',
    });
    t.after(() => careful.close());
    const { page } = await open(t, `${siteOf(careful)}/plain/pixel`);
    const posts: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()));
    await page.evaluate(`gotrack.track('conversion')`);
    await page.waitForTimeout(300);
    assert.deepEqual(posts, []);
    await page.evaluate(`gotrack.consent({ analytics: 'granted', security: 'granted' })`);
    assert.equal(count(await signed('/plain/pixel', 'pageview', 1, careful), 'pageview'), 1);
    assert.deepEqual(await page.evaluate('[Object.keys(localStorage), Object.keys(sessionStorage)]'), [
      [],
      [],
    ]);
  });

  test('does nothing with TRACKING=off, and its exports are there all the same', async (t) => {
    if (skipFor(t, absent)) return;
    const off = await startApp(originUrl, { TRACKING: 'off' });
    t.after(() => off.close());
    const { page, complaints } = await open(t, `${siteOf(off)}/plain/module`);
    assert.equal(await page.evaluate('typeof gotrack'), 'undefined');
    await page.evaluate(`import('/pixel.js')`);
    assert.deepEqual(complaints, []);
  });
});
