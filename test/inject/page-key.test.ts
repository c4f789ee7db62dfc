import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPageKey } from '../../src/inject/page-key.ts';

const pageKey = createPageKey(Buffer.alloc(16, 1));
const html = { contentType: 'text/html', shown: true };

test('the same page has the same key, however its bytes lie in memory', () => {
  const text = Buffer.from(`<!doctype html>${'<p>text'.repeat(1000)}`);
  const shifted = Buffer.concat([Buffer.alloc(7), text]).subarray(7);
  assert.equal(pageKey(text, html), pageKey(shifted, html));
});

test('a byte more, less or other, another type, or not being shown make another key', () => {
  const text = Buffer.from('<p>some words of a page</p>');
  const other = Buffer.from(text);
  other[10]! ^= 1;
  const keys = [
    pageKey(text, html),
    pageKey(other, html),
    pageKey(text.subarray(1), html),
    pageKey(Buffer.concat([text, Buffer.alloc(1)]), html),
    pageKey(Buffer.alloc(0), html),
    pageKey(Buffer.alloc(16), html),
    pageKey(text, { ...html, shown: false }),
    pageKey(text, { ...html, contentType: 'text/html; charset=utf-8' }),
    pageKey(text, { ...html, contentType: `text/html; a=${'x'.repeat(100)}` }),
    pageKey(text, { ...html, contentType: `text/html; a=${'x'.repeat(99)}y` }),
    // what ends the type begins the body
    pageKey(Buffer.concat([Buffer.from('l'), text]), { ...html, contentType: 'text/htm' }),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

test('two processes have different keys for the same page', () => {
  const text = Buffer.from('<p>text');
  assert.notEqual(pageKey(text, html), createPageKey(Buffer.alloc(16, 2))(text, html));
});
