import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type BrowserOptions, skipReason, startBrowser } from '../../../test/support/browser.ts';
import type { Collector, SentEvent } from './collector.ts';
import { openSite, type Site, type Page as SitePage } from './site.ts';

/** What a test is given: a browser context and a site of its own. */
export type Visit = {
  page: Page;
  context: BrowserContext;
  site: Site;
  collector: Collector;
  messages: string[];
};

const WAIT_MS = 10_000;

/** A suite with one browser for all its tests; skipped with the reason where none runs. */
export async function browserSuite(
  name: string,
  options: BrowserOptions,
  tests: (
    visit: (name: string, pages: Record<string, SitePage>, run: (visit: Visit) => Promise<void>) => void,
  ) => void,
): Promise<void> {
  const start = await startBrowser(options);
  const skip = skipReason(start);
  if (skip) return void test(name, { skip });
  describe(name, () => {
    let browser: Browser;
    before(() => {
      if (start.kind === 'started') browser = start.browser;
    });
    after(async () => browser?.close());
    tests((title, pages, run) => {
      test(title, (t: TestContext) => visitOnce(t, browser, pages, run));
    });
  });
}

async function visitOnce(
  t: TestContext,
  browser: Browser,
  pages: Record<string, SitePage>,
  run: (visit: Visit) => Promise<void>,
): Promise<void> {
  const site = await openSite(pages);
  const context = await browser.newContext();
  t.after(async () => {
    await context.close();
    await site.close();
  });
  const page = await context.newPage();
  const messages: string[] = [];
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(String(error)));
  await run({ page, context, site, collector: site.collector, messages });
  assert.deepEqual(site.collector.faults, []);
}

/** Waits until a condition holds; what it waits for is said when it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) assert.fail(`never: ${what}`);
    await pause(20);
  }
}

/** Long enough for something that must not happen, to happen. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for a number of events of a type, and returns all of that type. */
export async function eventsOf(collector: Collector, type: string, count: number): Promise<SentEvent[]> {
  const found = () => collector.events.filter((event) => event.type === type);
  await until(`${count} events of type ${type}`, () => found().length >= count);
  return found();
}
