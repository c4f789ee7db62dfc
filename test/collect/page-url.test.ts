import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRig, type Rig } from './support/rig.ts';

let rig: Rig;
before(async () => {
  rig = await createRig();
});
after(() => rig.close());

const REFERER: [string, string] = ['Referer', 'https://shop.test/from?r=1'];
const route = { domain: 'route.test', path: '/r', protocol: 'https:' };

type Row = { name: string; event: object; referer?: boolean; url: string; adjusted?: true };

const ROWS: Row[] = [
  {
    name: "the client's word",
    event: { url: 'https://page.test/p?x=1#h', payload: { route } },
    url: 'https://page.test/p?x=1#h',
  },
  {
    name: 'its word in the payload',
    event: { payload: { url: 'https://page.test/p' } },
    url: 'https://page.test/p',
  },
  { name: 'a path of its own', event: { url: '/p?x=1' }, url: 'http://shop.test/p?x=1' },
  { name: 'without a scheme', event: { url: '//page.test/p' }, url: 'http://page.test/p' },
  {
    name: 'what is no page gives way to the route',
    event: { url: 'javascript:alert(1)', payload: { route } },
    url: 'https://route.test/r',
    adjusted: true,
  },
  {
    name: 'what is no page gives way to the request',
    event: { url: 'blob:x' },
    url: 'http://shop.test/page?q=1',
    adjusted: true,
  },
  {
    name: 'the route with its full path',
    event: { route: { ...route, fullPath: '/r?a=1#b' } },
    url: 'https://route.test/r?a=1#b',
  },
  {
    name: 'the route with its hash',
    event: { route: { ...route, hash: '#b' } },
    url: 'https://route.test/r#b',
  },
  {
    name: 'the route with the query of url',
    event: { route, url: { raw_query: 'a=1' } },
    url: 'https://route.test/r?a=1',
  },
  {
    name: 'the route with a port',
    event: { route: { ...route, domain: 'route.test:8443' } },
    url: 'https://route.test:8443/r',
  },
  {
    name: 'the route on the host of the request',
    event: { route: { path: '/r' } },
    url: 'http://shop.test/r',
  },
  { name: 'the route before the Referer', event: { route }, referer: true, url: 'https://route.test/r' },
  {
    name: 'a route without a path gives way to the Referer',
    event: { route: { title: 'T' } },
    referer: true,
    url: 'https://shop.test/from?r=1',
  },
  {
    name: 'a route of nonsense gives way',
    event: { route: { path: 'r', domain: 'a b' } },
    referer: true,
    url: 'https://shop.test/from?r=1',
  },
  {
    name: 'a route with a scheme that is none',
    event: { route: { ...route, protocol: 'javascript:' } },
    url: 'http://route.test/r',
  },
  {
    name: 'the Referer before the request',
    event: { type: 'a' },
    referer: true,
    url: 'https://shop.test/from?r=1',
  },
  { name: 'the request when nothing else is known', event: { type: 'a' }, url: 'http://shop.test/page?q=1' },
];

describe('the page that an event is of', () => {
  for (const { name, event, referer, url, adjusted } of ROWS) {
    test(name, async () => {
      const headers = referer ? [REFERER] : [];
      assert.equal((await rig.post(event, { path: '/page?q=1', headers })).status, 202);
      const stored = rig.events.at(-1)!;
      assert.equal(stored.url, url);
      assert.equal(stored.server.adjusted?.includes('url') ?? false, adjusted ?? false);
    });
  }
});
