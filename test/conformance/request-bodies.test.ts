/** RFC 9112 §6, §7: where a request's body ends is the same for everybody, or the request is refused. */
import { forwards, refuses } from './support/case.ts';
import { ask, chunk, chunks, get, head, inChunks, post } from './support/messages.ts';

const CHUNKED = 'Transfer-Encoding: chunked';
const withCoding = (...lines: string[]) => head('POST / HTTP/1.1', 'Host: site.test', ...lines);

forwards('RFC 9112 §6.2 a length stays that length', [
  {
    it: 'a body',
    send: post('/', 'hello'),
    originSees: 'Content-Length: 5',
    originLacks: 'transfer-encoding',
    originBody: 'hello',
  },
  { it: 'no body at all', send: post('/', ''), originSees: 'Content-Length: 0', originBody: '' },
  {
    it: 'leading zeros',
    send: `${get('/', 'Content-Length: 005')}hello`,
    originBody: 'hello',
    changes: 'request',
  },
  {
    it: 'every byte',
    send: post('/', String.fromCharCode(...Array(256).keys())),
    originBody: String.fromCharCode(...Array(256).keys()),
  },
  { it: 'a body that looks like a request', send: post('/', get('/smuggled')), originBody: get('/smuggled') },
  { it: 'a body that looks like chunks', send: post('/', chunks('x')), originBody: chunks('x') },
  { it: '64 KB and more', send: post('/', 'x'.repeat(100_000)), originBody: 'x'.repeat(100_000) },
  { it: 'GET with a body', send: `${get('/', 'Content-Length: 4')}body`, originBody: 'body' },
  { it: 'DELETE with a body', send: `${ask('DELETE', '/', 'Content-Length: 4')}body`, originBody: 'body' },
  { it: 'OPTIONS with a body', send: `${ask('OPTIONS', '/x', 'Content-Length: 4')}body`, originBody: 'body' },
  {
    it: 'an HTTP/1.0 POST',
    send: `${head('POST / HTTP/1.0', 'Host: a', 'Content-Length: 4')}body`,
    originBody: 'body',
    closes: true,
    changes: 'response',
  },
  {
    it: 'Content_Length and Transfer_Encoding frame nothing',
    send: ask('POST', '/', 'Content_Length: 5', 'Transfer_Encoding: chunked'),
    originLacks: ['content-length', 'transfer-encoding'],
  },
  {
    it: 'neither a length nor chunks is no body',
    send: ask('POST'),
    originLacks: ['content-length', 'transfer-encoding'],
  },
  {
    it: 'a content coding is the site’s',
    send: post('/', '\x1f\x8b', 'Content-Encoding: gzip'),
    originSees: 'Content-Encoding: gzip',
    originBody: '\x1f\x8b',
  },
]);

forwards('RFC 9112 §7.1 chunks stay chunks', [
  {
    it: 'chunks',
    send: inChunks(chunks('hello ', 'world')),
    originSees: CHUNKED,
    originLacks: 'content-length',
    originBody: 'hello world',
  },
  { it: 'none', send: inChunks(chunks()), originSees: CHUNKED, originBody: '' },
  {
    it: 'a capital',
    send: withCoding('Transfer-Encoding: Chunked') + chunks('x'),
    originSees: CHUNKED,
    originBody: 'x',
  },
  {
    it: 'white space before the word',
    send: withCoding('Transfer-Encoding: \t chunked') + chunks('x'),
    originSees: CHUNKED,
    originBody: 'x',
  },
  {
    it: 'a name in capitals',
    send: withCoding('TRANSFER-ENCODING: chunked') + chunks('x'),
    originSees: CHUNKED,
    originBody: 'x',
  },
  {
    it: 'sizes in capitals and with zeros in front',
    send: inChunks('0000A\r\n0123456789\r\n000\r\n\r\n'),
    originBody: '0123456789',
  },
  { it: 'extensions end at us', send: inChunks('1;name=value\r\nx\r\n0;last\r\n\r\n'), originBody: 'x' },
  { it: 'a quoted extension', send: inChunks('1;a="b;c"\r\nx\r\n0\r\n\r\n'), originBody: 'x' },
  { it: 'a GET in chunks', send: get('/', CHUNKED) + chunks('x'), originSees: CHUNKED, originBody: 'x' },
  {
    it: 'a chunk that looks like the end',
    send: inChunks(chunks('0\r\n\r\n', get('/smuggled'))),
    originBody: `0\r\n\r\n${get('/smuggled')}`,
  },
  {
    it: 'a chunk of 100,000 bytes',
    send: inChunks(chunks('x'.repeat(100_000))),
    originBody: 'x'.repeat(100_000),
  },
  {
    it: 'three thousand chunks of a byte',
    send: inChunks(chunks(...Array(3000).fill('x'))),
    originBody: 'x'.repeat(3000),
  },
]);

refuses('RFC 9112 §6.3 two framings, or one that can be read in two ways', [
  { it: 'a length and chunks', send: withCoding('Content-Length: 5', CHUNKED) + chunks(), gets: 400 },
  { it: 'chunks and a length', send: withCoding(CHUNKED, 'Content-Length: 5') + chunks(), gets: 400 },
  {
    it: 'a length of nothing and chunks',
    send: withCoding('Content-Length: 0', CHUNKED) + chunks('x'),
    gets: 400,
  },
  { it: 'two lengths', send: withCoding('Content-Length: 1', 'Content-Length: 2') + 'ab', gets: 400 },
  {
    it: 'two lengths that agree',
    send: withCoding('Content-Length: 1', 'content-length: 1') + 'a',
    gets: 400,
  },
  { it: 'a list of lengths', send: withCoding('Content-Length: 1, 1') + 'a', gets: 400 },
  { it: 'an empty length', send: withCoding('Content-Length:'), gets: 400 },
  { it: 'a negative length', send: withCoding('Content-Length: -1'), gets: 400 },
  { it: 'a signed length', send: withCoding('Content-Length: +1') + 'a', gets: 400 },
  { it: 'a hexadecimal length', send: withCoding('Content-Length: 0x1') + 'a', gets: 400 },
  { it: 'a length with a point', send: withCoding('Content-Length: 1.0') + 'a', gets: 400 },
  { it: 'a length with a space in it', send: withCoding('Content-Length: 1 1') + 'a', gets: 400 },
  { it: 'a length with an underscore', send: withCoding('Content-Length: 1_1') + 'a', gets: 400 },
  { it: 'a length in quotes', send: withCoding('Content-Length: "1"') + 'a', gets: 400 },
  { it: 'a length of 20 digits', send: withCoding('Content-Length: 99999999999999999999'), gets: 400 },
  {
    it: 'a length that wraps to 1',
    send: withCoding('Content-Length: 18446744073709551617') + 'a',
    gets: 400,
  },
  { it: 'a length with a control character', send: withCoding('Content-Length: \x0b1') + 'a', gets: 400 },
]);

refuses('RFC 9112 §6.1 transfer codings that we do not end', [
  { it: 'gzip below chunked', send: withCoding('Transfer-Encoding: gzip, chunked') + chunks(), gets: 501 },
  {
    it: 'gzip below chunked in two lines',
    send: withCoding('Transfer-Encoding: gzip', CHUNKED) + chunks(),
    gets: 501,
  },
  {
    it: 'identity below chunked',
    send: withCoding('Transfer-Encoding: identity, chunked') + chunks(),
    gets: 501,
  },
  { it: 'nothing below chunked', send: withCoding('Transfer-Encoding: ,chunked') + chunks(), gets: 501 },
]);

refuses('RFC 9112 §6.3 rule 4: chunked is not the last coding, or is not chunked', [
  { it: 'gzip above chunked', send: withCoding('Transfer-Encoding: chunked, gzip') + chunks(), gets: 400 },
  {
    it: 'identity above chunked',
    send: withCoding('Transfer-Encoding: chunked, identity') + chunks(),
    gets: 400,
  },
  {
    it: 'identity above chunked in two lines',
    send: withCoding(CHUNKED, 'Transfer-Encoding: identity') + chunks(),
    gets: 400,
  },
  { it: 'chunked twice', send: withCoding('Transfer-Encoding: chunked, chunked') + chunks(), gets: 400 },
  { it: 'chunked twice in two lines', send: withCoding(CHUNKED, CHUNKED) + chunks(), gets: 400 },
  { it: 'identity', send: withCoding('Transfer-Encoding: identity'), gets: 400 },
  { it: 'gzip', send: withCoding('Transfer-Encoding: gzip'), gets: 400 },
  { it: 'xchunked', send: withCoding('Transfer-Encoding: xchunked') + chunks(), gets: 400 },
  {
    it: 'chunked with a parameter',
    send: withCoding('Transfer-Encoding: chunked;q=1') + chunks(),
    gets: 400,
  },
  { it: 'chunked in quotes', send: withCoding('Transfer-Encoding: "chunked"') + chunks(), gets: 400 },
  { it: 'a comma behind', send: withCoding('Transfer-Encoding: chunked,') + chunks(), gets: 400 },
  { it: 'empty', send: withCoding('Transfer-Encoding:'), gets: 400 },
  { it: 'a vertical tab in front', send: withCoding('Transfer-Encoding: \x0bchunked') + chunks(), gets: 400 },
  { it: 'a form feed behind', send: withCoding('Transfer-Encoding: chunked\x0c') + chunks(), gets: 400 },
  { it: 'a NUL behind', send: withCoding('Transfer-Encoding: chunked\0') + chunks(), gets: 400 },
  {
    it: 'a no-break space in front',
    send: withCoding('Transfer-Encoding: \xa0chunked') + chunks(),
    gets: 400,
  },
  { it: 'folded', send: withCoding('Transfer-Encoding:', ' chunked') + chunks(), gets: 400 },
  {
    it: 'folded into another header',
    send: withCoding('X: y', ' Transfer-Encoding: chunked') + chunks(),
    gets: 400,
  },
  { it: 'a space before the colon', send: withCoding('Transfer-Encoding : chunked') + chunks(), gets: 400 },
  { it: 'a tab before the colon', send: withCoding('Transfer-Encoding\t: chunked') + chunks(), gets: 400 },
  { it: 'a space before the name', send: withCoding(' Transfer-Encoding: chunked') + chunks(), gets: 400 },
  { it: 'a bare CR before it', send: withCoding('X: y\rTransfer-Encoding: chunked') + chunks(), gets: 400 },
  { it: 'a bare LF before it', send: withCoding('X: y\nTransfer-Encoding: chunked') + chunks(), gets: 400 },
  { it: 'in HTTP/1.0', send: head('POST / HTTP/1.0', 'Host: a', CHUNKED) + chunks(), gets: 400 },
  {
    it: 'in HTTP/1.0 with a length',
    send: head('POST / HTTP/1.0', 'Host: a', CHUNKED, 'Content-Length: 5') + chunks(),
    gets: 400,
  },
]);

const half = (it: string, wire: string, gets = 400) => ({
  it,
  send: inChunks(wire),
  gets,
  reaches: 'half' as const,
});
refuses('RFC 9112 §7.1 chunks that are none', [
  half('a size that is no number', 'zz\r\n'),
  half('no size', '\r\nx\r\n0\r\n\r\n'),
  half('a sign', '+1\r\nx\r\n0\r\n\r\n'),
  half('a minus', '-1\r\nx\r\n0\r\n\r\n'),
  half('0x', '0x1\r\nx\r\n0\r\n\r\n'),
  half('an underscore', '1_0\r\nx\r\n0\r\n\r\n'),
  half('a space in front', ' 1\r\nx\r\n0\r\n\r\n'),
  half('a size of 17 digits', '10000000000000001\r\nx\r\n0\r\n\r\n'),
  half('a size of 2^64 + 1', '10000000000000000000000001\r\nx\r\n0\r\n\r\n'),
  half('a size line that ends in LF alone', '1\nx\r\n0\r\n\r\n'),
  half('a size line with a bare CR', '1\rx\r\n0\r\n\r\n'),
  half('a chunk that is longer than its size', '1\r\nxy\r\n0\r\n\r\n'),
  half('a chunk that ends in LF alone', '1\r\nx\n0\r\n\r\n'),
  half('a chunk without an end', '1\r\nx0\r\n\r\n'),
  half('an extension with a bare LF', '1;a\nb\r\nx\r\n0\r\n\r\n'),
  half('an extension with a bare CR', '1;a\rb\r\nx\r\n0\r\n\r\n'),
  half('an extension with a NUL', '1;a\0b\r\nx\r\n0\r\n\r\n'),
  half('an extension without end', `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`, 413),
  half('a last chunk that ends in LF alone', `${chunk('x')}0\n\r\n`),
  half('a trailer section that ends in LF alone', `${chunk('x')}0\r\n\n`),
  half('a trailer without a colon', `${chunk('x')}0\r\nX-A\r\n\r\n`),
  half('a trailer with a space before the colon', `${chunk('x')}0\r\nX-A : b\r\n\r\n`),
  half('a folded trailer', `${chunk('x')}0\r\nX-A: b\r\n c\r\n\r\n`),
  half('a trailer with a NUL', `${chunk('x')}0\r\nX-A: a\0b\r\n\r\n`),
  half('a request for a trailer', `${chunk('x')}0\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`),
]);

refuses('RFC 9110 §6.5.1 a trailer that would frame the message', [
  half('Content-Length', `${chunk('x')}0\r\nContent-Length: 50\r\n\r\n`),
  half('Transfer-Encoding', `${chunk('x')}0\r\nTransfer-Encoding: chunked\r\n\r\n`),
]);

const TRAILERS = ['Host: evil.test', 'Authorization: Basic eDp5', 'Cookie: a=b', 'X-Forwarded-For: 1.2.3.4'];
forwards(
  'RFC 9110 §6.5.1 a trailer never becomes a header',
  TRAILERS.map((line) => ({
    it: line,
    send: inChunks(`${chunk('x')}0\r\n${line}\r\n\r\n`),
    originSees: ['Host: site.test', 'X-Forwarded-For: 127.0.0.1'],
    originLacks: ['authorization', 'cookie'],
    originBody: 'x',
  })),
);

forwards('RFC 9110 §10.1.1 Expect', [
  {
    it: 'means nothing in HTTP/1.0',
    send: head('POST / HTTP/1.0', 'Host: a', 'Expect: 100-continue', 'Content-Length: 4') + 'body',
    originBody: 'body',
    closes: true,
    changes: 'both',
  },
]);
