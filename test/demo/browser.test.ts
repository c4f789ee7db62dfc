import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { skipReason, startBrowser } from '../support/browser.ts';
import { openShop } from './visitor.ts';

const start = await startBrowser();

suite('the demo site in Chromium', { skip: skipReason(start) }, () => {
  let shop: Awaited<ReturnType<typeof openShop>>;
  before(async () => {
    shop = await openShop();
  });
  after(async () => {
    await shop.close();
    if (start.kind === 'started') await start.browser.close();
  });

  /** Runs a visit and fails if the page says anything on its console or asks anything of another host. */
  async function visit(width: number, scheme: 'light' | 'dark', walk: (page: Page) => Promise<void>) {
    if (start.kind !== 'started') return;
    const context = await start.browser.newContext({ viewport: { width, height: 800 }, colorScheme: scheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(shop.url)) complaints.push(`asked ${request.url()}`);
    });
    await walk(page);
    await context.close();
    assert.deepEqual(complaints, []);
  }

  const widthOver = (page: Page) =>
    page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');

  for (const [width, scheme] of [
    [390, 'light'],
    [820, 'dark'],
    [1440, 'light'],
  ] as const) {
    test(`every page fits a window of ${width}, ${scheme}, and is silent`, async () => {
      await visit(width, scheme, async (page) => {
        await page.goto(`${shop.url}/products/tide-mug`);
        await page.getByRole('button', { name: 'Put it in the basket' }).click();
        for (const path of [
          '/basket',
          '/',
          '/search?q=light',
          '/sign-in',
          '/stories/two-reeds',
          '/workshop',
          '/gift-card',
          '/thanks',
        ]) {
          await page.goto(shop.url + path);
          assert.ok((await widthOver(page)) <= 0, path);
          assert.equal(await page.getByRole('main').count(), 1, path);
          assert.equal(await page.locator('h1').count(), 1, path);
        }
      });
    });
  }

  test('stories change without a load, forth and back, and the title goes with them', async () => {
    await visit(1440, 'light', async (page) => {
      await page.goto(`${shop.url}/stories`);
      await page.evaluate('window.stillHere = true');
      await page.getByRole('link', { name: /Two reeds/ }).click();
      await page.getByRole('heading', { level: 1, name: 'Two reeds, a fifth apart' }).waitFor();
      assert.equal(page.url(), `${shop.url}/stories/two-reeds`);
      assert.match(await page.title(), /^Two reeds, a fifth apart · /);
      await page.getByRole('link', { name: /The clock with one hand/ }).click();
      await page.getByRole('heading', { level: 1, name: 'The clock with one hand' }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { level: 1, name: 'Two reeds, a fifth apart' }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { level: 1, name: 'Stories from the bench' }).waitFor();
      assert.equal(await page.evaluate('window.stillHere'), true);
    });
  });

  test('a story that was opened by its address can be left for the introduction', async () => {
    await visit(390, 'dark', async (page) => {
      await page.goto(`${shop.url}/stories/two-reeds`);
      await page.getByRole('link', { name: 'Stories', exact: true }).last().click();
      await page.getByRole('heading', { level: 1, name: 'Stories from the bench' }).waitFor();
    });
  });

  test('a shared page shows the own basket all the same', async () => {
    await visit(1440, 'light', async (page) => {
      await page.goto(`${shop.url}/products/daybook`);
      await page.getByRole('button', { name: 'Put it in the basket' }).click();
      await page.goto(`${shop.url}/workshop`);
      await page.locator('[data-basket-count]', { hasText: '1' }).waitFor();
    });
  });

  test('the gift card follows what is typed, and what is typed stays text', async () => {
    await visit(1440, 'light', async (page) => {
      await page.goto(`${shop.url}/gift-card`);
      const hostile = '<img src=x onerror=document.title="taken">';
      await page.getByLabel('Message').fill(hostile);
      await page.locator('[data-echo=message]', { hasText: hostile }).waitFor();
      await page.getByRole('button', { name: 'Make the card' }).click();
      await page.locator('[data-echo=message]', { hasText: hostile }).waitFor();
      assert.doesNotMatch(await page.title(), /taken/);
    });
  });

  test('the kiln shows its temperature', async () => {
    await visit(1440, 'dark', async (page) => {
      await page.goto(`${shop.url}/workshop`);
      await page.locator('[data-kiln][data-state=live]').waitFor();
      assert.match((await page.locator('[data-celsius]').textContent()) ?? '', /^1,[12]\d\d$/);
    });
  });

  test('the whole way to the account works by keyboard', async () => {
    await visit(1440, 'light', async (page) => {
      await page.goto(`${shop.url}/sign-in`);
      await page.getByLabel('Name').focus();
      await page.keyboard.type('wren');
      await page.keyboard.press('Tab');
      await page.keyboard.type('kettle');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Good morning, Wren' }).waitFor();
    });
  });
});
