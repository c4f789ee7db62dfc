import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createResponseParser } from '../../../src/proxy/origin/response-parser.ts';

type Heard = {
  heads: { status: number; reason: string; headers: string[]; keepAlive: boolean }[];
  body: string;
  end: { trailers: string[]; surplus: boolean } | null;
  fault: string | null;
};

/** What a parser tells of these bytes, handed over in the pieces that `cuts` makes of them. */
function hear(text: string, { method = 'GET', cuts = [] as number[], closed = false } = {}): Heard {
  const heard: Heard = { heads: [], body: '', end: null, fault: null };
  const parser = createResponseParser({
    onHead: ({ status, reason, headers, keepAlive }) =>
      heard.heads.push({ status, reason, headers, keepAlive }),
    onData: (chunk) => {
      heard.body += chunk.toString('latin1');
    },
    onEnd: (trailers, surplus) => {
      heard.end = { trailers, surplus };
    },
    onFault: (fault) => {
      heard.fault = fault;
    },
  });
  parser.expect(method);
  const bytes = Buffer.from(text, 'latin1');
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut > from) parser.execute(Buffer.from(bytes.subarray(from, cut)));
    from = Math.max(from, cut);
  }
  if (closed) parser.finish();
  return heard;
}

const head = (...lines: string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;

const ACCEPTED: [
  name: string,
  text: string,
  expected: Partial<Heard>,
  options?: { method?: string; closed?: boolean },
][] = [
  ['a counted body (RFC 9112 §6.2)', `${head('Content-Length: 5')}hello`, { body: 'hello' }],
  ['an empty body', head('Content-Length: 0'), { body: '' }],
  [
    'a chunked body (§7.1)',
    `${head('Transfer-Encoding: chunked')}5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n`,
    { body: 'hello!' },
  ],
  [
    'trailers (§7.1.2)',
    `${head('Transfer-Encoding: chunked')}1\r\na\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n`,
    { body: 'a', end: { trailers: ['X-Sum', '1', 'X-More', '2'], surplus: false } },
  ],
  ['a body until close (§6.3)', `${head('X: y')}all of it`, { body: 'all of it' }, { closed: true }],
  ['no body for HEAD', head('Content-Length: 500'), { body: '' }, { method: 'HEAD' }],
  ['no body for 204', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', { body: '' }],
  ['no body for 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', { body: '' }],
  ['equal lengths in one value (RFC 9110 §8.6)', `${head('Content-Length: 2, 2')}ok`, { body: 'ok' }],
  ['equal lengths in two lines', `${head('Content-Length: 2', 'content-length: 2')}ok`, { body: 'ok' }],
];

for (const [name, text, expected, options] of ACCEPTED) {
  test(`reads ${name}`, () => {
    const heard = hear(text, options);
    assert.equal(heard.fault, null);
    assert.deepEqual(heard.end, { trailers: [], surplus: false, ...expected.end });
    assert.equal(heard.body, expected.body);
  });
}

const REFUSED: [name: string, text: string][] = [
  ['another protocol', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['a version of two digits', 'HTTP/1.10 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status under 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['a line feed alone (§2.2)', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['a carriage return alone', 'HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n'],
  ['NUL in a value', head('X: a\0b', 'Content-Length: 0')],
  ['a header without a colon', head('nonsense')],
  ['a header without a name', head(': value')],
  ['a space within a name', head('a b: c')],
  ['a folded first line', 'HTTP/1.1 200 OK\r\n folded: x\r\n\r\n'],
  ['a length that is none', head('Content-Length: 5x')],
  ['a negative length', head('Content-Length: -1')],
  ['a length with a plus', head('Content-Length: +5')],
  ['an empty length', head('Content-Length:')],
  ['two lengths that differ', head('Content-Length: 5', 'Content-Length: 6')],
  ['a coding that is not chunked', head('Transfer-Encoding: gzip')],
  ['a length beside chunks (§6.3)', `${head('Content-Length: 9', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['chunked twice', head('Transfer-Encoding: chunked, chunked')],
  ['chunked in HTTP/1.0 (§6.1)', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a chunk size that is none', `${head('Transfer-Encoding: chunked')}z\r\n`],
  ['an empty chunk size', `${head('Transfer-Encoding: chunked')}\r\n`],
  ['a chunk size with a sign', `${head('Transfer-Encoding: chunked')}+5\r\nhello\r\n`],
  ['a chunk size with 0x', `${head('Transfer-Encoding: chunked')}0x5\r\nhello\r\n`],
  ['a chunk longer than its size', `${head('Transfer-Encoding: chunked')}2\r\nhello\r\n`],
  ['a chunk line that ends in a line feed', `${head('Transfer-Encoding: chunked')}2\nhe\r\n`],
  ['a trailer without a colon', `${head('Transfer-Encoding: chunked')}0\r\nnonsense\r\n\r\n`],
  ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ['a head over 64 KB', head(`X: ${'a'.repeat(70_000)}`)],
];

for (const [name, text] of REFUSED) {
  test(`refuses ${name}`, () => {
    const heard = hear(text);
    assert.notEqual(heard.fault, null);
    assert.equal(heard.end, null);
  });
}

test('a body that is cut is never said to be whole', () => {
  for (const text of [
    `${head('Content-Length: 5')}hel`,
    `${head('Transfer-Encoding: chunked')}5\r\nhel`,
    'HTTP/1.1 2',
  ]) {
    assert.equal(hear(text, { closed: true }).end, null, text);
  }
});

test('headers keep their order, case, duplicates and Latin-1 bytes; white space around values goes', () => {
  const { heads } = hear(
    head('Set-Cookie: a=1', 'X-Ä: no', 'Content-Length: 0').replace('X-Ä: no', 'set-COOKIE:\t b=\xe9 '),
  );
  assert.deepEqual(heads[0]!.headers, ['Set-Cookie', 'a=1', 'set-COOKIE', 'b=\xe9', 'Content-Length', '0']);
});

test('white space before a colon and folded lines are mended (§5.1, §5.2)', () => {
  const { heads } = hear(head('X-A : 1', 'X-B: 2', '  3', 'Content-Length: 0'));
  assert.deepEqual(heads[0]!.headers.slice(0, 4), ['X-A', '1', 'X-B', '2 3']);
});

test('a missing reason is no reason, with and without the space before it', () => {
  for (const line of ['HTTP/1.1 200 ', 'HTTP/1.1 200']) {
    const { heads, fault } = hear(`${line}\r\nContent-Length: 0\r\n\r\n`);
    assert.equal(fault, null);
    assert.equal(heads[0]!.reason, '');
  }
});

test('1xx responses come before the final one', () => {
  const { heads, body } = hear(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${head('Content-Length: 1')}x`);
  assert.deepEqual(
    heads.map(({ status }) => status),
    [103, 200],
  );
  assert.equal(body, 'x');
});

test('what follows a response that nobody asked for is said, and never read as the next one', () => {
  const heard = hear(`${head('Content-Length: 1')}x${head('Content-Length: 6')}poison`);
  assert.deepEqual(heard.end, { trailers: [], surplus: true });
  assert.equal(heard.heads.length, 1);
});

const KEEP_ALIVE: [text: string, keepAlive: boolean][] = [
  [head('Content-Length: 0'), true],
  [head('Content-Length: 0', 'Connection: close'), false],
  [head('Content-Length: 0', 'Connection: keep-alive, Close'), false],
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', false],
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n', true],
  [head('X: until close'), false],
];

test('a connection is kept exactly where RFC 9112 §9.3 keeps it', () => {
  for (const [text, keepAlive] of KEEP_ALIVE) assert.equal(hear(text).heads[0]!.keepAlive, keepAlive, text);
});

test('however the bytes are cut, the same is heard', () => {
  const texts = [
    ...ACCEPTED.map(([, text]) => text),
    ...REFUSED.map(([, text]) => text).filter((text) => text.length < 500),
  ];
  const any = fc.constantFrom(...texts).chain((text) => {
    const cut = fc.integer({ min: 0, max: text.length });
    return fc.tuple(fc.constant(text), fc.array(cut, { maxLength: 12 }));
  });
  fc.assert(
    fc.property(any, ([text, cuts]) => {
      const whole = hear(text);
      const cutUp = hear(text, { cuts: cuts.sort((a, b) => a - b) });
      assert.equal(cutUp.body, whole.body);
      assert.deepEqual(cutUp.heads, whole.heads);
      assert.equal(cutUp.fault === null, whole.fault === null);
      assert.deepEqual(cutUp.end?.trailers, whole.end?.trailers);
    }),
    { numRuns: 1000 },
  );
});
