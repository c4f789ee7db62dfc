/** What makes a clear request doubtful: the shapes of request smuggling and of malformed messages, a row each. */
import { type Change, inChunks, withLength } from './grammar.ts';

const CODINGS = [
  ...[
    'xchunked',
    'chunked, identity',
    'chunked, gzip',
    'identity',
    'gzip',
    'gzip, chunked',
    'identity, chunked',
  ],
  ...[
    'chunked;q=1',
    '"chunked"',
    'chunked,',
    ',chunked',
    '\x0bchunked',
    'chunked\x0c',
    'chunked\0',
    '\xa0chunked',
  ],
  ...[
    'chunked chunked',
    'chunked\r\n identity',
    '\r\n chunked',
    'chunked\x01',
    'cow',
    'chun\tked',
    'chunked, chunked',
  ],
];
const NAMES = [
  ...[
    'Transfer-Encoding ',
    'Transfer-Encoding\t',
    ' Transfer-Encoding',
    '\tTransfer-Encoding',
    'Transfer-Encoding\0',
  ],
  ...[
    'Transfer-Encoding\x0b',
    'X: y\rTransfer-Encoding',
    'X: y\nTransfer-Encoding',
    'X: y\r\n Transfer-Encoding',
  ],
];
const LENGTHS = [
  ...[
    '+N',
    '-N',
    '0xN',
    'N, N',
    'N,',
    'N N',
    'N.0',
    'Ne0',
    '"N"',
    '',
    '\x0bN',
    'N\0',
    'N;',
    '99999999999999999999',
    'N_',
  ],
];
const SIZES = [
  '+N',
  '-N',
  '0xN',
  ' N',
  'N_',
  'g',
  '',
  'N\0',
  'FFFFFFFFFFFFFFFFF',
  '10000000000000000N',
  'N N',
  'N,',
];
const TARGETS = [
  '/a b',
  '/a#b',
  '/a\0',
  '/a\tb',
  '/a\x7f',
  'a',
  '*a',
  'http://other.test/',
  'http://site.test@other.test/',
  '/a\rb',
];
const HOSTS = [
  'a/b',
  'u@site.test',
  'site.test, b',
  'site.test b',
  'a:b',
  '[::1',
  'site.test\0',
  'http://site.test',
];
const LINES = [
  'X-A',
  ': a',
  'X A: b',
  'X-A : b',
  'X-A: a\0b',
  'X-A: a\rb',
  'X\xe9: a',
  'X-A: 1\r\n 2',
  ' X-A: b',
  'X-A: \x08',
];
const VERSIONS = [
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.2',
  'HTTP/1.1 ',
  'http/1.1',
  'HTTP/1',
  'HTTP/11',
  'HTTP/1.1\t',
];
const METHODS = ['get', 'GETT', 'G ET', 'GET\t', 'CONNECT', 'TRACE', '\0GET', 'GET:', '"GET"', 'P\xf6ST'];

const numbered = (text: string, number: string) => text.replaceAll('N', number);

export const CHANGES: readonly Change[] = [
  ...CODINGS.map((coding) =>
    change(`coding ${coding}`, (parts, random) => {
      inChunks(parts, random);
      parts.framing = [`Transfer-Encoding: ${coding}`];
    }),
  ),
  ...NAMES.map((name) =>
    change(`name ${name}`, (parts, random) => {
      inChunks(parts, random);
      parts.framing = [`${name}: chunked`];
    }),
  ),
  ...LENGTHS.map((length) =>
    change(`length ${length}`, (parts, random) => {
      withLength(parts, random);
      parts.framing = [`Content-Length: ${numbered(length, String(parts.body.length))}`];
    }),
  ),
  ...SIZES.map((size) =>
    change(`chunk size ${size}`, (parts, random) => {
      inChunks(parts, random);
      parts.wireBody = parts.wireBody.replace(/^[0-9a-f]+/i, (digits) => numbered(size, digits));
    }),
  ),
  ...TARGETS.map((target) =>
    change(`target ${target}`, (parts) => {
      parts.target = target;
    }),
  ),
  ...HOSTS.map((host) =>
    change(`Host ${host}`, (parts) => {
      parts.headers[0] = `Host: ${host}`;
    }),
  ),
  ...LINES.map((line) =>
    change(`line ${line}`, (parts, random) => {
      parts.headers.splice(1 + random.below(parts.headers.length), 0, line);
    }),
  ),
  ...VERSIONS.map((version) =>
    change(`version ${version}`, (parts) => {
      parts.version = version;
    }),
  ),
  ...METHODS.map((method) =>
    change(`method ${method}`, (parts) => {
      parts.method = method;
    }),
  ),
  change('a length and chunks', (parts, random) => {
    inChunks(parts, random);
    parts.framing.unshift(`Content-Length: ${random.pick([0, 4, parts.wireBody.length, parts.body.length])}`);
  }),
  change('chunks and a length', (parts, random) => {
    inChunks(parts, random);
    parts.framing.push(`Content-Length: ${random.pick([0, 4, parts.wireBody.length, parts.body.length])}`);
  }),
  change('two lengths', (parts, random) => {
    withLength(parts, random);
    parts.framing.push(`Content-Length: ${random.pick([0, 1, parts.body.length])}`);
  }),
  change('chunks in HTTP/1.0', (parts, random) => {
    inChunks(parts, random);
    parts.version = 'HTTP/1.0';
  }),
  change('chunked in two lines', (parts, random) => {
    inChunks(parts, random);
    parts.framing.push(parts.framing[0]!);
  }),
  change('chunk lines that end in LF', (parts, random) => {
    inChunks(parts, random);
    parts.wireBody = parts.wireBody.replace('\r\n', '\n');
  }),
  change('chunk lines that end in CR', (parts, random) => {
    inChunks(parts, random);
    parts.wireBody = parts.wireBody.replace('\r\n', '\r');
  }),
  change('a chunk that is longer than its size', (parts, random) => {
    inChunks(parts, random);
    parts.wireBody = parts.wireBody.replace('\r\n', '\r\nlonger');
  }),
  change('an extension with a LF', (parts, random) => {
    inChunks(parts, random);
    parts.wireBody = parts.wireBody.replace('\r\n', ';a\nb\r\n');
  }),
  change('a trailer that frames', (parts, random) => {
    inChunks(parts, random);
    parts.wireBody = parts.wireBody.replace(
      /0\r\n(?:X-Trailer: t\r\n)?\r\n$/,
      '0\r\nContent-Length: 5\r\n\r\n',
    );
  }),
  change('a trailer that is none', (parts, random) => {
    inChunks(parts, random);
    parts.wireBody = parts.wireBody.replace(/0\r\n(?:X-Trailer: t\r\n)?\r\n$/, '0\r\nX Trailer\r\n\r\n');
  }),
  change('no Host', (parts) => void parts.headers.shift()),
  change(
    'two Hosts',
    (parts, random) => void parts.headers.push(random.pick(['Host: site.test', 'host: other.test'])),
  ),
  change('Connection lists framing', (parts, random) => {
    parts.headers.push(`Connection: ${random.pick(['Host', 'content-length', 'close, Transfer-Encoding'])}`);
  }),
  change('a header of 70 KB', (parts) => void parts.headers.push(`X-A: ${'a'.repeat(70_000)}`)),
  change('20,000 headers', (parts) => void parts.headers.push(...Array<string>(20_000).fill('a: b'))),
  change('our own Via', (parts) => void parts.headers.push('Via: 1.1 gotrack')),
];

function change(name: string, apply: Change['apply']): Change {
  return { name: JSON.stringify(name), apply };
}
