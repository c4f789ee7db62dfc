/**
 * Chromium judges what is done to Content-Security-Policy. Each page is visited twice, at its origin and
 * through the proxy: the tracker is heard where it may be, and apart from that nobody can tell the two apart:
 * the page's own scripts, its violations, the console and the reports.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext } from 'playwright-core';
import type { Envelope } from '../../src/event/envelope.ts';
import { startBrowser } from '../support/browser.ts';
import { eventsWhen, readEvents } from '../support/event-log.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { skipFor } from '../support/needs.ts';
import { type HttpOrigin, startHttpOrigin } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';

/** Who speaks: the tracker (with or without its pixel), the pixel alone, or nobody of ours. */
type Heard = 'tracker' | 'tracker without pixel' | 'pixel' | 'nobody';

const CSP = 'Content-Security-Policy';
const REPORT = 'Content-Security-Policy-Report-Only';
const enforced = (...policies: string[]) => policies.flatMap((policy) => [CSP, policy]);
const reported = (...policies: string[]) => policies.flatMap((policy) => [REPORT, policy]);

const INLINE = "ran('inline')";
const HASH = `'sha256-${createHash('sha256').update(INLINE).digest('base64')}'`;

const ROWS: [headers: string[], Heard][] = [
  [[], 'tracker'],
  [enforced("script-src 'self' 'unsafe-inline' 'unsafe-eval'"), 'tracker'],
  [enforced("default-src 'self' 'unsafe-inline'"), 'tracker'],
  [enforced("script-src 'nonce-abc'"), 'tracker'],
  [enforced("script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline' https:"), 'tracker'],
  [enforced("script-src 'self'"), 'tracker'],
  [enforced("Script-Src  'SELF' ; object-src 'none';"), 'tracker'],
  [enforced(`script-src 'self' ${HASH}`), 'tracker'],
  [enforced(`script-src 'unsafe-inline' 'unsafe-hashes' 'report-sample' ${HASH}`), 'tracker'],
  [enforced("script-src 'strict-dynamic'"), 'tracker'],
  [enforced("script-src 'none'"), 'tracker'],
  [enforced('script-src'), 'tracker'],
  [enforced("script-src 'self'; script-src 'none'"), 'tracker'],
  [enforced("script-src 'unsafe-inline'; script-src-elem 'self'; script-src-attr 'none'"), 'tracker'],
  [enforced("script-src 'none'; script-src-elem 'self' 'unsafe-inline'"), 'tracker'],
  [enforced("default-src 'self'"), 'tracker'],
  [enforced("default-src 'self' 'unsafe-eval' 'wasm-unsafe-eval' 'report-sample';"), 'tracker'],
  [enforced("default-src 'none'; connect-src 'self'; script-src-elem 'self'"), 'tracker without pixel'],
  [enforced("default-src 'none'; connect-src 'self'; img-src 'self'"), 'tracker'],
  [enforced("default-src https: 'unsafe-inline'"), 'tracker without pixel'],
  [enforced("default-src https: 'nonce-abc' 'strict-dynamic' 'unsafe-eval'"), 'tracker without pixel'],
  [enforced(`default-src data: ${HASH} 'unsafe-hashes' 'report-sample'`), 'tracker without pixel'],
  [enforced('connect-src https://api.example'), 'tracker'],
  [enforced("connect-src 'none'"), 'pixel'],
  [enforced('connect-src'), 'pixel'],
  [enforced("default-src 'none'; img-src *; script-src 'self'"), 'pixel'],
  [enforced("default-src 'none'"), 'nobody'],
  [enforced("img-src 'none'"), 'tracker without pixel'],
  [enforced("script-src 'self'; img-src data:"), 'tracker without pixel'],
  [enforced('sandbox'), 'nobody'],
  [enforced('sandbox allow-scripts'), 'nobody'],
  [enforced('sandbox allow-same-origin'), 'pixel'],
  [enforced("sandbox allow-same-origin allow-scripts; script-src 'self'"), 'tracker'],
  [enforced("require-trusted-types-for 'script'; script-src 'self'"), 'tracker'],
  [enforced("require-trusted-types-for 'script'; trusted-types 'none'"), 'tracker'],
  [enforced("base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'"), 'tracker'],
  [enforced('\u00e9 x; script-src \u00e9', "script-src 'self'"), 'tracker'],
  [reported("script-src 'self'"), 'tracker'],
  [reported("script-src 'nonce-abc'"), 'tracker'],
  [reported("default-src 'self'"), 'tracker'],
  [reported("script-src 'none'; connect-src 'none'"), 'tracker'],
  [reported("default-src 'none'"), 'tracker without pixel'],
  [enforced("script-src 'self'", "script-src 'nonce-abc'"), 'tracker'],
  [enforced("script-src 'nonce-abc', script-src 'nonce-xyz'"), 'tracker'],
  [enforced("default-src 'self', script-src 'none', connect-src https:"), 'tracker'],
  [enforced("script-src 'self' 'unsafe-inline'", "connect-src 'none'"), 'pixel'],
  [[...enforced("script-src 'nonce-abc'"), ...reported("script-src 'nonce-xyz'")], 'tracker'],
  [[...enforced("default-src 'self'"), ...reported("default-src 'self'; script-src 'none'")], 'tracker'],
];

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
    clientReq.setEncoding('utf8').on('data', (body: string) => {
      reports.push({ host: clientReq.headers.host!, row, text: reportOf(body) });
    });
    clientRes.writeHead(204).end();
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

function reportOf(body: string): string {
  const report = JSON.parse(body)['csp-report'] as Record<string, unknown>;
  return withoutPort([report['effective-directive'], report['blocked-uri'], report.disposition].join(' '));
}

/** Every policy reports to its row. */
function servePage(clientRes: ServerResponse, row: number): void {
  const headers = ROWS[row]![0].map((text, i) =>
    i % 2 === 0 ? text : text.replace(/;?\s*(?=,|$)/g, `; report-uri /report/${row}`),
  );
  clientRes.writeHead(200, ['Content-Type', 'text/html; charset=utf-8', ...headers]).end(PAGE);
}

type Seen = {
  own: string[] | undefined;
  violations: string[] | undefined;
  console: string[];
  reports: string[];
  traces: number;
};

async function visit(site: string, row: number, settled: () => Promise<unknown>): Promise<Seen> {
  const page = await context!.newPage();
  const messages: string[] = [];
  page.on('console', (message) => {
    if (!FALLBACK.test(message.text())) messages.push(whatOf(message.text()));
  });
  page.on('pageerror', (error) => messages.push(whatOf(String(error))));
  await page.goto(`${site}/page/${row}`, { waitUntil: 'load' });
  await settled();
  await page.waitForTimeout(150);
  const seen = (await page.evaluate(`({
    own: window.own?.sort(), violations: window.violations?.sort(),
    traces: [...document.scripts].filter((script) => script.text.includes('gotrack')).length,
  })`)) as Pick<Seen, 'own' | 'violations' | 'traces'>;
  await page.close();
  const { host } = new URL(site);
  return {
    ...seen,
    violations: seen.violations?.map(withoutPort),
    console: messages.sort(),
    reports: reports
      .filter((one) => one.row === row && one.host === host)
      .map(({ text }) => text)
      .sort(),
  };
}

/** Goes with another message; gone where the directive has become one of its own. */
const FALLBACK = /^ Note that '[a-z-]+' was not explicitly set, so 'default-src' is used as a fallback\.$/;
/** Without the policy, which the console quotes: our source may stand in it. */
const whatOf = (message: string) =>
  withoutPort(message.replace(/(Content Security Policy directive).*/s, '$1'));
const withoutPort = (text: string) => text.replace(/127\.0\.0\.1:\d+/g, 'site');

const of = (row: number) => (event: Envelope) =>
  event.url !== undefined && new URL(event.url).pathname === `/page/${row}`;

async function heard(row: number, expected: Heard): Promise<void> {
  const types =
    expected === 'nobody' ? ['document'] : [expected === 'pixel' ? 'pixel' : 'pageview', 'document'];
  const all = (events: Envelope[]) =>
    types.every((type) => events.filter(of(row)).some((e) => e.type === type));
  await eventsWhen(logPath, all);
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
      const [withUs, without] = await Promise.all([
        visit(gotrack.site, row, () => heard(row, expected)),
        visit(`http://127.0.0.1:${origin.port}`, row, async () => {}),
      ]);
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
