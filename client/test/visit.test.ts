import assert from 'node:assert/strict';
import { browserSuite, eventsOf, pause, until } from './support/visit.ts';

const HOME = '<!doctype html><html><head><title>Home</title></head><body><h1>Home</h1>';
const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

await browserSuite('a visit', { hosts: ['shop.test'], backForwardCache: true }, (visit) => {
  visit('sends one pageview for a load', { '/p': { html: HOME } }, async ({ page, site, collector }) => {
    await page.goto(`${site.origin()}/p?utm_source=a&x=1#part`);
    const [pageview] = await eventsOf(collector, 'pageview', 1);
    assert.ok(pageview);
    assert.match(pageview.event_id, UUID4);
    assert.match(pageview.page.page_id, UUID4);
    assert.equal(pageview.page.seq, 0);
    assert.ok(Math.abs(Date.parse(pageview.ts) - Date.now()) < 60_000);
    assert.ok(Math.abs(pageview.page.sent_at - Date.now()) < 60_000);
    assert.deepEqual(pageview.route, {
      protocol: 'http:',
      domain: `localhost:${site.port}`,
      path: '/p',
      fullPath: '/p?utm_source=a&x=1#part',
      title: 'Home',
    });
    assert.equal(pageview.url, undefined, 'no page before, no referrer');
    assert.equal(pageview.session.session_seq, 0);
    assert.match(pageview.session.session_id, UUID4);
    assert.match(pageview.session.visitor_id, UUID4);
    assert.equal(pageview.device.screens[0].width, await page.evaluate('screen.width'));
    assert.equal(typeof pageview.device.tz_offset_minutes, 'number');
    await pause(300);
    assert.equal(collector.events.filter((event) => event.type === 'pageview').length, 1);
    assert.equal(collector.posts[0]?.path, '/p?utm_source=a&x=1');
  });

  visit('sends observations once a session', { '/': { html: HOME } }, async ({ page, site, collector }) => {
    await page.goto(site.origin());
    await pause(500);
    await page.goto(`${site.origin()}/?again`);
    await pause(500);
    await page.goto('about:blank');
    const [signals] = await eventsOf(collector, 'signals', 1);
    await eventsOf(collector, 'scroll', 2);
    assert.equal(collector.events.filter((event) => event.type === 'signals').length, 1);
    assert.equal(signals?.results.automation.webdriver, true);
    assert.deepEqual(signals?.results.display.window, await page.evaluate('[outerWidth,outerHeight]'));
    assert.equal(signals?.device.viewport_w, 1280);
    assert.ok(signals?.device.tz);
  });

  visit(
    'sends a click on a link with the next page, and once',
    {
      '/': { html: `${HOME}<p id="text">text</p><a id="next" href="/next?q=1#h">next</a>` },
      '/next': { html: '<!doctype html><title>Next</title><body>' },
    },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await page.click('#text');
      await page.click('#next');
      const pageviews = await eventsOf(collector, 'pageview', 2);
      const [click] = await eventsOf(collector, 'click', 1);
      assert.equal(pageviews[1]?.url.referrer, `${site.origin()}/`);
      assert.equal(click?.click.tag, 'a');
      assert.equal(click?.click.id, 'next');
      assert.equal(click?.click.href, `localhost:${site.port}/next`);
      assert.equal(click?.click.outbound, false);
      assert.ok(click?.click.x > 0 && click?.click.x < 1);
      assert.equal(click?.page.page_id, pageviews[0]?.page.page_id);
      assert.equal(click?.session.session_id, pageviews[1]?.session.session_id);
      await pause(300);
      const ids = collector.events.map((event) => event.event_id);
      assert.equal(new Set(ids).size, ids.length, 'no event twice');
      assert.equal(collector.events.filter((event) => event.type === 'click').length, 1);
    },
  );

  visit(
    'stores a named click under its name, with its properties',
    {
      '/': {
        html: `${HOME}<button data-gotrack-event="signup" data-gotrack-plan="pro"><b>Sign up</b></button>
          <a id="mail" href="mailto:somebody@example.com" onclick="return false">mail</a>`,
      },
    },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await page.click('b');
      await page.click('#mail');
      await page.goto('about:blank');
      const [signup] = await eventsOf(collector, 'signup', 1);
      assert.equal(signup?.click.tag, 'button');
      assert.equal(signup?.click.name, 'signup');
      assert.deepEqual(signup?.props, { plan: 'pro' });
      const [mail] = await eventsOf(collector, 'click', 1);
      assert.equal(mail?.click.href, 'mailto:');
      assert.ok(!JSON.stringify(collector.events).includes('Sign up'), 'no text of the page');
    },
  );

  visit('takes pushState for another page', { '/': { html: HOME } }, async ({ page, site, collector }) => {
    await page.goto(site.origin());
    await eventsOf(collector, 'pageview', 1);
    await page.evaluate(`history.pushState(null, '', '/two'); document.title = 'Two'`);
    await eventsOf(collector, 'pageview', 2);
    await page.evaluate(`history.pushState(null, '', '/two')`);
    await page.evaluate(`location.hash = 'only-a-hash'`);
    await page.evaluate(`history.back()`);
    await pause(400);
    await page.evaluate(`history.go(-2)`);
    const pageviews = await eventsOf(collector, 'pageview', 3);
    await pause(300);
    assert.equal(collector.events.filter((event) => event.type === 'pageview').length, 3);
    const [one, two, three] = pageviews;
    assert.equal(two?.route.title, 'Two');
    assert.equal(two?.route.path, '/two');
    assert.equal(two?.page.virtual, true);
    assert.equal(two?.url.referrer, `${site.origin()}/`);
    assert.equal(three?.route.path, '/');
    assert.equal(new Set([one, two, three].map((view) => view?.page.page_id)).size, 3);
    const [scroll] = await eventsOf(collector, 'scroll', 1);
    assert.equal(scroll?.page.page_id, one?.page.page_id);
    assert.equal(scroll?.route.path, '/', 'what ends a page still bears its address');
  });

  visit(
    'sees SPA navigation without the Navigation API, too',
    {
      '/': {
        html: `${HOME}<script>Object.defineProperty(window, 'navigation', { value: undefined })</script>
          <button onclick="setTimeout(() => history.pushState(null, '', '/two'), 100)">go</button>`,
      },
    },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await page.click('button');
      const pageviews = await eventsOf(collector, 'pageview', 2);
      assert.equal(pageviews[1]?.route.path, '/two');
    },
  );

  visit(
    'takes another hash for another page where it is told to',
    { '/': { html: HOME, attributes: 'data-hash' } },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await page.evaluate(`location.hash = 'two'`);
      const pageviews = await eventsOf(collector, 'pageview', 2);
      assert.equal(pageviews[1]?.route.fullPath, '/#two');
    },
  );

  visit(
    'delivers the click of a tab that is closed at once',
    { '/': { html: `${HOME}<button>press</button>` } },
    async ({ page, context, site, collector }) => {
      await context.newPage();
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      await page.click('button');
      await page.close({ runBeforeUnload: false });
      const [click] = await eventsOf(collector, 'click', 1);
      const [scroll] = await eventsOf(collector, 'scroll', 1);
      assert.equal(click?.click.tag, 'button');
      assert.equal(scroll?.scroll.depth, 1);
      assert.ok(scroll?.scroll.visible_ms > 0);
    },
  );

  visit(
    'measures how far a page was scrolled, and how long it was read',
    { '/': { html: `${HOME}<div style="height: 4000px">long</div>` } },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await pause(100);
      await page.mouse.move(100, 100);
      await page.mouse.wheel(0, 1000);
      await until('scrolled', () => page.evaluate('scrollY > 900'));
      await page.goto('about:blank');
      const [scroll] = await eventsOf(collector, 'scroll', 1);
      assert.ok(scroll?.scroll.depth > 0.3 && scroll?.scroll.depth < 0.6, String(scroll?.scroll.depth));
      assert.ok(scroll?.scroll.engaged_ms <= scroll?.scroll.visible_ms);
      assert.equal(collector.events.filter((event) => event.type === 'scroll').length, 1);
    },
  );

  visit(
    'counts a return from the back/forward cache',
    { '/': { html: `${HOME}<script>window.kept = 0</script>` }, '/two': { html: HOME } },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      await page.evaluate('window.kept = 1');
      await page.evaluate(`location.href = '/two'`);
      await eventsOf(collector, 'pageview', 2);
      await page.evaluate('history.back()');
      const pageviews = await eventsOf(collector, 'pageview', 3);
      assert.equal(await page.evaluate('window.kept'), 1, 'it did come from that cache');
      assert.equal(pageviews[2]?.page.restored, true);
      assert.equal(pageviews[2]?.page.seq, 0);
      assert.notEqual(pageviews[2]?.page.page_id, pageviews[0]?.page.page_id);
    },
  );

  visit(
    'says of a page from the HTTP cache that it is one',
    { '/': { html: HOME, headers: { 'cache-control': 'max-age=600' } }, '/two': { html: HOME } },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      await page.goto(`${site.origin()}/two`);
      await eventsOf(collector, 'pageview', 2);
      await page.goto(site.origin());
      const pageviews = await eventsOf(collector, 'pageview', 3);
      assert.deepEqual(
        pageviews.map((view) => view.page.reused),
        [undefined, undefined, true],
      );
    },
  );

  visit(
    'works on plain HTTP under a name that is not localhost',
    { '/p': { html: HOME, snippet: 'shared' } },
    async ({ page, site, collector }) => {
      await page.goto(`${site.origin('shop.test')}/p?`);
      assert.equal(await page.evaluate('isSecureContext'), false);
      const [pageview] = await eventsOf(collector, 'pageview', 1);
      assert.match(String(pageview?.event_id), UUID4);
      assert.deepEqual(
        collector.posts.map(({ path, status }) => [path, status]),
        [
          ['/p?', 200],
          ['/p?', 202],
        ],
        'a bare question mark is part of what is signed',
      );
    },
  );

  visit(
    'stays silent in a frame, unless it is told to run there',
    {
      '/': { html: `${HOME}<iframe src="/frame"></iframe><iframe src="/open"></iframe>`, snippet: 'none' },
      '/frame': { html: HOME },
      '/open': { html: HOME, attributes: 'data-frames' },
    },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      const pageviews = await eventsOf(collector, 'pageview', 1);
      await pause(200);
      assert.equal(pageviews.length, 1);
      assert.equal(pageviews[0]?.route.path, '/open');
      assert.equal(pageviews[0]?.page.frame, true);
      assert.equal(await page.frames()[1]?.evaluate('document.scripts.length + document.images.length'), 0);
    },
  );

  visit(
    'stays silent in an opaque origin',
    {
      '/': { html: HOME, headers: { 'content-security-policy': 'sandbox allow-scripts' } },
    },
    async ({ page, site, collector, messages }) => {
      await page.goto(site.origin());
      await pause(300);
      assert.equal(collector.posts.length, 0);
      assert.equal(await page.evaluate('document.scripts.length'), 0);
      assert.deepEqual(messages, []);
    },
  );

  visit(
    'counts a page in a background tab when it is first seen',
    {
      '/': {
        html: `${HOME}<script>
          let state = 'hidden';
          Object.defineProperty(Document.prototype, 'visibilityState', { get: () => state });
          window.show = () => { state = 'visible'; document.dispatchEvent(new Event('visibilitychange', { bubbles: true })); };
          (window.gotrack ||= []).push(['track', 'early', { n: 1 }]);
        </script>`,
      },
    },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await pause(300);
      assert.equal(collector.posts.length, 0);
      await page.evaluate('show(); gotrack.track("conversion")');
      await eventsOf(collector, 'conversion', 1);
      assert.deepEqual(
        collector.events.map((event) => [event.type, event.page.seq]),
        [
          ['pageview', 0],
          ['early', 1],
          ['conversion', 2],
        ],
      );
    },
  );

  visit(
    'counts a prerendered page when it is shown',
    {
      '/': {
        html: `${HOME}<script>
          let state = 'hidden';
          Object.defineProperty(Document.prototype, 'visibilityState', { get: () => state });
          Object.defineProperty(Document.prototype, 'prerendering', { get: () => state === 'hidden' });
          window.show = () => { state = 'visible'; document.dispatchEvent(new Event('visibilitychange', { bubbles: true })); };
        </script>`,
      },
    },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await pause(200);
      assert.equal(collector.posts.length, 0);
      await page.evaluate('show()');
      const [pageview] = await eventsOf(collector, 'pageview', 1);
      assert.equal(pageview?.page.prerendered, true);
    },
  );
});
