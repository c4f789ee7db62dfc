import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containsAscii } from '../../src/inject/charset.ts';
import { isPage } from '../../src/inject/page-prefix.ts';

const HTML = '<!doctype html><p>x';
const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const bytes = (...values: (number[] | string)[]) =>
  Buffer.concat(values.map((value) => (typeof value === 'string' ? Buffer.from(value) : Buffer.from(value))));

const CHARSETS: [name: string, prefix: Buffer, contentType: string, ascii: boolean][] = [
  ['nothing said', bytes(HTML), 'text/html', true],
  ['UTF-8 by header', bytes(HTML), 'text/html; charset=UTF-8', true],
  ['Shift_JIS by header', bytes(HTML), 'text/html;charset=Shift_JIS', true],
  ['GB18030 by header in quotes', bytes(HTML), 'text/html; charset="gb18030"', true],
  ['UTF-16 by header', bytes(HTML), 'text/html; charset=utf-16', false],
  ['UTF-16BE by header', bytes(HTML), 'text/html; Charset=UTF-16BE', false],
  ['UTF-32 by header', bytes(HTML), 'text/html; charset=utf-32', false],
  ['UTF-7 by header', bytes(HTML), 'text/html; charset=utf-7', false],
  ['ISO-2022-JP by header', bytes(HTML), 'text/html; charset=ISO-2022-JP', false],
  ['HZ by header', bytes(HTML), 'text/html; charset=hz-gb-2312', false],
  ["UTF-8's long label", bytes(HTML), 'text/html; charset=unicode-1-1-utf-8', true],
  ["UTF-16's short label", bytes(HTML), 'text/html; charset=unicode', false],
  ['UTF-8 by mark over UTF-16 by header', bytes([0xef, 0xbb, 0xbf], HTML), 'text/html; charset=utf-16', true],
  ['UTF-16LE by mark over UTF-8 by header', bytes([0xff, 0xfe], HTML), 'text/html; charset=utf-8', false],
  ['UTF-16BE by mark', bytes([0xfe, 0xff], HTML), 'text/html', false],
  ['UTF-7 by mark', bytes('+/v8-', HTML), 'text/html', false],
  ['UTF-16 without a mark', utf16(HTML), 'text/html', false],
  ['ISO-2022-JP by meta', bytes('<meta charset="iso-2022-jp">'), 'text/html', false],
  ['UTF-16 by meta', bytes('<meta charset=utf-16>'), 'text/html', false],
  ['windows-1252 by meta', bytes('<meta charset=windows-1252>'), 'text/html', true],
  [
    'ISO-2022-KR by an old meta',
    bytes('<META http-equiv=Content-Type content="text/html; charset=iso-2022-kr">'),
    'text/html',
    false,
  ],
  [
    'UTF-8 by header over ISO-2022-JP by meta',
    bytes('<meta charset=iso-2022-jp>'),
    'text/html; charset=utf-8',
    true,
  ],
  [
    'a header that names none, then meta',
    bytes('<meta charset=iso-2022-jp>'),
    'text/html; charset=nonsense',
    false,
  ],
  ['a header that names none', bytes(HTML), 'text/html; charset=nonsense', true],
];

describe('encodings that contain ASCII', () => {
  for (const [name, prefix, contentType, ascii] of CHARSETS) {
    test(`${name}: ${ascii ? 'yes' : 'no'}`, () => assert.equal(containsAscii(prefix, contentType), ascii));
  }
});

const PAGES: [name: string, prefix: string, shown: boolean, page: boolean][] = [
  ['a doctype', '<!DOCTYPE html><p>', false, true],
  ['an html tag', '<!-- x --><HTML lang=en>', false, true],
  ['a head tag', '<head><title>', false, true],
  ['a body tag', 'text <body class=x>', false, true],
  ['a fragment', '<div>x</div>', false, false],
  ['a fragment that the browser shows', '<div>x</div>', true, true],
  ['plain text that the browser shows', 'hello', true, true],
  ['a tag that only begins like one', '<header><header-x><bodyguard><html5>', false, false],
  ['JSON', ' {"html": "<html>"}', true, false],
  ['a JSON list', '\n[1, "<body>"]', true, false],
  ['nothing', '', true, false],
  ['white space', ' \r\n\t ', true, false],
  ['a mark before JSON', '\u00ef\u00bb\u00bf{"a":1}', true, false],
  ['a mark before a page', '\u00ef\u00bb\u00bf<!doctype html>', false, true],
  ['a mark alone', '\u00ef\u00bb\u00bf', true, false],
];

describe('what is a page', () => {
  for (const [name, prefix, shown, page] of PAGES) {
    test(`${name}: ${page ? 'yes' : 'no'}`, () => assert.equal(isPage(prefix, shown), page));
  }
});
