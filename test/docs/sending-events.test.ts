/** The examples of docs/sending-events.md, each run as it stands there. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { loadConfig } from '../../src/config/load.ts';
import type { Envelope } from '../../src/event/envelope.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { startBrowser } from '../support/browser.ts';
import { eventsWhen } from '../support/event-log.ts';
import { findProgram, skipFor } from '../support/needs.ts';
import { tempFolder } from '../support/temp.ts';

const PAGE = readFileSync(new URL('../../docs/sending-events.md', import.meta.url), 'utf8');
const TOKEN = 'the-token-of-our-servers-32-characters';
const run = promisify(execFile);

/** The examples in a language, in their order. */
function examples(language: string): string[] {
  return [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!);
}

const folder = tempFolder();
let browser: Browser | null = null;
let absent: string | null = null;
let origin: http.Server;
let app: TestApp;

before(async () => {
  const start = await startBrowser();
  if (start.kind === 'absent') absent = start.reason;
  else browser = start.browser;
  const pages = examples('html');
  origin = http.createServer((request, response) => {
    const page = pages[Number(/^\/(?:edited|plain)\/(\d)$/.exec(request.url!)?.[1])];
    response.writeHead(page === undefined ? 404 : 200, { 'Content-Type': 'text/html' });
    response.end(page && `<!doctype html><title>A page</title><body>${here(page)}</body>`);
  });
  await new Promise<void>((done) => origin.listen(0, '127.0.0.1', done));
  app = await startApp(`http://127.0.0.1:${(origin.address() as AddressInfo).port}`, {
    INGEST_TOKEN: TOKEN,
    INJECT_EXCLUDE: '/plain/**',
  });
});
after(async () => {
  await browser?.close();
  await app.close();
  origin.close();
  folder.remove();
});

const here = (text: string) => text.replaceAll('https://shop.example', app.url);

async function stored(type: string, scheme: string): Promise<Envelope> {
  const is = (event: Envelope) => event.type === type && event.server.auth?.scheme === scheme;
  const found = (await eventsWhen(app.logPath, (all) => all.some(is))).find(is);
  assert.ok(found, `${type} by ${scheme}`);
  return found;
}

/** Waits for an event of a page. */
type Kind = [type: string, scheme: string];

async function isStored(path: string, [type, scheme]: Kind, withinMs?: number): Promise<boolean> {
  const is = (event: Envelope) =>
    event.type === type && event.server.auth?.scheme === scheme && event.url?.endsWith(path) === true;
  return (await eventsWhen(app.logPath, (all) => all.some(is), withinMs)).some(is);
}

async function storedOf(path: string, kind: Kind): Promise<void> {
  assert.ok(await isStored(path, kind), `${kind.join(' by ')} of ${path}`);
}

const VISITS = 4;
const LAST_WORDS_MS = 5000;

describe('a page', () => {
  const pages: [path: string, types: Kind[]][] = [
    [
      '/edited/0',
      [
        ['viewed-prices', 'v1'],
        ['pageview', 'v1'],
      ],
    ],
    ['/plain/1', [['signup', 'v1']]],
    ['/plain/2', [['signup', 'v1']]],
    ['/plain/3', [['signup', 'v1']]],
    ['/plain/4', [['opened', 'none']]],
  ];
  for (const [path, types] of pages) {
    test(`sends what the example says: ${path}`, async (t) => {
      if (skipFor(t, absent)) return;
      const seen: Kind = path === '/plain/3' || path === '/plain/4' ? types[0]! : ['pageview', 'v1'];
      // What is sent when a page is left is lost now and then with its tab: who comes again sends it again.
      for (let visit = 0; visit < VISITS; visit++) {
        const page = await browser!.newPage();
        await page.goto(app.url + path);
        // The page view goes at once, the rest when the page is left.
        await storedOf(path, seen);
        await page.close({ runBeforeUnload: true });
        const stored = await Promise.all(types.map((kind) => isStored(path, kind, LAST_WORDS_MS)));
        if (stored.every(Boolean)) return;
      }
      assert.fail(`not all of ${types.join(', ')} came from ${path}`);
    });
  }

  test('there is a test for each', () => assert.equal(examples('html').length, pages.length));
});

describe('a script', () => {
  const schemes = ['v1', 'bare'];
  for (const [i, scheme] of schemes.entries()) {
    test(`signs by hand: ${scheme}`, async () => {
      const file = join(folder.path, `${scheme}.mjs`);
      writeFileSync(file, here(examples('js')[i]!));
      const { stdout } = await run(process.execPath, [file]);
      assert.equal(stdout.trim(), '202');
      const event = await stored(scheme === 'v1' ? 'conversion' : 'pageview', scheme);
      if (scheme === 'v1') assert.deepEqual(event.payload?.props, { value: 49 });
    });
  }

  test('there is a test for each', () => assert.equal(examples('js').length, schemes.length));
});

test('a server sends with its token', async (t) => {
  const curl = findProgram('curl');
  if (skipFor(t, curl === null ? 'no curl here' : null)) return;
  const [example, ...others] = examples('sh');
  assert.deepEqual(others, []);
  const { stdout } = await run('sh', ['-c', here(example!)], {
    env: { ...process.env, INGEST_TOKEN: TOKEN },
  });
  assert.deepEqual(JSON.parse(stdout), { status: 'ok', accepted: 1, duplicates: 0 });
  const event = await stored('order', 'server');
  assert.deepEqual([event.ip, event.timestamp], ['203.0.113.42', '2026-11-24T10:00:00.000Z']);
});

test('the event of the page is one', async () => {
  const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
  const response = await fetch(`${app.url}/collect`, { method: 'POST', headers, body: examples('json')[0]! });
  assert.equal(response.status, 202);
  const event = await stored('signup', 'server');
  assert.equal(event.event_id, '6f1a5c1e-1111-4222-8333-444444444444');
  assert.deepEqual([event.payload?.url?.utm, event.payload?.props], [{ source: 'mail' }, { plan: 'pro' }]);
});

test('secrets change as it says', () => {
  const loaded = loadConfig({
    env: { GOTRACK_CONFIG: 'gotrack.yaml', FORWARD_DESTINATION: 'http://a' },
    flags: {},
    readFile: () => examples('yaml')[0]!,
    now: Date.now,
  });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(
    loaded.config.hmacSecrets?.map(({ kid }) => kid),
    ['b', '0'],
  );
});
