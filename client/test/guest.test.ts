import assert from 'node:assert/strict';
import { browserSuite, eventsOf, pause, until } from './support/visit.ts';

const HOME =
  '<!doctype html>\n<html><head><title>Home</title></head>\n<body>\n<h1>Home</h1>\n text <p>more\n';

/** The tree with every text node by itself: `outerHTML` would not show one that was cut in two. */
const TREE = `(function tree(node) {
  return node.nodeType === 1 ? [node.nodeName, [...node.attributes].map((a) => a.name + a.value), [...node.childNodes].map(tree)]
    : [node.nodeType, node.data];
})(document.documentElement)`;

const hostile = (code: string) => ({ '/': { html: `${HOME}<script>${code}</script>` } });

const HOSTILE = [
  'fetch = () => { throw new Error() }',
  'fetch = () => Promise.reject(new Error())',
  'fetch = undefined',
  'JSON = undefined',
  'JSON.stringify = () => { throw new Error() }; JSON.parse = JSON.stringify',
  'Date = undefined',
  'Date.now = () => NaN',
  'Promise = undefined',
  'Reflect = undefined',
  'Reflect.get = () => { throw new Error() }',
  'Object.defineProperty(window, "crypto", { value: undefined })',
  'Object.defineProperty(window, "performance", { value: undefined })',
  'Object.defineProperty(window, "sessionStorage", { get() { throw new Error() } })',
  'Object.defineProperty(window, "localStorage", { value: null })',
  'TextEncoder = undefined',
  'Uint8Array = Int32Array = DataView = undefined',
  'Array.prototype.map = Array.prototype.filter = Array.prototype.push = () => { throw new Error() }',
  'EventTarget.prototype.addEventListener = () => { throw new Error() }',
  'String.prototype.replace = RegExp.prototype.exec = () => { throw new Error() }',
  'Object.entries = Object.keys = () => { throw new Error() }',
  'Object.freeze(window)',
  'setTimeout = requestIdleCallback = () => { throw new Error() }',
  'sessionStorage.setItem("gotrack", "1"); localStorage.setItem("gotrack", "[]"); sessionStorage.setItem("gotrack.unsent", "3")',
];

await browserSuite('a guest in the page', {}, (visit) => {
  visit(
    'leaves the document as it would have been',
    { '/': { html: HOME }, '/without': { html: HOME, snippet: 'none' } },
    async ({ page, site, collector, messages }) => {
      await page.goto(`${site.origin()}/without`);
      const without = [await page.evaluate(TREE), await page.evaluate('document.documentElement.outerHTML')];
      await page.goto(site.origin());
      const withUs = [await page.evaluate(TREE), await page.evaluate('document.documentElement.outerHTML')];
      assert.deepEqual(withUs, without);
      await eventsOf(collector, 'pageview', 1);
      assert.deepEqual(messages, []);
    },
  );

  visit(
    'is gone before the parser goes on',
    {
      '/': {
        html: `${HOME}<script>window.left = () => document.scripts.length + ':' + document.images.length;
          document.addEventListener('DOMContentLoaded', () => { window.then = left() })</script>`,
      },
    },
    async ({ page, site }) => {
      await page.goto(site.origin());
      assert.equal(await page.evaluate('window.then'), '1:0');
    },
  );

  visit(
    'has one global, and leaves the others alone',
    {
      '/': {
        html: `${HOME}<script>window.was = Object.getOwnPropertyNames(window);
          window.natives = [fetch, XMLHttpRequest.prototype.send, history.pushState, history.replaceState, addEventListener, JSON.stringify, setTimeout]</script>`,
      },
    },
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      const added = `Object.getOwnPropertyNames(window).filter((name) => !was.includes(name) && name !== 'was')`;
      assert.deepEqual(await page.evaluate(added), ['natives', 'gotrack']);
      const same = `[fetch, XMLHttpRequest.prototype.send, history.pushState, history.replaceState, addEventListener, JSON.stringify, setTimeout].every((one, i) => one === natives[i])`;
      assert.equal(await page.evaluate(same), true);
    },
  );

  visit(
    'leaves a thing of the page that is called gotrack alone',
    hostile('var gotrack = { mine: true }'),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      assert.deepEqual(await page.evaluate('gotrack'), { mine: true });
    },
  );

  visit(
    'sends the same whatever a page has put on its prototypes',
    hostile(`Array.prototype.toJSON = Object.prototype.toJSON = String.prototype.toJSON = () => 'hijacked';
      Array.prototype.extra = 'enumerable'; Object.prototype.more = 'enumerable'`),
    async ({ page, site, collector }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      await page.evaluate(
        `gotrack.track('conversion', { list: [1, 'two', null, { three: true }], when: new Date(0) })`,
      );
      const [conversion] = await eventsOf(collector, 'conversion', 1);
      assert.deepEqual(conversion?.props.list, [1, 'two', null, { three: true }]);
      assert.ok(!JSON.stringify(collector.events).includes('enumerable'));
    },
  );

  visit(
    'is not misled by names in the document',
    {
      '/': {
        html: `${HOME}<base href="http://elsewhere.test/"><img name="currentScript"><img name="referrer"><img name="cookie"><img name="title">
          <img name="visibilityState"><img name="querySelector"><img name="documentElement"><img name="readyState"><form name="addEventListener"></form>
          <img id="addEventListener"><img id="performance"><button type="button">b</button>`,
      },
    },
    async ({ page, site, collector, messages }) => {
      await page.goto(site.origin());
      const [pageview] = await eventsOf(collector, 'pageview', 1);
      assert.equal(pageview?.route.title, 'Home');
      await page.click('button');
      await page.goto('about:blank');
      await eventsOf(collector, 'click', 1);
      assert.deepEqual(
        messages.filter((text) => !text.includes('404')),
        [],
      );
    },
  );

  visit(
    'works where every prototype is frozen',
    hostile(`for (const name of ['Object', 'Array', 'Function', 'String', 'Promise', 'Date', 'RegExp', 'Map', 'Set', 'Uint8Array', 'Int32Array', 'EventTarget', 'Document'])
      { Object.freeze(window[name].prototype); Object.freeze(window[name]) }`),
    async ({ page, site, collector, messages }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      assert.deepEqual(messages, []);
    },
  );

  visit(
    'goes on with what it took at its start, when a page replaces it later',
    { '/': { html: HOME } },
    async ({ page, site, collector, messages }) => {
      await page.goto(site.origin());
      await eventsOf(collector, 'pageview', 1);
      await page.evaluate(
        `fetch = () => { throw new Error('not for you') }; JSON.stringify = () => '{}'; Date = function () {}; Promise = function () {}`,
      );
      await page.evaluate(`gotrack.track('conversion')`);
      const [conversion] = await eventsOf(collector, 'conversion', 1);
      assert.ok(Math.abs(Date.parse(String(conversion?.ts)) - Date.now()) < 60_000);
      assert.deepEqual(messages, []);
    },
  );

  visit(
    'costs a page nothing, whatever that has done to its globals',
    Object.fromEntries(HOSTILE.map((code, i) => [`/${i}`, hostile(`try { ${code} } catch {}`)['/']])),
    async ({ page, site, messages }) => {
      for (const [i, code] of HOSTILE.entries()) {
        await page.goto(`${site.origin()}/${i}`);
        await page.evaluate(`document.body.click(); document.title = 'still here'`);
        await pause(60);
        await page.goto('about:blank');
        assert.deepEqual(messages, [], code);
      }
    },
  );

  visit(
    'needs no storage',
    hostile(`for (const area of ['sessionStorage', 'localStorage'])
      Object.defineProperty(window, area, { get() { throw new DOMException('denied', 'SecurityError') } })`),
    async ({ page, site, collector, messages }) => {
      await page.goto(site.origin());
      const [pageview] = await eventsOf(collector, 'pageview', 1);
      assert.ok(pageview?.session.session_id);
      assert.equal(pageview?.session.visitor_id, undefined);
      await until('nothing said', () => messages.length === 0);
    },
  );
});
