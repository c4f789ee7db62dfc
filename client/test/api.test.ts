import assert from 'node:assert/strict';
import { browserSuite, eventsOf, pause, until } from './support/visit.ts';

const HOME = '<!doctype html><html><head><title>Home</title></head><body><h1>Home</h1>';
const pages = (attributes = '') => ({ '/': { html: HOME, attributes }, '/two': { html: HOME, attributes } });

const STORED = `[Object.keys(sessionStorage), Object.keys(localStorage), document.cookie]`;

await browserSuite('the API', {}, (visit) => {
  visit(
    'makes the calls of a page that came first',
    {
      '/': {
        html: `${HOME}<script>(window.gotrack ||= []).push(['track', 'early', { deep: { list: [1] } }]); gotrack.push(['identify', 'usr_1'], ['track'], 'nonsense', ['toString'])</script>`,
      },
    },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      await page.evaluate(`gotrack.push(['track', 'conversion'])`);
      const [conversion] = await eventsOf(collector, 'conversion', 1);
      const [early] = await eventsOf(collector, 'early', 1);
      assert.deepEqual(early?.props, { deep: { list: [1] } });
      assert.equal(conversion?.session.user_id, 'usr_1');
    },
  );

  visit('refuses bad arguments, and says so once', pages(), async ({ page, site, collector, messages }) => {
    await page.goto(site.origin());
    const results = await page.evaluate(`(() => {
      const cycle = {}; cycle.self = cycle;
      return [gotrack.track(), gotrack.track('Not A Name'), gotrack.track('document'), gotrack.track('x', 'text'), gotrack.track('x', cycle),
        gotrack.track('x', { long: 'x'.repeat(5000) }), gotrack.track({}), gotrack.identify('somebody@example.com'), gotrack.identify(7),
        gotrack.consent({ analytics: 'yes' }), gotrack.consent(), gotrack.experiment('a b', 'c'), gotrack.experiment('a')].every((one) => one === undefined)
    })()`);
    assert.equal(results, true);
    assert.deepEqual(messages, [
      'gotrack.track: bad name',
      'gotrack.track: bad props',
      'gotrack.identify: bad user',
      'gotrack.consent: bad choice',
      'gotrack.experiment: bad name',
      'gotrack.experiment: bad variant',
    ]);
    await page.goto('about:blank');
    await eventsOf(collector, 'scroll', 1);
    assert.ok(collector.events.every((event) => ['pageview', 'signals', 'scroll'].includes(event.type)));
  });

  visit(
    'puts user and experiments on every later event of the session',
    pages(),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await page.evaluate(
        `gotrack.identify('usr_1'); gotrack.experiment('checkout', 'b'); gotrack.experiment('price', 'low')`,
      );
      await page.evaluate(`gotrack.track('conversion')`);
      await page.goto(`${site.origin()}/two`);
      const pageviews = await eventsOf(collector, 'pageview', 2);
      assert.equal(pageviews[0]?.experiments, undefined);
      assert.deepEqual(pageviews[1]?.experiments, { checkout: 'b', price: 'low' });
      assert.equal(pageviews[1]?.session.user_id, 'usr_1');
      const sequence = collector.events.map((event) => event.session.session_seq).sort((a, b) => a - b);
      assert.deepEqual(sequence, [...sequence.keys()], 'events of the session are numbered without a gap');
    },
  );

  visit('forgets the user, the visitor and the session', pages(), async ({ page, site, collector }) => {
    await page.goto(site.origin());
    await page.evaluate(
      `gotrack.identify('usr_1'); gotrack.track('conversion'); gotrack.reset(); gotrack.track('conversion')`,
    );
    const [before, after] = await eventsOf(collector, 'conversion', 2);
    assert.equal(before?.session.user_id, 'usr_1');
    assert.equal(after?.session.user_id, undefined);
    assert.notEqual(after?.session.session_id, before?.session.session_id);
    assert.notEqual(after?.session.visitor_id, before?.session.visitor_id);
  });
});

await browserSuite('identity', {}, (visit) => {
  visit(
    'takes the session that the page was given',
    pages('data-session="01923e6c-0000-7000-8000-000000000001"'),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      const [pageview] = await eventsOf(collector, 'pageview', 1);
      assert.equal(pageview?.session.session_id, '01923e6c-0000-7000-8000-000000000001');
    },
  );

  visit(
    'knows a visitor again in another tab, and by default',
    pages('data-identity="visitor"'),
    async ({ page, context, site, collector }) => {
      await page.goto(site.origin());
      const [first] = await eventsOf(collector, 'pageview', 1);
      const other = await context.newPage();
      await other.goto(`${site.origin()}/two`);
      const [, second] = await eventsOf(collector, 'pageview', 2);
      assert.equal(second?.session.visitor_id, first?.session.visitor_id);
      assert.equal(second?.session.first_visit_ts, first?.session.first_visit_ts);
    },
  );

  visit(
    'begins another session after half an hour without an event',
    pages(),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      const [pageview] = await eventsOf(collector, 'pageview', 1);
      await page.evaluate(
        `{ const kept = JSON.parse(sessionStorage.gotrack); kept.at -= 31 * 60000; sessionStorage.gotrack = JSON.stringify(kept) }`,
      );
      await page.evaluate(
        `addEventListener('pagehide', () => { sessionStorage.gotrack = JSON.stringify({ ...JSON.parse(sessionStorage.gotrack), at: Date.now() - 31 * 60000 }) })`,
      );
      await page.goto(`${site.origin()}/two`);
      const [, second] = await eventsOf(collector, 'pageview', 2);
      assert.notEqual(second?.session.session_id, pageview?.session.session_id);
      assert.equal(second?.session.visitor_id, pageview?.session.visitor_id);
    },
  );

  visit(
    'keeps nothing beyond the session where it may not',
    pages('data-identity="session"'),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await page.goto(`${site.origin()}/two`);
      const [first, second] = await eventsOf(collector, 'pageview', 2);
      assert.equal(second?.session.session_id, first?.session.session_id);
      assert.equal(first?.session.visitor_id, undefined);
      assert.deepEqual(await page.evaluate('Object.keys(localStorage)'), []);
    },
  );

  visit(
    'keeps nothing at all in memory mode',
    pages('data-identity="memory"'),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      collector.answerNext('busy');
      await page.goto(`${site.origin()}/two`);
      await eventsOf(collector, 'pageview', 1);
      assert.deepEqual(await page.evaluate(STORED), [[], [], '']);
    },
  );
});

await browserSuite('consent', {}, (visit) => {
  visit(
    'is dormant until it is given, where it is required',
    pages('data-consent'),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await page.evaluate(`gotrack.track('conversion')`);
      await pause(300);
      assert.equal(collector.posts.length, 0);
      assert.deepEqual(await page.evaluate(STORED), [[], [], '']);
      await page.evaluate(`gotrack.consent({ analytics: 'granted', security: 'granted' })`);
      const [pageview] = await eventsOf(collector, 'pageview', 1);
      assert.deepEqual(pageview?.consent, { analytics: 'granted', security: 'granted' });
      assert.equal(await page.evaluate('document.cookie'), 'gt_consent=analytics:granted.security:granted');
      await page.goto(`${site.origin()}/two`);
      await eventsOf(collector, 'pageview', 2);
      assert.ok(collector.events.every((event) => event.type !== 'conversion'));
    },
  );

  visit(
    'keeps and sends next to nothing where analytics is denied',
    pages(),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      await page.evaluate(
        `gotrack.identify('usr_1'); gotrack.consent({ analytics: 'denied', security: 'granted' })`,
      );
      assert.deepEqual(await page.evaluate(STORED), [[], [], 'gt_consent=analytics:denied.security:granted']);
      await page.goto(`${site.origin()}/two?secret=1`);
      await page.evaluate(`gotrack.track('conversion')`);
      const [, pageview] = await eventsOf(collector, 'pageview', 2);
      assert.deepEqual(Object.keys(pageview ?? {}).sort(), [
        'consent',
        'event_id',
        'page',
        'route',
        'ts',
        'type',
      ]);
      assert.deepEqual(pageview?.route, {
        protocol: 'http:',
        domain: `localhost:${site.port}`,
        path: '/two',
      });
      await pause(300);
      await page.goto('about:blank');
      const signals = await eventsOf(collector, 'signals', 1);
      assert.ok(signals.at(-1)?.results.automation);
      assert.ok(collector.events.every((event) => event.type !== 'conversion'));
      await page.goto(`${site.origin()}/`);
      await eventsOf(collector, 'pageview', 3);
      assert.deepEqual(await page.evaluate(STORED), [[], [], 'gt_consent=analytics:denied.security:granted']);
    },
  );

  visit('sends no signals where security is denied', pages(), async ({ page, context, site, collector }) => {
    await context.addCookies([
      { name: 'gt_consent', value: 'analytics:granted.security:denied', url: site.origin() },
    ]);
    await page.goto(site.origin());
    await pause(500);
    await page.goto('about:blank');
    await eventsOf(collector, 'scroll', 1);
    assert.ok(collector.events.every((event) => event.type !== 'signals'));
  });

  visit('sends nothing where both are denied', pages(), async ({ page, context, site, collector }) => {
    await context.addCookies([
      { name: 'gt_consent', value: 'analytics:denied.security:denied', url: site.origin() },
    ]);
    await page.goto(site.origin());
    await pause(500);
    assert.equal(collector.posts.length, 0);
  });

  for (const signal of ['globalPrivacyControl: true', `doNotTrack: '1'`]) {
    const [name, value] = signal.split(': ');
    const html = `${HOME}<script>Object.defineProperty(navigator, '${name}', { value: ${value} })</script>`;
    visit(`takes ${name} for a denial of analytics`, { '/': { html } }, async ({ page, site, collector }) => {
      await page.goto(site.origin());
      const [pageview] = await eventsOf(collector, 'pageview', 1);
      assert.equal(pageview?.session, undefined);
      await until('nothing stored', async () => JSON.stringify(await page.evaluate(STORED)) === '[[],[],""]');
    });
  }
});
