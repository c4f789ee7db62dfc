/** A visit of the demo shop in a real browser: its events arrive signed, in order, once each. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Envelope } from '../../src/event/envelope.ts';
import { startBrowser } from '../support/browser.ts';
import { eventsWhen, readEvents } from '../support/event-log.ts';
import { type GotrackProcess, startGotrack } from '../support/gotrack-process.ts';
import { skipFor } from '../support/needs.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
const logPath = join(folder.path, 'events.ndjson');
let gotrack: GotrackProcess;
let browser: Browser | null = null;
let absent: string | null = null;

before(async () => {
  const start = await startBrowser();
  if (start.kind === 'absent') absent = start.reason;
  else browser = start.browser;
  gotrack = await startGotrack({ JOURNAL_DIR: join(folder.path, 'journal'), LOG_PATH: logPath }, 'demo');
});

after(async () => {
  await browser?.close();
  await gotrack.stop();
  folder.remove();
});

type Visit = { page: Page; complaints: string[] };

async function visit(path: string): Promise<Visit> {
  const context = await browser!.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(gotrack.site + path, { waitUntil: 'load' });
  return { page, complaints };
}

const of = (events: Envelope[], type: string) => events.filter((event) => event.type === type);
const pathOf = (event: Envelope) => new URL(event.url!).pathname;

test('load, click, SPA navigation, closing the tab: signed events arrive, once each', async (t) => {
  if (skipFor(t, absent)) return;
  const { page, complaints } = await visit('/stories');
  await page.waitForTimeout(300);
  await page.locator('main a[href^="/stories/"]').first().click();
  await page.waitForURL(/\/stories\/.+/);
  await page.waitForTimeout(300);
  const second = new URL(page.url()).pathname;
  await page.close({ runBeforeUnload: true });

  const events = await eventsWhen(
    logPath,
    (all) => of(all, 'pageview').length >= 2 && of(all, 'click').length >= 1,
  );
  const signed = events.filter((event) => event.server.auth?.scheme === 'v1');
  const views = of(signed, 'pageview');
  assert.deepEqual(views.map(pathOf), ['/stories', second]);
  assert.equal(views[1]!.payload?.page?.virtual, true);
  assert.equal(of(signed, 'click').length, 1);
  assert.equal(of(events, 'document').length, 1, 'an SPA navigation is no document');
  assert.deepEqual(complaints, []);
  const ids = readEvents(logPath).map((event) => event.event_id);
  assert.equal(new Set(ids).size, ids.length);
});

test('on a personal page everything is joined by the id of the document that was served', async (t) => {
  if (skipFor(t, absent)) return;
  const { page } = await visit('/sign-in');
  const about = (all: Envelope[]) =>
    all.filter((event) => event.url !== undefined && pathOf(event) === '/sign-in');
  const complete = (all: Envelope[]) =>
    ['document', 'pixel', 'pageview'].every((type) => of(about(all), type).length > 0);
  const events = about(await eventsWhen(logPath, complete));
  const [document] = of(events, 'document');
  for (const type of ['document', 'pixel', 'pageview']) assert.equal(of(events, type).length, 1, type);
  assert.equal(of(events, 'pixel')[0]!.server.document_id, document!.event_id);
  assert.equal(of(events, 'pageview')[0]!.server.document_id, document!.event_id);
  assert.match(document!.server.document!.injection, /^(inserted|recoded|spliced)$/);
  const session = of(events, 'pageview')[0]!.payload?.session?.session_id;
  assert.equal(
    document!.payload?.session?.session_id,
    session,
    'the session of the served page is the tracker’s',
  );
  await page.context().close();
});

test('the tracker and its pixel leave no trace in the page', async (t) => {
  if (skipFor(t, absent)) return;
  const { page } = await visit('/');
  const traces = await page.evaluate(`({
    scripts: [...document.scripts].filter((script) => script.text.includes('gotrack')).length,
    pixels: document.querySelectorAll('img[src*="px.gif"]').length,
    native: [window.fetch, history.pushState].every((one) => String(one).includes('[native code]')),
  })`);
  assert.deepEqual(traces, { scripts: 0, pixels: 0, native: true });
  await page.context().close();
});

test('a page with a strict nonce policy is tracked, without a complaint', async (t) => {
  if (skipFor(t, absent)) return;
  const { page, complaints } = await visit('/gift-card');
  const events = await eventsWhen(logPath, (all) =>
    of(all, 'pageview').some((event) => pathOf(event) === '/gift-card'),
  );
  assert.ok(of(events, 'pageview').some((event) => pathOf(event) === '/gift-card'));
  assert.deepEqual(complaints, []);
  await page.context().close();
});
