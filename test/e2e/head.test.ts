/** INJECT_AT=head in Chromium: the tracker is heard, and the page is the one that it would be without us. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { eventsWhen } from '../support/event-log.ts';
import { type GotrackProcess, startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { skipFor } from '../support/needs.ts';
import { type HttpOrigin, startHttpOrigin } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';

const head = (more = '') =>
  `<!doctype html><html><head>${more}<meta charset=utf-8><script>window.sawApi = 'gotrack' in window</script><title>t</title></head>`;
const BODY = '<body><p>A page.</p></body></html>';
const META = `<meta http-equiv="Content-Security-Policy" content="script-src 'self' 'unsafe-inline'; connect-src https://x.example">`;

/** Each page in the pieces in which the origin sends it. */
const PAGES: Record<string, readonly string[]> = {
  '/whole': [head() + BODY],
  '/policy': [head(META) + BODY],
  '/streamed': [head(), BODY],
  '/cut-in-its-head': ['<!doctype html><html><head><meta charset=utf-8>', `<title>t</title></head>${BODY}`],
};
const PIECE_MS = 60;

const folder = tempFolder();
const logPath = join(folder.path, 'events.ndjson');
let origin: HttpOrigin;
let gotrack: GotrackProcess;
let browser: Browser | null = null;
let absent: string | null = null;

before(async () => {
  const start = await startBrowser();
  if (start.kind === 'absent') absent = start.reason;
  else browser = start.browser;
  origin = await startHttpOrigin(async ({ url }, clientRes) => {
    const pieces = PAGES[url!];
    if (pieces === undefined) {
      clientRes.writeHead(204).end();
      return;
    }
    clientRes.writeHead(200, { 'Content-Type': 'text/html' });
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
      clientRes.write(piece);
    }
    clientRes.end();
  });
  gotrack = await startGotrack({
    FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}`,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: logPath,
    INJECT_AT: 'head',
  });
});

after(async () => {
  await browser?.close();
  await gotrack.stop();
  await origin.close();
  folder.remove();
});

describe('the tracker in the head', () => {
  for (const path of Object.keys(PAGES)) {
    test(`${path.slice(1)}: is heard, and leaves nothing`, async (t) => {
      if (skipFor(t, absent)) return;
      const page = await browser!.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(gotrack.site + path, { waitUntil: 'load' });
      const own = await page.content();
      await eventsWhen(logPath, (events) =>
        events.some(({ type, url }) => type === 'pageview' && url === gotrack.site + path),
      );
      const sawApi = await page.evaluate('window.sawApi');
      await page.goto(`http://127.0.0.1:${origin.port}${path}`, { waitUntil: 'load' });
      const without = await page.content();
      await page.close();
      assert.equal(
        own.replace(` connect-src https://x.example 'self'`, ' connect-src https://x.example'),
        without,
      );
      assert.deepEqual(complaints, []);
      if (path !== '/cut-in-its-head') assert.equal(sawApi, true, 'it ran before the page’s first script');
    });
  }
});
