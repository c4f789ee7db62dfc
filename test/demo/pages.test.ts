import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { openShop } from './visitor.ts';

const GZIP = { 'accept-encoding': 'gzip' };
const PAGES = [
  '/',
  '/products/dawn-kettle',
  '/search?q=wool',
  '/basket',
  '/sign-in',
  '/thanks',
  '/stories',
  '/stories/two-reeds',
  '/workshop',
  '/gift-card',
];

suite('pages of the demo site', () => {
  let shop: Awaited<ReturnType<typeof openShop>>;
  before(async () => {
    shop = await openShop();
  });
  after(() => shop.close());

  test('every page is a whole HTML document with a charset', async () => {
    for (const path of PAGES) {
      const page = await shop.ask(path);
      assert.equal(page.status, 200, path);
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8', path);
      assert.match(page.text, /^<!doctype html>\n<html lang="en">/, path);
      assert.match(page.text, /<\/body>\n<\/html>\n$/, path);
      assert.match(page.text, /<main id="main"/, path);
    }
  });

  test('every address that a page names is there, and none is on another host but the one link out', async () => {
    const seen = new Set<string>();
    for (const path of PAGES) {
      const { text } = await shop.ask(path);
      for (const [, address] of text.matchAll(/(?:href|src|action)="([^"]+)"/g)) seen.add(address!);
    }
    const outside = [...seen].filter((address) => !/^[/#]/.test(address));
    assert.deepEqual(outside, ['https://www.example.com/']);
    const inside = [...seen].filter((address) => address.startsWith('/') && address !== '/nowhere');
    assert.ok(inside.length > 40);
    for (const address of inside) {
      const { status } = await shop.ask(address.replaceAll('&amp;', '&').replace(/#.*/, ''));
      // Targets of forms take a POST; the account sends strangers to the form.
      assert.ok([200, 303, 405].includes(status), `${address}: ${status}`);
    }
    assert.equal((await shop.ask('/nowhere')).status, 404);
  });

  test('some pages are compressed for those who accept it, others never are', async () => {
    const compressed: string[] = [];
    for (const path of PAGES) {
      const page = await shop.ask(path, { headers: GZIP });
      const plain = await shop.ask(path);
      assert.equal(plain.headers['content-encoding'], undefined);
      if (page.headers['content-encoding'] === 'gzip') {
        compressed.push(path);
        assert.equal(page.headers.vary, 'Accept-Encoding', path);
      }
      if (path !== '/gift-card') assert.equal(page.text, plain.text, path);
    }
    assert.ok(compressed.includes('/') && compressed.includes('/stories'));
    assert.ok(!compressed.includes('/products/dawn-kettle') && !compressed.includes('/workshop'));
  });

  test('a client that refuses gzip by weight gets the page plain', async () => {
    const page = await shop.ask('/', { headers: { 'accept-encoding': 'br, gzip;q=0' } });
    assert.equal(page.headers['content-encoding'], undefined);
  });

  test('personal pages may not be shared, public ones may and carry a validator', async () => {
    for (const path of ['/', '/products/dawn-kettle', '/search?q=x']) {
      assert.equal((await shop.ask(path)).headers['cache-control'], 'private, no-cache', path);
    }
    for (const path of ['/basket', '/sign-in', '/gift-card', '/api/basket']) {
      assert.equal((await shop.ask(path)).headers['cache-control'], 'no-store', path);
    }
    for (const path of ['/stories', '/workshop', '/api/products']) {
      const page = await shop.ask(path);
      assert.match(page.headers['cache-control'] ?? '', /^public, max-age=\d+$/, path);
      assert.match(page.headers.etag ?? '', /^"[\w-]+"$/, path);
    }
  });

  test('an unchanged public page is answered 304, compressed and plain by tags of their own', async () => {
    const plain = (await shop.ask('/stories')).headers.etag!;
    const compressed = (await shop.ask('/stories', { headers: GZIP })).headers.etag!;
    assert.notEqual(plain, compressed);
    const again = await shop.ask('/stories', { headers: { 'if-none-match': `"other", W/${plain}` } });
    assert.equal(again.status, 304);
    assert.equal(again.text, '');
    assert.equal((await shop.ask('/stories', { headers: { ...GZIP, 'if-none-match': plain } })).status, 200);
  });

  test('a shared page says nothing of its visitor', async () => {
    const stranger = await shop.ask('/stories');
    await shop.ask('/basket/add', { form: { product: 'tide-mug' } });
    await shop.ask('/sign-in', { form: { name: 'wren', password: 'kettle' } });
    assert.equal((await shop.ask('/stories')).text, stranger.text);
    assert.match((await shop.ask('/')).text, />Account<.*Basket <span class="count"[^>]*>1</s);
  });

  test('files are cached for ever under the digest they have, and for minutes without', async () => {
    const [, address] = /href="(\/assets\/theme\.css\?v=[\w-]+)"/.exec((await shop.ask('/')).text)!;
    const file = await shop.ask(address!);
    assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(file.headers['content-type'], 'text/css; charset=utf-8');
    assert.equal((await shop.ask('/assets/theme.css?v=old')).headers['cache-control'], 'public, max-age=300');
    assert.equal((await shop.ask('/assets/touch-icon.png')).headers['content-type'], 'image/png');
    assert.equal((await shop.ask('/favicon.ico')).status, 200);
  });

  test('no file outside the assets can be named', async () => {
    for (const path of [
      '/assets/../origin.ts',
      '/assets/%2e%2e/origin.ts',
      '/assets//etc/passwd',
      '/assets/',
    ]) {
      assert.equal((await shop.ask(path)).status, 404, path);
    }
  });

  test('HEAD has the headers of GET and no body', async () => {
    for (const path of ['/', '/workshop', '/search?q=x', '/api/kiln']) {
      const head = await shop.ask(path, { method: 'HEAD' });
      assert.equal(head.status, 200, path);
      assert.equal(head.text, '', path);
    }
  });

  test('a method that a path does not know is refused with those it does', async () => {
    const wrong = await shop.ask('/basket/add');
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.allow, 'POST');
    assert.equal((await shop.ask('/', { method: 'DELETE' })).headers.allow, 'GET, HEAD');
  });

  test('a search page begins before its results are found', async () => {
    const page = await shop.ask('/search?q=wool');
    assert.equal(page.headers['content-length'], undefined);
    assert.match(page.pieces[0]!, /<main/);
    assert.doesNotMatch(page.pieces[0]!, /Moss blanket/);
    assert.match(page.text, /Moss blanket/);
  });

  test('the gift card page allows scripts by a nonce that is new each time', async () => {
    const nonces = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const page = await shop.ask('/gift-card');
      const [, nonce] = /script-src 'nonce-([^']+)'/.exec(page.headers['content-security-policy'] ?? '')!;
      nonces.add(nonce!);
      const scripts = [...page.text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
      assert.ok(scripts.length >= 2);
      for (const tag of scripts) assert.ok(tag.includes(`nonce="${nonce}"`), tag);
    }
    assert.equal(nonces.size, 3);
  });

  test('what a visitor wrote comes back as text', async () => {
    const hostile = `"><img src=x onerror=alert(1)>'&`;
    const query = encodeURIComponent(hostile);
    for (const path of [
      `/search?q=${query}`,
      `/gift-card?to=${query}&message=${query}`,
      `/${hostile.replaceAll(' ', '')}`,
    ]) {
      const { text } = await shop.ask(path.replaceAll('"', '%22'));
      assert.doesNotMatch(text, /<img src=x|<imgsrc=x/, path);
    }
    const form = await shop.ask('/sign-in', { form: { name: hostile, password: 'x' } });
    assert.match(form.text, /value="&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;&#39;&amp;"/);
  });

  test('the kiln sends an event at once and goes on', async () => {
    const abort = new AbortController();
    const response = await fetch(`${shop.url}/api/kiln`, { signal: abort.signal });
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    let text = '';
    for await (const chunk of response.body!) {
      text += new TextDecoder().decode(chunk);
      if (text.match(/data: /g)?.length === 2) break;
    }
    abort.abort();
    const [first] = [...text.matchAll(/data: (.*)\n\n/g)].map(
      ([, data]) => JSON.parse(data!) as { celsius: number },
    );
    assert.ok(first!.celsius > 1180 && first!.celsius < 1260);
  });
});
