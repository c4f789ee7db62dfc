/**
 * A site that nobody here wrote: the Python documentation under a real nginx with gzip on, read page by page in a
 * real Chromium with the proxy before it and without. The visitor must not be able to tell.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Browser, BrowserContext } from 'playwright-core';
import type { Envelope } from '../../src/event/envelope.ts';
import { startBrowser } from '../support/browser.ts';
import { eventsWhen } from '../support/event-log.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { skipFor } from '../support/needs.ts';
import { nginxMissing, startNginx } from '../support/nginx.ts';
import { tempFolder } from '../support/temp.ts';

const PAGES = process.env.TEST_SIZE === 'full' ? 200 : 24;
const TABS = 4;
const MAX_LOOKS = 5;
const ROOTS = ['/usr/share/doc/python3.11/html', '/usr/share/doc/python3-doc/html'];

const folder = tempFolder();
const logPath = join(folder.path, 'events.ndjson');
let missing: string | null = null;
let root = '';
let nginx: Awaited<ReturnType<typeof startNginx>>;
let gotrack: GotrackProcess;
let browser: Browser;
let views = 0;

before(async () => {
  root = ROOTS.find((path) => existsSync(join(path, 'index.html'))) ?? '';
  missing =
    nginxMissing() ?? (root === '' ? 'no Python documentation on this machine (Debian: python3-doc)' : null);
  if (missing !== null) return;
  const start = await startBrowser();
  if (start.kind === 'absent') {
    missing = start.reason;
    return;
  }
  browser = start.browser;
  nginx = await startNginx(root, 'add_header Cache-Control private;');
  gotrack = await startGotrack({
    FORWARD_DESTINATION: nginx.url,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: logPath,
    RATE_COLLECT: '0',
    RATE_PIXEL: '0',
    RATE_DOCUMENT: '0',
  });
});

after(async () => {
  if (missing === null) {
    await browser.close();
    await gotrack.stop();
    await nginx.stop();
  }
  folder.remove();
});

/** Spread over the whole of it, so that small and large, plain and scripted pages are among them. */
function somePages(): string[] {
  const all = globSync('**/*.html', { cwd: root }).sort();
  return all.filter((_, index) => index % Math.max(1, Math.floor(all.length / PAGES)) === 0).slice(0, PAGES);
}

type Seen = { dom: string; complaints: string[] };

/** What a visitor has after `load`; the address of the site is the only difference that may be. */
async function look(context: BrowserContext, site: string, path: string): Promise<Seen> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => {
    // a page that closes may cut its last image; a document or script that fails is a fault
    if (request.resourceType() !== 'image') complaints.push(`failed: ${request.url()}`);
  });
  await page.goto(`${site}/${path}`, { waitUntil: 'load' });
  await page.waitForLoadState('networkidle'); // the search page goes on fetching behind `load`
  const dom = String(await page.evaluate('document.documentElement.outerHTML'));
  await page.close({ runBeforeUnload: true });
  return { dom: dom.replaceAll(site, ''), complaints: complaints.map((text) => text.replaceAll(site, '')) };
}

/**
 * Some pages race with themselves (a menu that folds, a search that loads) and differ from one look to the next
 * without us. So what is seen through the proxy must be one of the things that are seen without it.
 */
async function sameAsWithout(context: BrowserContext, path: string): Promise<void> {
  const seenWithout: Seen[] = [];
  for (let tries = 1; ; tries++) {
    seenWithout.push(await look(context, nginx.url, path));
    const through = await look(context, gotrack.site, path);
    views += 1;
    if (seenWithout.some((without) => isDeepStrictEqual(through, without))) return;
    if (tries === MAX_LOOKS) assert.deepEqual(through, seenWithout[0], path);
  }
}

/** Runs one job after another in each of a few tabs. */
async function inTabs(paths: string[], job: (path: string) => Promise<void>): Promise<void> {
  const waiting = [...paths];
  const tab = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) await job(path);
  };
  await Promise.all(Array.from({ length: TABS }, tab));
}

const of = (events: Envelope[], type: string) => events.filter((event) => event.type === type);

test(`${PAGES} pages of the Python documentation are the same with us and without`, async (t) => {
  if (skipFor(t, missing)) return;
  const context = await browser.newContext();
  const paths = somePages();
  await inTabs(paths, (path) => sameAsWithout(context, path));

  const events = await eventsWhen(logPath, (all) => of(all, 'pageview').length >= views, 30_000);
  assert.equal(of(events, 'document').length, views);
  assert.equal(of(events, 'pageview').length, views);
  const documents = new Map(of(events, 'document').map((event) => [event.event_id, event]));
  for (const view of of(events, 'pageview')) {
    const document = documents.get(view.server.document_id!);
    assert.equal(document?.url, view.url, 'the page view is joined to the document that was served');
    assert.ok(['inserted', 'spliced', 'recoded'].includes(document!.server.document!.injection));
    documents.delete(view.server.document_id!);
  }
  assert.equal(documents.size, 0, 'each document has one page view');
});
