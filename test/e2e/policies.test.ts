/**
 * Chromium judges what is done to Content-Security-Policy. Each page is visited twice, at its origin and
 * through the proxy: the tracker is heard where it may be, and apart from that nobody can tell the two apart:
 * the page's own scripts, its violations, the console and the reports.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Browser, BrowserContext } from 'playwright-core';
import type { Envelope } from '../../src/event/envelope.ts';
import { startBrowser } from '../support/browser.ts';
import { eventsWhen, readEvents } from '../support/event-log.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { skipFor } from '../support/needs.ts';
import { type HttpOrigin, startHttpOrigin } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';
import { CSP, type Heard, INLINE, META, REPORT, ROWS } from './policy-rows.ts';

const OWN_SCRIPT = `ran('external');
try { eval("ran('eval')") } catch { ran('no eval') }
try { document.createElement('p').innerHTML = '<b>x</b>'; ran('markup') } catch { ran('no markup') }
fetch('data:,own').then(() => ran('fetch'), () => ran('no fetch'));
const late = document.createElement('script'); late.text = "ran('made')"; document.head.append(late);`;

const PAGE = `<!doctype html><html><head><title>t</title>
<script>${INLINE}</script><script nonce="abc">ran('nonce'); const more = document.createElement('script');
more.src = '/more.js'; document.head.append(more)</script><script src="/own.js"></script></head>
<body onload="ran('handler')"><p>A page.</p><img src="/own.gif" alt="" onload="ran('image')"></body></html>`;

/** Runs before the page's own scripts, whatever its policy. */
const WATCH = `window.own = []; window.violations = []; window.ran = (what) => { own.push(what) };
document.addEventListener('securitypolicyviolation', (event) => {
  violations.push([event.effectiveDirective, event.blockedURI, event.disposition].join(' '));
});`;

const FILES: Record<string, [type: string, body: string | Buffer]> = {
  '/own.js': ['text/javascript', OWN_SCRIPT],
  '/more.js': ['text/javascript', "ran('more')"],
  '/own.gif': [
    'image/gif',
    Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
  ],
};

const folder = tempFolder();
const logPath = join(folder.path, 'events.ndjson');
const reports: { host: string; row: number; text: string }[] = [];
let notModified = 0;
let origin: HttpOrigin;
let gotrack: GotrackProcess;
let browser: Browser | null = null;
let context: BrowserContext | null = null;
let absent: string | null = null;

before(async () => {
  const start = await startBrowser();
  if (start.kind === 'absent') absent = start.reason;
  else {
    browser = start.browser;
    context = await browser.newContext();
    await context.addInitScript(WATCH);
  }
  origin = await startHttpOrigin(answer);
  gotrack = await startGotrack({
    FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: logPath,
  });
});

after(async () => {
  await browser?.close();
  await gotrack.stop();
  await origin.close();
  folder.remove();
});

function answer(clientReq: IncomingMessage, clientRes: ServerResponse): void {
  const url = clientReq.url!;
  const row = Number(/\d+$/.exec(url)?.[0]);
  const file = FILES[url];
  if (url.startsWith('/report/')) {
    takeReport(clientReq, clientRes, row);
  } else if (file !== undefined) clientRes.writeHead(200, { 'Content-Type': file[0] }).end(file[1]);
  else if (url.startsWith('/page/')) servePage(clientRes, row);
  else if (url === '/stored') serveStored(clientReq, clientRes);
  else clientRes.writeHead(204).end();
}

/** A page that is fetched again only to hear that it has not changed, with its policy all the same. */
function serveStored(clientReq: IncomingMessage, clientRes: ServerResponse): void {
  const headers = ['ETag', '"a"', 'Cache-Control', 'no-cache', CSP, "script-src 'self'"];
  if (clientReq.headers['if-none-match'] === '"a"') {
    notModified++;
    clientRes.writeHead(304, headers).end();
  } else clientRes.writeHead(200, ['Content-Type', 'text/html', ...headers]).end('<!doctype html><p>A page.');
}

/** Answered when it is all here: who is answered before need not send the rest. */
function takeReport(clientReq: IncomingMessage, clientRes: ServerResponse, row: number): void {
  let body = '';
  clientReq.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk;
  });
  clientReq.on('end', () => {
    reports.push({ host: clientReq.headers.host!, row, text: reportOf(body) });
    clientRes.writeHead(204).end();
  });
}

function reportOf(body: string): string {
  const report = JSON.parse(body)['csp-report'] as Record<string, unknown>;
  return withoutPort([report['effective-directive'], report['blocked-uri'], report.disposition].join(' '));
}

/** Every policy of a header reports to its row; one in a meta cannot. */
function servePage(clientRes: ServerResponse, row: number): void {
  const headers: string[] = [];
  let metas = '';
  const [lines] = ROWS[row]!;
  for (let i = 0; i < lines.length; i += 2) {
    if (lines[i] === META) metas += `<meta http-equiv="${CSP}" content="${lines[i + 1]}">`;
    else headers.push(lines[i]!, lines[i + 1]!.replace(/;?\s*(?=,|$)/g, `; report-uri /report/${row}`));
  }
  const page = PAGE.replace('<head>', `<head>${metas}`);
  clientRes.writeHead(200, ['Content-Type', 'text/html; charset=utf-8', ...headers]).end(page);
}

type Seen = {
  own: string[] | undefined;
  violations: string[] | undefined;
  console: string[];
  reports: string[];
  traces: number;
};

type Visited = { see(): Promise<Seen>; close(): Promise<void> };

async function visit(site: string, row: number): Promise<Visited> {
  const page = await context!.newPage();
  const messages: string[] = [];
  page.on('console', (message) => {
    if (!FALLBACK.test(message.text())) messages.push(whatOf(message.text()));
  });
  page.on('pageerror', (error) => messages.push(whatOf(String(error))));
  await page.goto(`${site}/page/${row}`, { waitUntil: 'load' });
  return {
    async see() {
      const inPage = (await page.evaluate(IN_PAGE)) as Pick<Seen, 'own' | 'violations' | 'traces'>;
      const violations = inPage.violations?.map(withoutPort);
      return { ...inPage, violations, console: [...messages].sort(), reports: reportsOf(site, row) };
    },
    close: () => page.close(),
  };
}

const IN_PAGE = `({
  own: window.own?.toSorted(), violations: window.violations?.toSorted(),
  traces: [...document.scripts].filter((script) => script.text.includes('gotrack')).length,
})`;

function reportsOf(site: string, row: number): string[] {
  const { host } = new URL(site);
  return reports
    .filter((one) => one.row === row && one.host === host)
    .map(({ text }) => text)
    .sort();
}

const SETTLE_MS = 150;
const SAME_WITHIN_MS = 8_000;

/** Reports, and what the page loads for itself, come when they come: looks until both pages have the same. */
async function seeBoth(withUs: Visited, without: Visited): Promise<[Seen, Seen]> {
  for (const deadline = Date.now() + SAME_WITHIN_MS; ; ) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const both = await Promise.all([withUs.see(), without.see()]);
    if (isDeepStrictEqual(...both) || Date.now() > deadline) return both;
  }
}

/** Goes with another message; gone where the directive has become one of its own. */
const FALLBACK = /^ Note that '[a-z-]+' was not explicitly set, so 'default-src' is used as a fallback\.$/;
/** Without the policy, which the console quotes: our source may stand in it. */
const whatOf = (message: string) =>
  withoutPort(message.replace(/(Content Security Policy directive).*/s, '$1'));
const withoutPort = (text: string) => text.replace(/127\.0\.0\.1:\d+/g, 'site');

const of = (row: number) => (event: Envelope) =>
  event.url !== undefined && new URL(event.url).pathname === `/page/${row}`;

const EVENTS: Record<Heard, string[]> = {
  tracker: ['document', 'pageview', 'pixel'],
  'tracker without pixel': ['document', 'pageview'],
  pixel: ['document', 'pixel'],
  nobody: ['document'],
};

async function heard(row: number, expected: Heard): Promise<void> {
  const isThere = (events: Envelope[]) => (type: string) =>
    events.some((event) => event.type === type && of(row)(event));
  await eventsWhen(logPath, (events) => EVENTS[expected].every(isThere(events)));
}

function speakers(row: number): Heard {
  const types = new Set(
    readEvents(logPath)
      .filter(of(row))
      .map(({ type }) => type),
  );
  if (types.has('pageview')) return types.has('pixel') ? 'tracker' : 'tracker without pixel';
  return types.has('pixel') ? 'pixel' : 'nobody';
}

describe('a policy', { concurrency: 2 }, () => {
  for (const [row, [headers, expected]] of ROWS.entries()) {
    const name = headers.map((text) => text.replace(CSP, 'policy').replace(REPORT, 'report')).join(' ');
    test(`${name || '(none)'}: ${expected}`, async (t) => {
      if (skipFor(t, absent)) return;
      const pages = await Promise.all([
        visit(gotrack.site, row),
        visit(`http://127.0.0.1:${origin.port}`, row),
      ]);
      await heard(row, expected);
      const [withUs, without] = await seeBoth(...pages);
      await Promise.all(pages.map((page) => page.close()));
      assert.deepEqual(withUs, without);
      assert.equal(speakers(row), expected);
    });
  }
});

test('a stored page that is confirmed by a 304 keeps the policy under which the tracker runs', async (t) => {
  if (skipFor(t, absent)) return;
  const page = await context!.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(`${gotrack.site}/stored`, { waitUntil: 'load' });
  await page.goto(`${gotrack.site}/stored`, { waitUntil: 'load' });
  const views = (events: Envelope[]) =>
    events.filter(({ type, url }) => type === 'pageview' && url === `${gotrack.site}/stored`);
  const events = await eventsWhen(logPath, (all) => views(all).length >= 2);
  await page.close();
  assert.equal(notModified, 1);
  assert.equal(views(events).length, 2);
  assert.deepEqual(complaints, []);
});
