import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlaceFinder } from '../../src/inject/known-places.ts';
import { createPageKey } from '../../src/inject/page-key.ts';
import { type PageFacts, type Placement, placeInPage } from '../../src/inject/page-text.ts';
import { createLru } from '../../src/lib/lru.ts';
import { ask, createTestRoom, headOf, type TestRoom, takeSnippet, visit } from './harness.ts';

const facts: PageFacts = { contentType: 'text/html', shown: true };
const pageKey = createPageKey(Buffer.alloc(16, 7));
const page = (text: string) => Buffer.from(`<!doctype html><body><p>${text}</p></body>`);

/** A memory that tells what it was asked and what it remembers. */
function watch() {
  const lru = createLru<string, Placement>(100);
  let asked = 0;
  const known = {
    ...lru,
    get(key: string) {
      asked++;
      return lru.get(key);
    },
  };
  return { known, asked: () => asked, kept: () => lru.size() };
}

test('a page that comes again has its snippet where it had it, and one that is a byte longer its own', () => {
  const room = createTestRoom();
  for (const text of ['one', 'one', 'two', 'three', 'one']) {
    const body = page(text).toString();
    const { client } = visit(room, {}, { chunks: [body] });
    assert.equal(takeSnippet(client.body)!.page, body);
    assert.equal(takeSnippet(client.body)!.at, body.indexOf('</body>'));
  }
});

test('the same bytes under another type, or not shown, are judged by themselves', () => {
  const findPlace = createPlaceFinder(pageKey);
  const text = Buffer.from('only words</body>');
  for (let times = 0; times < 2; times++) {
    for (const each of [
      facts,
      { contentType: 'text/html; charset=utf-16', shown: true },
      { contentType: 'text/html', shown: false },
    ]) {
      assert.deepEqual(findPlace(text, each), placeInPage(text, each));
    }
  }
});

test('an open page is open when it comes again', () => {
  const room = createTestRoom();
  const open = '<!doctype html><textarea>';
  for (let times = 0; times < 3; times++) {
    assert.equal(visit(room, {}, { chunks: [open] }).client.body.toString(), open);
  }
  assert.deepEqual(room.outcomes, ['unclosed', 'unclosed', 'unclosed']);
});

test('pages that come again are asked for each time', () => {
  const { known, asked, kept } = watch();
  const findPlace = createPlaceFinder(pageKey, known);
  for (let i = 0; i < 1000; i++) findPlace(page(String(i % 10)), facts);
  assert.equal(asked(), 1000);
  assert.equal(kept(), 10);
});

test('pages that never come again are soon hashed no more, but for a few', () => {
  const { known, asked } = watch();
  const findPlace = createPlaceFinder(pageKey, known);
  for (let i = 0; i < 1000; i++) {
    assert.deepEqual(findPlace(page(String(i)), facts), placeInPage(page(String(i)), facts));
  }
  assert.ok(asked() < 200, `${asked()} of 1000 were hashed`);
  const before = asked();
  for (let i = 0; i < 200; i++) findPlace(page('the same'), facts);
  assert.ok(asked() - before > 100, 'it did not notice that pages come again');
});

/** The origin's connection reads into the same memory again as soon as nobody holds it. */
function visitInPieces(room: TestRoom, headers: string[], text: string, memory: Buffer) {
  const opened = ask(room);
  opened.writer.head(headOf({ headers }));
  for (let at = 0; at < text.length; at += memory.length) {
    const length = memory.write(text.slice(at, at + memory.length), 'latin1');
    opened.writer.data(memory.subarray(0, length));
    assert.equal(opened.writer.isHolding(), false);
    memory.fill('!');
  }
  opened.writer.end([]);
  return opened;
}

test('a page is a page however its length was announced, and whatever becomes of the memory it came in', () => {
  const text = `<!doctype html><body>${'<p>some text</p>'.repeat(6000)}</body>`;
  for (const length of [null, 10, text.length, text.length + 100]) {
    const room = createTestRoom();
    const headers = [
      'Content-Type',
      'text/html',
      ...(length === null ? [] : ['Content-Length', String(length)]),
    ];
    const memory = Buffer.alloc(5000);
    const opened = visitInPieces(room, headers, text, memory);
    assert.equal(takeSnippet(opened.client.body)!.page, text, String(length));
    assert.equal(opened.client.header('content-length'), String(opened.client.body.length));
  }
});

test('a page that streams is right, too, when the memory it came in is read into again', () => {
  const text = `<!doctype html><body>${'<p class="a">some text</p>'.repeat(500)}</body>\n</html>`;
  for (const bytes of [1, 7, 100, 1000]) {
    const room = createTestRoom({ bufferBytes: 10 });
    const { client } = visitInPieces(room, ['Content-Type', 'text/html'], text, Buffer.alloc(bytes));
    assert.equal(takeSnippet(client.body)!.page, text);
    assert.equal(takeSnippet(client.body)!.at, text.indexOf('</body>'));
  }
});
