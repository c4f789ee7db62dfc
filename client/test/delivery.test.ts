import assert from 'node:assert/strict';
import { browserSuite, eventsOf, pause, until } from './support/visit.ts';

const HOME = '<!doctype html><html><head><title>Home</title></head><body><h1>Home</h1>';
const personal = { '/': { html: HOME }, '/two': { html: HOME } };
const HIDE = `Object.defineProperty(Document.prototype, 'visibilityState', { get: () => 'hidden' });
  document.dispatchEvent(new Event('visibilitychange'))`;

await browserSuite('delivery', {}, (visit) => {
  visit(
    'asks for a token where the page has none, and signs',
    { '/': { html: HOME, snippet: 'shared' } },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      assert.deepEqual(
        collector.posts.map((post) => [post.header.slice(0, 6), post.body === '', post.status]),
        [
          ['hello', true, 200],
          ['v1;tok', false, 202],
        ],
      );
    },
  );

  visit('signs again with what a 401 brought', personal, async ({ page, site, collector }) => {
    collector.answerNext('stale');
    await page.goto(site.origin());
    const [pageview] = await eventsOf(collector, 'pageview', 1);
    const [first, second] = collector.posts;
    assert.equal(first?.status, 401);
    assert.notEqual(first?.header, second?.header);
    assert.equal(JSON.parse(String(first?.body))[0].event_id, pageview?.event_id);
  });

  visit('asks anew when its token has grown old', personal, async ({ page, site, collector }) => {
    collector.setTokenLife(1);
    await page.goto(site.origin());
    await eventsOf(collector, 'pageview', 1);
    await pause(1000);
    await page.evaluate(`gotrack.track('conversion')`);
    await eventsOf(collector, 'conversion', 1);
    assert.deepEqual(
      collector.posts.map((post) => post.status),
      [202, 200, 202],
    );
  });

  visit('stops where every answer says stale', personal, async ({ page, site, collector }) => {
    collector.answerNext(...Array<'stale'>(20).fill('stale'));
    await page.goto(site.origin());
    await until('three tries', () => collector.posts.length >= 3);
    await pause(500);
    // two batches may be on their way at once: the second one's first try does not know of the first one's third
    assert.ok(collector.posts.length <= 4, `${collector.posts.length} tries`);
    const tries = collector.posts.length;
    await pause(500);
    assert.equal(collector.posts.length, tries, 'no more');
  });

  visit('believes the clock of the server', personal, async ({ page, site, collector }) => {
    collector.setClock(86_400_000);
    await page.goto(site.origin());
    const [pageview] = await eventsOf(collector, 'pageview', 1);
    const t = Number(/t=(\d+)/.exec(String(collector.posts[0]?.header))?.[1]);
    assert.ok(Math.abs(t - Number(pageview?.page.sent_at) - 86_400_000) < 60_000);
  });

  visit(
    'waits as long as a 503 says, and sends the same again',
    personal,
    async ({ page, site, collector }) => {
      collector.answerNext('busy');
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      const [first, second] = collector.posts;
      assert.equal(first?.status, 503);
      assert.equal(first?.header, second?.header);
      assert.equal(first?.body, second?.body);
    },
  );

  visit('takes a 200 of the site for no answer', personal, async ({ page, site, collector }) => {
    collector.answerNext('foreign');
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.goto(site.origin());
    await (await answered).finished();
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 200))'); // in the page's own time
    assert.equal(collector.posts.length, 1);
    await page.evaluate(`gotrack.track('conversion')`);
    await pause(300);
    assert.equal(collector.posts.length, 1, 'whoever answered is left in peace');
    await page.goto(`${site.origin()}/two`);
    await eventsOf(collector, 'pageview', 2);
    await eventsOf(collector, 'conversion', 1);
    const ids = collector.events.map((event) => event.event_id);
    assert.equal(new Set(ids).size, ids.length);
  });

  visit('lets the next page send what the network lost', personal, async ({ page, site, collector }) => {
    await page.goto(site.origin());
    await eventsOf(collector, 'pageview', 1);
    collector.answerNext('lost', 'lost');
    await page.evaluate(`gotrack.track('conversion')`);
    await until('a lost POST', () => collector.posts.length >= 2);
    await page.goto(`${site.origin()}/two`);
    await eventsOf(collector, 'conversion', 1);
    await eventsOf(collector, 'scroll', 1);
    await pause(200);
    const ids = collector.events.map((event) => event.event_id);
    assert.equal(new Set(ids).size, ids.length);
    const kept = await page.evaluate(`sessionStorage.getItem('gotrack.unsent')`);
    assert.equal(kept, null, 'nothing is kept that was answered');
  });

  visit(
    'sends a batch again as it was, so that a copy is a repeat',
    personal,
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      collector.answerNext('hang');
      await page.evaluate(`gotrack.track('conversion')`);
      await until('a hanging POST', () => collector.posts.length >= 2);
      await page.goto(`${site.origin()}/two`);
      await eventsOf(collector, 'conversion', 1);
      const copies = collector.posts.filter((post) => post.body.includes('"conversion"'));
      assert.equal(copies.length, 2);
      assert.equal(copies[0]?.header, copies[1]?.header);
    },
  );

  visit('drops what is refused for good', personal, async ({ page, site, collector }) => {
    await page.goto(site.origin());
    await eventsOf(collector, 'pageview', 1);
    await page.evaluate(`sessionStorage.setItem('gotrack.unsent',
      JSON.stringify([{ events: ['{broken'], header: 'v1;broken', path: '/', at: Date.now() }, { events: 7 }, null]))`);
    await page.goto(`${site.origin()}/two`);
    await page.goto(site.origin());
    await eventsOf(collector, 'pageview', 2);
    collector.faults.length = 0;
  });

  visit(
    'keeps what waits until the page is hidden, then sends it',
    personal,
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      const id = await page.evaluate(`gotrack.track('opened', { n: 1 })`);
      await pause(300);
      assert.equal(collector.posts.length, 1);
      await page.evaluate(HIDE);
      const [opened] = await eventsOf(collector, 'opened', 1);
      assert.equal(opened?.event_id, id);
      assert.equal(collector.posts.length, 2);
    },
  );

  visit(
    'sends twenty events without waiting, and large ones in bodies under 60 KB',
    personal,
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      await page.evaluate(`for (let i = 0; i < 20; i++) gotrack.track('small')`);
      // With the observations there may be one event more in the batch.
      await eventsOf(collector, 'small', 19);
      await page.evaluate(
        `for (let i = 0; i < 40; i++) gotrack.track('large', { text: '\u00e9'.repeat(2000) })`,
      );
      await page.evaluate(HIDE);
      const large = await eventsOf(collector, 'large', 40);
      assert.ok(collector.posts.every((post) => Buffer.byteLength(post.body) < 60_000));
      assert.equal(large[0]?.props.text, '\u00e9'.repeat(2000));
    },
  );

  visit(
    'sends to the one path that it is given',
    { '/': { html: HOME, attributes: 'data-collect="/c"' } },
    async ({ page, site, collector }) => {
      await page.goto(`${site.origin()}/?q`);
      await eventsOf(collector, 'pageview', 1);
      assert.equal(collector.posts[0]?.path, '/c');
    },
  );

  visit('does not hold back load while the collector hangs', personal, async ({ page, site, collector }) => {
    collector.answerNext('hang', 'hang');
    await page.goto(site.origin(), { waitUntil: 'load', timeout: 5000 });
    await until('the hanging POST', () => collector.posts.length === 1);
  });
});
