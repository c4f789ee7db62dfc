import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RawHeaders } from '../../src/http/raw-headers.ts';
import type { InjectDeps, InjectOptions } from '../../src/inject/inject.ts';
import {
  createTestRoom,
  HTML,
  NAVIGATION,
  OPTIONS,
  type Request,
  SCRIPT,
  type Taken,
  takeSnippet,
  visit,
} from './harness.ts';

type Asked = {
  options?: Partial<InjectOptions>;
  deps?: Partial<InjectDeps>;
  request?: Request;
  headers?: RawHeaders;
};

function snippet({
  options = {},
  deps = {},
  request = {},
  headers = HTML,
}: Asked = {}): Taken & { raw: string } {
  const { client } = visit(createTestRoom(options, deps), request, { headers });
  const raw = client.body.toString('latin1');
  return { ...takeSnippet(raw)!, raw };
}

const SHARED = [...HTML, 'Cache-Control', 'public, max-age=60'];
const consent = (
  analytics: 'granted' | 'denied' | 'unknown',
  security: 'granted' | 'denied' | 'unknown',
) => ({
  consentOf: () => ({ analytics, security }),
});
const PERSONAL = ['data-token', 'data-key', 'data-now', 'data-ttl', 'data-session'];
const own = (attributes: ReadonlyMap<string, string>) => PERSONAL.filter((name) => attributes.has(name));

describe('a personal page', () => {
  test('has pixel, token, key, clock and session', () => {
    const { img, attributes } = snippet();
    assert.match(
      img!,
      /^<img src="\/\/shop\.example\/px\.gif\?e=pageview&amp;auto=1&amp;d=[0-9a-f-]{36}\.[\w-]{11}&amp;url=/,
    );
    assert.deepEqual(own(attributes), PERSONAL);
    assert.match(attributes.get('data-key')!, /^[\w-]{43}$/);
    assert.equal(attributes.get('data-now'), '1700000000000');
    assert.equal(attributes.get('data-ttl'), '3600');
    assert.match(attributes.get('data-session')!, /^[0-9a-f-]{36}$/);
  });

  test('that the origin did not mark is marked private', () => {
    const { client } = visit(createTestRoom());
    assert.equal(client.header('cache-control'), 'private');
    const lone = visit(createTestRoom(), {}, { headers: [...HTML, 'Cache-Control', 'no-cache'] }).client;
    assert.equal(lone.header('cache-control'), 'no-cache, private');
    const marked = visit(createTestRoom(), {}, { headers: [...HTML, 'Cache-Control', 'no-store'] }).client;
    assert.equal(marked.header('cache-control'), 'no-store');
  });

  test('gets the session of our cookie where there is one', () => {
    const { attributes } = snippet({ deps: { sessionOf: () => 'the-cookie-s' } });
    assert.equal(attributes.get('data-session'), 'the-cookie-s');
  });

  test('of an authorized request is personal though it may be stored', () => {
    const request = { headers: [...NAVIGATION, 'Authorization', 'Basic x'] };
    const { attributes } = snippet({ request, headers: [...HTML, 'Cache-Control', 'max-age=60'] });
    assert.ok(attributes.has('data-token'));
  });
});

describe('a shared page', () => {
  test('has the script alone, the same bytes for everyone', () => {
    const room = createTestRoom();
    const bodies = [{}, { host: 'other.example', target: '/p' }].map((request) =>
      visit(room, request, { headers: SHARED }),
    );
    const [one, two] = bodies.map(({ client }) => client.body.toString());
    assert.equal(one, two);
    assert.equal(takeSnippet(one!)!.img, null);
    assert.deepEqual([...takeSnippet(one!)!.attributes.keys()], []);
    assert.equal(bodies[0]!.client.header('cache-control'), 'public, max-age=60');
  });

  test('still says what is the same for everyone', () => {
    const options = {
      collectUrl: '/c',
      frames: true,
      identity: 'session',
      trackHash: true,
      consentRequired: true,
    } as const;
    const { attributes } = snippet({ options, headers: SHARED });
    assert.deepEqual(
      [...attributes],
      [
        ['data-collect', '/c'],
        ['data-frames', ''],
        ['data-identity', 'session'],
        ['data-hash', ''],
        ['data-consent', ''],
      ],
    );
  });
});

describe('consent', () => {
  test('both denied: the page passes as it came', () => {
    const room = createTestRoom({}, consent('denied', 'denied'));
    const { client } = visit(room);
    assert.equal(takeSnippet(client.body), null);
    assert.deepEqual(room.outcomes, ['off']);
    assert.deepEqual(room.documents, []);
  });

  test('required and unknown: the script is there but dormant', () => {
    const room = createTestRoom({ consentRequired: true }, consent('unknown', 'unknown'));
    const { client } = visit(room);
    const taken = takeSnippet(client.body)!;
    assert.equal(taken.img, null);
    assert.deepEqual([...taken.attributes.keys()], ['data-consent']);
    assert.equal(client.header('cache-control'), undefined);
    assert.deepEqual(room.documents, []);
    assert.deepEqual(room.outcomes, ['inserted']);
  });

  test('only security: a token, but no session and no pixel', () => {
    const room = createTestRoom({}, { ...consent('denied', 'granted'), sessionOf: () => 'known' });
    const taken = takeSnippet(visit(room).client.body)!;
    assert.equal(taken.img, null);
    assert.deepEqual(own(taken.attributes), ['data-token', 'data-key', 'data-now', 'data-ttl']);
    assert.equal(room.documents[0]!.sessionId, null);
  });
});

describe('the pixel', () => {
  const urlOf = (img: string | null) => /&amp;url=([^"]*)"/.exec(img!)![1]!;

  test('is left out for a prefetch, which would show it to nobody', () => {
    const request = { headers: [...NAVIGATION, 'Sec-Purpose', 'prefetch;prerender'] };
    const { img, attributes } = snippet({ request });
    assert.equal(img, null);
    assert.ok(attributes.has('data-token'));
  });

  test('carries the page’s URL, bytes and signs escaped', () => {
    const target = '/a%2Fb?q="<x>&y=\'\u00e4#';
    const { img } = snippet({ request: { target, scheme: 'http', host: '[::1]:8080' } });
    assert.equal(decodeURIComponent(urlOf(img)), 'http://[::1]:8080/a%2Fb?q="<x>&y=\'%E4#');
    assert.match(img!, /src="\/\/\[::1\]:8080\/px/);
    assert.match(urlOf(img), /^[\w.!~*'()%-]+$/);
  });

  test('cuts a long URL, not in mid-escape', () => {
    const start = 'https://shop.example/';
    const { img } = snippet({ request: { target: `/${'%41'.repeat(4000)}` } });
    const url = decodeURIComponent(urlOf(img));
    assert.ok(url.length <= 2048 && url.length > 2040);
    assert.equal(url, start + '%41'.repeat((url.length - start.length) / 3));
  });

  test('stands under PATH_PREFIX', () => {
    assert.match(snippet({ options: { pathPrefix: '/_gt' } }).img!, /src="\/\/shop\.example\/_gt\/px\.gif\?/);
  });

  test('is left out where Host is no host', () => {
    for (const host of ['evil/x', 'a"b', 'a b', '', 'user@evil', 'a:b', '<b>']) {
      const { img, page } = snippet({ request: { host } });
      assert.equal(img, null, host);
      assert.ok(page.endsWith('</html>\n'));
    }
  });
});

test('no value ends its attribute', () => {
  const hostile = '"><script>alert(1)</script>&amp;';
  const deps: Partial<InjectDeps> = {
    mintPage: () => ({ token: hostile, key: hostile, now: 1, ttl: 2 }),
    sessionOf: () => hostile,
    documentProof: () => hostile,
  };
  const options = { collectUrl: `/${hostile}` };
  const { attributes, raw } = snippet({ deps, options });
  assert.ok(!raw.includes('<script>alert'));
  for (const name of ['data-token', 'data-key', 'data-session']) {
    assert.equal(attributes.get(name), '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;');
  }
});

test('pixel and script are neighbours, and all of it is ASCII', () => {
  const { raw, at, page } = snippet({ request: { target: '/\u00ff' } });
  const run = raw.slice(at, raw.length - (page.length - at));
  assert.match(run, /^<img [^>]* hidden><script [^>]*>/);
  assert.ok(run.endsWith(`>${SCRIPT}</script>`));
  for (const char of run) assert.ok(char.charCodeAt(0) < 0x80);
});

test('a tracker that could not stand in a page is refused at the start', () => {
  for (const script of ['x("</script>")', '<!-- x', 'x("\u2603")', '</SCRIPT']) {
    assert.throws(() => createTestRoom({ ...OPTIONS, script }), /the tracker holds/);
  }
});
