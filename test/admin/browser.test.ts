import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, suite, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { skipReason, startBrowser } from '../support/browser.ts';
import { type Harness, startAdmin, until } from './harness.ts';

const start = await startBrowser();

const SESSION = '0192f3c4-1111-7abc-8def-1234567890ab';
const anEvent = (type: string, path: string, extra: object = {}) => ({
  event_id: crypto.randomUUID(),
  timestamp: '2026-11-21T10:00:00.000Z',
  type,
  ip: '203.0.113.42',
  url: `https://shop.example${path}`,
  payload: { session: { session_id: SESSION }, route: { title: 'A page' } },
  server: { received_at: '2026-11-21T10:00:00.000Z', auth: { scheme: 'v1' } },
  schema: 'gotrack.event/1',
  ...extra,
});

suite('the live view in Chromium', { skip: skipReason(start) }, () => {
  let admin: Harness;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeEach(async () => {
    admin = await startAdmin();
    complaints = [];
    await openPage(1440, 'light');
  });
  afterEach(async () => {
    await context.close();
    await admin.close();
  });
  after(async () => {
    if (start.kind === 'started') await start.browser.close();
  });

  async function openPage(width: number, colorScheme: 'light' | 'dark') {
    if (start.kind !== 'started') throw new Error('the suite is skipped without a browser');
    context = await start.browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    page = await context.newPage();
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(admin.url)) complaints.push(`asked ${request.url()}`);
    });
    await page.goto(admin.url);
    await page.locator('#connection[data-state=live]').waitFor();
  }

  const rows = () => page.locator('#rows > li');
  const textOf = async (selector: string) => (await page.locator(selector).textContent()) ?? '';
  const rowCount = (count: number) =>
    until(`there are ${count} rows`, async () => (await rows().count()) === count);

  test('says what to do while nothing has arrived', async () => {
    await page.getByRole('heading', { name: 'Nothing has arrived yet' }).waitFor();
    assert.equal(await page.locator('#empty a').getAttribute('href'), 'http://127.0.0.1:19890');
    admin.publish(anEvent('pageview', '/'));
    await rowCount(1);
    assert.equal(await page.locator('#empty').isVisible(), false);
    assert.deepEqual(complaints, []);
  });

  test('shows an event as it arrives and opens to its JSON', async () => {
    admin.publish(anEvent('pageview', '/products/tide-mug?utm_source=x'));
    await rowCount(1);
    const text = await textOf('#rows summary');
    for (const part of ['pageview', '/products/tide-mug?utm_source=x', 'A page', '0192f3c4', 'v1']) {
      assert.ok(text.includes(part), part);
    }
    await rows().first().locator('summary').press('Enter');
    await page.getByText('"schema": "gotrack.event/1"').waitFor();
    assert.deepEqual(complaints, []);
  });

  test('what an event says is text, wherever it stands', async () => {
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    admin.publish(
      anEvent(hostile, `/${hostile}`, {
        ip: hostile,
        payload: {
          route: { title: hostile },
          session: { session_id: hostile },
          props: { [hostile]: hostile },
        },
        server: { auth: { scheme: hostile }, document: { status: hostile, injection: hostile } },
      }),
      anEvent('click', 'javascript:document.title=3', {
        payload: { click: { name: hostile, href: hostile } },
      }),
    );
    const { body } = admin.state.readiness;
    admin.state.readiness = {
      httpStatus: 200,
      body: { ...body, sinks: { [hostile]: { ...body.sinks.kafka!, state: hostile, error: hostile } } },
    };
    await rowCount(2);
    await rows().last().locator('summary').click();
    await page.locator('#rows pre').getByText('onerror').first().waitFor();
    await page.locator('#sinks').getByText('onerror').first().waitFor();
    assert.equal(await page.locator('main img, #rows script, #types img').count(), 0);
    assert.equal(await page.title(), 'GoTrack live view');
    assert.deepEqual(complaints, []);
  });

  test('an event of any shape gives a row, and no JSON object gives none', async () => {
    const shapes = [
      null,
      7,
      'x',
      [],
      {},
      { type: {} },
      { url: 5, payload: [], server: 'x' },
      { payload: { click: 1, route: null } },
    ];
    admin.publish(...shapes.map((shape) => Buffer.from(JSON.stringify(shape))), Buffer.from('{not json'));
    admin.publish(anEvent('pageview', '/last'));
    await rows().getByText('/last').waitFor();
    assert.equal(await rows().count(), 5);
    assert.deepEqual(complaints, []);
  });

  test('keeps at most 300 rows and counts every event', async () => {
    for (let round = 0; round < 5; round++) {
      admin.publish(...Array.from({ length: 150 }, (_, i) => anEvent('click', `/${round}/${i}`)));
      await rows().getByText(`/${round}/149`).waitFor();
    }
    assert.equal(await rows().count(), 300);
    assert.equal(await textOf('#types button'), 'click750');
    assert.deepEqual(complaints, []);
  });

  test('more types than anybody could choose from are counted together', async () => {
    admin.publish(...Array.from({ length: 100 }, (_, i) => anEvent(`custom-${i}`, '/')));
    await rowCount(100);
    assert.equal(await page.locator('#types button').count(), 25);
    await page.getByRole('button', { name: /other types\s*76/ }).click();
    await rowCount(76);
    assert.deepEqual(complaints, []);
  });

  test('shows only the types and the words that are asked for, for events to come too', async () => {
    admin.publish(anEvent('pageview', '/a'), anEvent('click', '/b'), anEvent('click', '/c'));
    await rowCount(3);
    await page.getByRole('button', { name: /click/ }).click();
    await rowCount(2);
    admin.publish(anEvent('pageview', '/d'), anEvent('click', '/e'));
    await rowCount(3);
    await page.getByLabel('Find').fill('/E');
    await rowCount(1);
    await page.getByLabel('Find').fill('nowhere');
    await page.getByRole('heading', { name: 'No event matches' }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test('stands still while paused, shows what waited, and forgets on demand', async () => {
    admin.publish(anEvent('pageview', '/a'));
    await rowCount(1);
    await page.getByRole('button', { name: 'Pause' }).click();
    admin.publish(anEvent('pageview', '/b'), anEvent('pageview', '/c'));
    await page.getByText('Paused, 2 new.').waitFor();
    assert.equal(await rows().count(), 1);
    await page.getByRole('button', { name: 'Resume' }).click();
    await rowCount(3);
    await page.getByRole('button', { name: 'Clear' }).click();
    await rowCount(0);
    assert.equal(await page.locator('#types button').count(), 0);
    assert.deepEqual(complaints, []);
  });

  test('holds still while somebody reads an event', async () => {
    admin.publish(anEvent('pageview', '/a'));
    await rowCount(1);
    await rows().first().locator('summary').click();
    await page.getByText('Held while an event is open').waitFor();
    admin.publish(anEvent('pageview', '/b'));
    await page.getByText('Held while an event is open, 1 new.').waitFor();
    await rows().first().locator('summary').click();
    await rowCount(2);
    assert.deepEqual(complaints, []);
  });

  test('shows health, sinks, journal, counters and rates', async () => {
    admin.publish(anEvent('pageview', '/'), anEvent('pageview', '/'));
    await page.locator('#total', { hasText: '2' }).waitFor();
    await page.locator('#readiness', { hasText: 'ready' }).waitFor();
    assert.equal(await textOf('#sinks li:last-child'), 'kafkastalled7 behind, 3 srefused');
    assert.equal(await textOf('#journal-used'), '25');
    assert.equal(await textOf('#requests'), '12');
    assert.equal(await textOf('#injections'), 'inserted5csp2');
    assert.equal(await textOf('#rejections'), 'bad-signature1');
    await page.locator('#peak', { hasText: '2' }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test('comes back by itself when the listener does, and shows nothing twice', async () => {
    admin.publish(anEvent('pageview', '/before'));
    await rowCount(1);
    await admin.close();
    await page.locator('#connection:not([data-state=live])').waitFor();
    admin = await startAdmin({ port: admin.port });
    await page.locator('#connection[data-state=live]').waitFor();
    admin.publish(anEvent('pageview', '/after'));
    await rowCount(2);
  });

  test('is worked by keyboard alone, in sight of the focus', async () => {
    admin.publish(anEvent('pageview', '/a'));
    await rowCount(1);
    const reached = new Set<string>();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      const focus = await page.evaluate<{ what: string; outline: string }>(
        '(() => { const e = document.activeElement; return { what: e.id || e.className || e.tagName, outline: getComputedStyle(e).outlineStyle }; })()',
      );
      if (focus.what !== 'BODY') assert.notEqual(focus.outline, 'none', focus.what);
      reached.add(focus.what);
    }
    for (const what of ['skip', 'find', 'pause', 'clear', 'type', 'SUMMARY'])
      assert.ok(reached.has(what), what);
    assert.deepEqual(complaints, []);
  });

  for (const [width, scheme] of [
    [390, 'dark'],
    [820, 'light'],
    [1440, 'dark'],
  ] as const) {
    test(`fits a window of ${width}, ${scheme}, whatever its events say`, async () => {
      await context.close();
      await openPage(width, scheme);
      const long = 'long-'.repeat(200);
      admin.publish(
        anEvent(long.slice(0, 64), `/${long}`, { ip: long, payload: { route: { title: long } } }),
      );
      await rowCount(1);
      await rows().first().locator('summary').click();
      await page.locator('#rows pre').waitFor();
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      assert.ok(over <= 0, `${over} too wide`);
      assert.deepEqual(complaints, []);
    });
  }
});
