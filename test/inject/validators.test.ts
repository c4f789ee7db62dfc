import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { RawHeaders } from '../../src/http/raw-headers.ts';
import { editedTag, originTag, unmarkRequest } from '../../src/inject/validators.ts';

const VERSION = '1f2e';

const TAGS: [origin: string, edited: string | null][] = [
  ['"abc"', 'W/"abc-gts1f2e"'],
  ['W/"abc"', 'W/"abc-gtw1f2e"'],
  ['""', 'W/"-gts1f2e"'],
  [' "a b,c" ', 'W/"a b,c-gts1f2e"'],
  ['W/"x-gts1f2e"', 'W/"x-gts1f2e-gtw1f2e"'],
  ['abc', null],
  ['w/"abc"', null],
  ['"a"b"', null],
];

describe('the tag of an edited page', () => {
  for (const [origin, edited] of TAGS) {
    test(`${origin} → ${edited}`, () => assert.equal(editedTag(origin, VERSION), edited));
  }

  test('gives the origin its own tag back', () => {
    const opaque = fc.string().map((text) => text.replaceAll('"', ''));
    fc.assert(
      fc.property(opaque, fc.constantFrom('', 'W/'), (text, weak) => {
        const tag = `${weak}"${text}"`;
        assert.equal(originTag(editedTag(tag, VERSION)!, VERSION), tag);
      }),
    );
  });
});

const REQUESTS: { name: string; before: RawHeaders; after: RawHeaders; marked: boolean }[] = [
  { name: 'no validators', before: ['Accept', '*/*'], after: ['Accept', '*/*'], marked: false },
  {
    name: "today's suffix",
    before: ['if-none-match', 'W/"abc-gts1f2e"'],
    after: ['if-none-match', '"abc"'],
    marked: true,
  },
  {
    name: "today's suffix of a weak tag",
    before: ['If-None-Match', 'W/"abc-gtw1f2e"'],
    after: ['If-None-Match', 'W/"abc"'],
    marked: true,
  },
  {
    name: 'a list of mixed tags',
    before: ['If-None-Match', '"x", W/"abc-gts1f2e" ,W/"old-gts0000"'],
    after: ['If-None-Match', '"x", "abc", W/"old-gts0000"'],
    marked: true,
  },
  {
    name: 'two lines',
    before: ['If-None-Match', '"x"', 'A', 'b', 'If-None-Match', 'W/"y-gtw1f2e"'],
    after: ['If-None-Match', '"x", W/"y"', 'A', 'b'],
    marked: true,
  },
  {
    name: "another version's suffix",
    before: ['If-None-Match', 'W/"abc-gts9999"'],
    after: ['If-None-Match', 'W/"abc-gts9999"'],
    marked: false,
  },
  {
    name: 'a strong tag that ends like ours',
    before: ['If-None-Match', '"abc-gts1f2e"'],
    after: ['If-None-Match', '"abc-gts1f2e"'],
    marked: false,
  },
  { name: 'a star', before: ['If-None-Match', '*'], after: ['If-None-Match', '*'], marked: false },
  {
    name: 'a list that is none',
    before: ['If-None-Match', 'W/"abc-gts1f2e" oops'],
    after: ['If-None-Match', 'W/"abc-gts1f2e" oops'],
    marked: false,
  },
  {
    name: 'If-Range with a suffix of ours takes Range with it',
    before: ['Range', 'bytes=0-9', 'If-Range', 'W/"abc-gts0000"', 'A', 'b'],
    after: ['A', 'b'],
    marked: false,
  },
  {
    name: 'If-Range of another',
    before: ['Range', 'bytes=0-9', 'If-Range', '"abc"'],
    after: ['Range', 'bytes=0-9', 'If-Range', '"abc"'],
    marked: false,
  },
];

describe('what a request says of a page that it has', () => {
  for (const { name, before, after, marked } of REQUESTS) {
    test(name, () => {
      const headers = [...before];
      assert.equal(unmarkRequest(headers, VERSION), marked);
      assert.deepEqual(headers, after);
    });
  }
});
