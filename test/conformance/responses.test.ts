/** RFC 9112 §4, §6, §7, RFC 9110 §15: what an origin answers reaches the client as it came, or not at all. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ok, type Script } from '../support/origin.ts';
import { start } from '../support/proxy.ts';
import { connect, roundTrip } from '../support/raw-client.ts';
import { forwards } from './support/case.ts';
import { answer, ask, chunk, chunks, get, head } from './support/messages.ts';

const TE = 'Transfer-Encoding: chunked';
const GET = get('/');
/** An answer that the end of the connection ends. */
const untilClose =
  (text: string): Script =>
  (_request, socket) =>
    void socket.end(text, 'latin1');

forwards('RFC 9112 §4 status lines', [
  { it: '200 with a reason of its own', send: GET, answers: answer('200 All Is Well', 'ok') },
  { it: 'no reason', send: GET, answers: answer('200 ', 'ok') },
  { it: 'a reason in Latin-1', send: GET, answers: answer('200 Tr\xe8s bien', 'ok') },
  { it: 'a status that nobody knows', send: GET, answers: answer('299 Fine', 'ok') },
  { it: 'a status above all classes', send: GET, answers: answer('799 Odd', 'ok') },
  ...[
    '201 Created',
    '202 Accepted',
    '203 X',
    '207 Multi-Status',
    '400 Bad',
    '401 Unauthorized',
    '402 Pay',
    '403 Forbidden',
    '404 Not Found',
    '409 Conflict',
    '410 Gone',
    '418 Teapot',
    '421 Misdirected Request',
    '429 Many',
    '451 X',
    '500 Oops',
    '502 Theirs',
    '503 Away',
    '504 Late',
    '511 X',
  ].map((status) => ({
    it: `${status} is the site’s`,
    send: GET,
    answers: answer(status, 'theirs', 'Retry-After: 5'),
    clientBody: 'theirs',
  })),
]);

forwards('RFC 9110 §15.4 redirects are passed on, never followed', [
  ...['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent'].map((status) => ({
    it: status,
    send: GET,
    answers: answer(status, '', 'Location: http://site.test/elsewhere'),
    clientSees: 'Location: http://site.test/elsewhere',
  })),
  {
    it: 'a relative Location stays relative',
    send: GET,
    answers: answer('302 Found', '', 'Location: ../x?a=%2F#y'),
  },
  {
    it: 'a Location to the origin’s own address stays (HOST_HEADER=client)',
    send: GET,
    answers: answer('302 Found', '', 'Location: http://127.0.0.1:3000/x'),
  },
  {
    it: 'Refresh and Content-Location stay',
    send: GET,
    answers: answer('200 OK', 'ok', 'Refresh: 5; url=http://a.test/', 'Content-Location: /b'),
  },
  { it: '300 with a body', send: GET, answers: answer('300 Multiple Choices', 'choose') },
]);

forwards('RFC 9110 §5 headers of an answer: order, case, duplicates and bytes', [
  {
    it: 'order and case',
    send: GET,
    answers: answer('200 OK', 'ok', 'server: x', 'ETag: "a"', 'X-b: 2', 'x-A: 1'),
  },
  {
    it: 'two Set-Cookie lines',
    send: GET,
    answers: answer('200 OK', 'ok', 'Set-Cookie: a=1; Path=/', 'X-M: 1', 'set-cookie: b=2, c'),
    clientSees: ['Set-Cookie: a=1; Path=/', 'X-M: 1', 'set-cookie: b=2, c'],
  },
  {
    it: 'Latin-1 in Content-Disposition',
    send: GET,
    answers: answer('200 OK', 'ok', 'Content-Disposition: attachment; filename="caf\xe9.txt"'),
  },
  {
    it: 'Content-Disposition behind the length',
    send: GET,
    answers: `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Disposition: attachment; filename="caf\xe9.txt"')}ok`,
  },
  { it: 'UTF-8 as its bytes', send: GET, answers: answer('200 OK', 'ok', 'X-A: \xe2\x98\x83') },
  { it: 'an empty value', send: GET, answers: answer('200 OK', 'ok', 'X-Empty:') },
  {
    it: 'two Cache-Control lines',
    send: GET,
    answers: answer('200 OK', 'ok', 'Cache-Control: private', 'Cache-Control: max-age=0'),
  },
  {
    it: 'Date stays what it is',
    send: GET,
    answers: answer('200 OK', 'ok', 'Date: Tue, 15 Nov 1994 08:12:31 GMT'),
    clientSees: 'Date: Tue, 15 Nov 1994 08:12:31 GMT',
  },
  {
    it: 'a Date that is none stays too',
    send: GET,
    answers: answer('200 OK', 'ok', 'Date: yesterday'),
    clientSees: 'Date: yesterday',
  },
  {
    it: '10,000 bytes of one header',
    send: GET,
    answers: answer('200 OK', 'ok', `X-Long: ${'x'.repeat(10_000)}`),
  },
  {
    it: '500 headers',
    send: GET,
    answers: answer('200 OK', 'ok', ...Array.from({ length: 500 }, (_, i) => `X-${i}: ${i}`)),
  },
  {
    it: 'names of Object.prototype',
    send: GET,
    answers: answer('200 OK', 'ok', '__proto__: 1', 'constructor: 2'),
  },
  {
    it: 'our Via, behind others',
    send: GET,
    answers: answer('200 OK', 'ok', 'Via: 1.0 cdn'),
    clientSees: 'Via: 1.0 cdn, 1.1 gotrack',
  },
  {
    it: 'Via alone, and no cookie of ours',
    send: GET,
    clientSees: 'Via: 1.1 gotrack',
    clientLacks: ['set-cookie', 'server', 'x-powered-by', 'x-gotrack-outcome'],
  },
  {
    it: 'CSP, HSTS, CORS and Alt-Svc are the site’s',
    send: GET,
    answers: answer(
      '200 OK',
      'ok',
      "Content-Security-Policy: default-src 'none'",
      'Strict-Transport-Security: max-age=1',
      'Access-Control-Allow-Origin: *',
      'Alt-Svc: clear',
    ),
  },
]);

describe('RFC 9110 §6.6.1 Date', () => {
  test('is added where the origin sent none', async (t) => {
    const { port } = await start(t);
    const response = await roundTrip(port, GET);
    assert.ok(Math.abs(Date.parse(response.header('date')!) - Date.now()) < 60_000);
  });
});

forwards('RFC 9110 §7.6.1 what belongs to the origin’s connection ends at us', [
  {
    it: 'Connection: close of the origin does not close the client’s',
    send: GET,
    answers: (_request, socket) => void socket.end(answer('200 OK', 'ok', 'Connection: close')),
    clientBody: 'ok',
  },
  {
    it: 'Keep-Alive',
    send: GET,
    answers: answer('200 OK', 'ok', 'Connection: keep-alive', 'Keep-Alive: timeout=77'),
    changes: 'response',
    clientSees: [],
  },
  {
    it: 'Proxy-Authenticate',
    send: GET,
    answers: answer('200 OK', 'ok', 'Proxy-Authenticate: Basic'),
    clientLacks: 'proxy-authenticate',
  },
  {
    it: 'a header that Connection lists',
    send: GET,
    answers: answer('200 OK', 'ok', 'Connection: x-once', 'X-Once: 1', 'X-Twice: 2'),
    clientLacks: 'x-once',
    clientSees: 'X-Twice: 2',
  },
  {
    it: 'an Upgrade that the origin offers',
    send: GET,
    answers: answer('200 OK', 'ok', 'Connection: Upgrade', 'Upgrade: h2c'),
    clientLacks: 'upgrade',
  },
]);

forwards('RFC 9112 §6 framings of an answer stay', [
  {
    it: 'a length',
    send: GET,
    answers: answer('200 OK', 'hello'),
    clientSees: 'Content-Length: 5',
    clientLacks: 'transfer-encoding',
    clientBody: 'hello',
  },
  {
    it: 'a length of nothing',
    send: GET,
    answers: answer('200 OK'),
    clientSees: 'Content-Length: 0',
    clientBody: '',
  },
  {
    it: 'two lengths that agree become one',
    send: GET,
    answers: `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 2')}ok`,
    clientBody: 'ok',
    changes: 'response',
  },
  {
    it: 'chunks',
    send: GET,
    answers: head('HTTP/1.1 200 OK', TE) + chunks('a', 'bc'),
    clientSees: TE,
    clientLacks: 'content-length',
    clientBody: 'abc',
  },
  {
    it: 'chunks of nothing',
    send: GET,
    answers: head('HTTP/1.1 200 OK', TE) + chunks(),
    clientSees: TE,
    clientBody: '',
  },
  {
    it: 'chunks with extensions',
    send: GET,
    answers: `${head('HTTP/1.1 200 OK', TE)}1;a=b\r\nx\r\n0;c\r\n\r\n`,
    clientBody: 'x',
  },
  {
    it: 'until the connection closes: chunks, which say that it is whole',
    send: GET,
    answers: untilClose(`${head('HTTP/1.1 200 OK')}body`),
    clientSees: TE,
    clientBody: 'body',
  },
  {
    it: 'until the connection closes, of HTTP/1.0',
    send: GET,
    answers: untilClose(`${head('HTTP/1.0 200 OK', 'X-A: 1')}body`),
    clientSees: ['HTTP/1.1 200 OK', 'X-A: 1'],
    clientBody: 'body',
  },
  {
    it: 'HTTP/1.0 with keep-alive and a length',
    send: GET,
    answers: `${head('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 2')}ok`,
    clientBody: 'ok',
    changes: 'response',
  },
  {
    it: 'every byte',
    send: GET,
    answers: answer('200 OK', String.fromCharCode(...Array(256).keys())),
    clientBody: String.fromCharCode(...Array(256).keys()),
  },
  {
    it: 'a body that looks like an answer',
    send: GET,
    answers: answer('200 OK', answer('404 Not Found')),
    clientBody: answer('404 Not Found'),
    changes: 'response',
  },
  {
    it: 'chunks to an HTTP/1.0 client end with the connection',
    send: head('GET / HTTP/1.0', 'Host: a'),
    answers: head('HTTP/1.1 200 OK', TE) + chunks('a', 'bc'),
    clientLacks: 'transfer-encoding',
    clientBody: 'abc',
    closes: true,
  },
  {
    it: 'a length to an HTTP/1.0 client with keep-alive',
    send: head('GET / HTTP/1.0', 'Host: a', 'Connection: keep-alive'),
    answers: answer('200 OK', 'ok'),
    clientSees: 'Content-Length: 2',
    clientBody: 'ok',
  },
]);

forwards('RFC 9112 §6.3 answers without a body leave the connection in step', [
  {
    it: 'HEAD with a length',
    send: ask('HEAD'),
    answers: head('HTTP/1.1 200 OK', 'Content-Length: 1234'),
    clientSees: 'Content-Length: 1234',
  },
  { it: 'HEAD with chunks', send: ask('HEAD'), answers: head('HTTP/1.1 200 OK', TE) },
  {
    it: 'HEAD with neither',
    send: ask('HEAD'),
    answers: head('HTTP/1.1 200 OK'),
    clientLacks: ['content-length', 'transfer-encoding'],
  },
  {
    it: 'HEAD of a 404',
    send: ask('HEAD'),
    answers: head('HTTP/1.1 404 Not Found', 'Content-Length: 9'),
    clientSees: 'Content-Length: 9',
  },
  {
    it: '204',
    send: GET,
    answers: head('HTTP/1.1 204 No Content', 'X-A: 1'),
    clientLacks: ['content-length', 'transfer-encoding'],
  },
  {
    it: '205 with a length of nothing',
    send: GET,
    answers: head('HTTP/1.1 205 Reset Content', 'Content-Length: 0'),
  },
  {
    it: '304',
    send: GET,
    answers: head('HTTP/1.1 304 Not Modified', 'ETag: "a"'),
    clientSees: 'ETag: "a"',
    clientLacks: 'transfer-encoding',
  },
  {
    it: '304 with the length of what it stands for',
    send: GET,
    answers: head('HTTP/1.1 304 Not Modified', 'ETag: "a"', 'Content-Length: 99'),
    clientSees: 'Content-Length: 99',
  },
  {
    it: '206 with its range',
    send: get('/', 'Range: bytes=0-1'),
    answers: answer('206 Partial Content', 'ok', 'Content-Range: bytes 0-1/9', 'Accept-Ranges: bytes'),
    clientSees: ['Content-Range: bytes 0-1/9', 'Accept-Ranges: bytes'],
    clientBody: 'ok',
  },
  {
    it: '416',
    send: get('/', 'Range: bytes=9-'),
    answers: answer('416 Range Not Satisfiable', '', 'Content-Range: bytes */9'),
  },
  {
    it: 'OPTIONS with Allow',
    send: ask('OPTIONS', '/x'),
    answers: answer('200 OK', '', 'Allow: GET, PUT'),
    clientSees: 'Allow: GET, PUT',
  },
]);

const trailers = (...lines: string[]) =>
  `${chunk('body')}0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
forwards('RFC 9110 §6.5 trailers of an answer', [
  {
    it: 'announced',
    send: get('/', 'TE: trailers'),
    answers: head('HTTP/1.1 200 OK', 'Trailer: X-Sum', TE) + trailers('X-Sum: 1'),
    clientSees: 'Trailer: X-Sum',
    clientTrailers: [['X-Sum', '1']],
  },
  {
    it: 'not announced',
    send: get('/', 'TE: trailers'),
    answers: head('HTTP/1.1 200 OK', TE) + trailers('X-Sum: 1'),
    clientTrailers: [['X-Sum', '1']],
  },
  {
    it: 'order, case, duplicates and bytes',
    send: get('/', 'TE: trailers'),
    answers: head('HTTP/1.1 200 OK', TE) + trailers('x-B: \xe9', 'X-a: 1', 'x-B: 2'),
    clientTrailers: [
      ['x-B', '\xe9'],
      ['X-a', '1'],
      ['x-B', '2'],
    ],
  },
  {
    it: 'gRPC’s',
    send: get('/', 'TE: trailers'),
    answers:
      head('HTTP/1.1 200 OK', 'Content-Type: application/grpc', TE) +
      trailers('grpc-status: 0', 'grpc-message: '),
    clientTrailers: [
      ['grpc-status', '0'],
      ['grpc-message', ''],
    ],
  },
]);

const informational = (status: string, ...lines: string[]) => head(`HTTP/1.1 ${status}`, ...lines);
forwards('RFC 9110 §15.2 1xx', [
  {
    it: '103 with its links',
    send: GET,
    answers:
      informational('103 Early Hints', 'Link: </a.css>; rel=preload', 'link: </b.js>; rel=preload') + ok(),
    before: [['Link: </a.css>; rel=preload', 'link: </b.js>; rel=preload']],
    clientBody: 'ok',
  },
  {
    it: 'two of them',
    send: GET,
    answers:
      informational('103 Early Hints', 'Link: </a>') + informational('103 Early Hints', 'Link: </b>') + ok(),
    before: ['Link: </a>', 'Link: </b>'],
  },
  { it: '102', send: GET, answers: informational('102 Processing') + ok(), before: [[]] },
  {
    it: 'one that nobody knows',
    send: GET,
    answers: informational('199 Odd', 'X-A: 1') + ok(),
    before: ['X-A: 1'],
  },
  {
    it: 'none to HTTP/1.0',
    send: head('GET / HTTP/1.0', 'Host: a'),
    answers: informational('103 Early Hints', 'Link: </a>') + ok(),
    clientBody: 'ok',
    closes: true,
    changes: 'response',
  },
]);

/** Response splitting and the like: the client gets a 502 and nothing of it, and no other request gets the rest. */
const INVALID: readonly [it: string, bytes: string][] = [
  ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
  ['HTTP/2.0', head('HTTP/2.0 200 OK', 'Content-Length: 0')],
  ['a status of two digits', head('HTTP/1.1 20 OK', 'Content-Length: 0')],
  ['a status of four digits', head('HTTP/1.1 2000 OK', 'Content-Length: 0')],
  ['a status of letters', head('HTTP/1.1 abc OK', 'Content-Length: 0')],
  ['a length and chunks', head('HTTP/1.1 200 OK', 'Content-Length: 3', TE) + chunks('x')],
  ['two lengths that differ', `${head('HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 2')}ab`],
  ['a negative length', head('HTTP/1.1 200 OK', 'Content-Length: -1')],
  ['a length of letters', head('HTTP/1.1 200 OK', 'Content-Length: abc')],
  ['a coding below chunked', head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked') + chunks('x')],
  ['a coding that is none', head('HTTP/1.1 200 OK', 'Transfer-Encoding: xchunked') + chunks('x')],
  ['chunked twice', head('HTTP/1.1 200 OK', TE, TE) + chunks('x')],
  ['chunks in HTTP/1.0', head('HTTP/1.0 200 OK', TE) + chunks('x')],
  ['a header without a colon', head('HTTP/1.1 200 OK', 'X-A', 'Content-Length: 0')],
  ['a header without a name', head('HTTP/1.1 200 OK', ': a', 'Content-Length: 0')],
  ['a NUL in a header', head('HTTP/1.1 200 OK', 'X-A: a\0b', 'Content-Length: 0')],
  ['a bare CR in a header', head('HTTP/1.1 200 OK', 'X-A: a\rSet-Cookie: b', 'Content-Length: 0')],
  [
    'a 101 that nobody asked for',
    head('HTTP/1.1 101 Switching Protocols', 'Upgrade: x', 'Connection: Upgrade'),
  ],
  ['headers of 80 KB', head('HTTP/1.1 200 OK', `X-A: ${'a'.repeat(80_000)}`, 'Content-Length: 0')],
];
describe('RFC 9112 §6.3 an answer that is no answer is 502, and the connection to the origin is not used again', () => {
  for (const [it, bytes] of INVALID) {
    test(it, async (t) => {
      const { origin, proxy, port } = await start(t, (request, socket) => {
        socket.write(request.target === '/' ? bytes : ok('canary'), 'latin1');
      });
      const client = await connect(port);
      t.after(() => client.destroy());
      client.send(GET);
      const response = await client.response();
      assert.equal(response.status, 502);
      assert.equal(response.header('content-type'), 'application/json');
      client.send(get('/canary'));
      assert.equal((await client.response()).text, 'canary');
      assert.notEqual(origin.requests.at(-1)!.connection, origin.requests[0]!.connection);
      assert.deepEqual(proxy.seen.faults, []);
    });
  }
});

const SURPLUS: readonly [it: string, bytes: string][] = [
  ['behind a length', `${ok('fine')}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`],
  ['behind chunks', head('HTTP/1.1 200 OK', TE) + chunks('fine') + ok('poison')],
  ['behind a 204', head('HTTP/1.1 204 No Content') + ok('poison')],
  ['behind a 304', head('HTTP/1.1 304 Not Modified') + ok('poison')],
];
describe('RFC 9112 §9.2 what an origin sends behind its answer is nobody’s', () => {
  for (const [it, bytes] of SURPLUS) {
    test(it, async (t) => {
      const { port } = await start(t, (request, socket) => {
        socket.write(request.target === '/' ? bytes : ok('canary'), 'latin1');
      });
      const client = await connect(port);
      t.after(() => client.destroy());
      client.send(GET);
      await client.response();
      client.send(get('/canary'));
      assert.equal((await client.response()).text, 'canary');
    });
  }
});

const CUT: readonly [it: string, bytes: string][] = [
  ['a length that was not reached', `${head('HTTP/1.1 200 OK', 'Content-Length: 100')}half`],
  ['chunks without their last', head('HTTP/1.1 200 OK', TE) + chunk('half')],
  ['a chunk that was not reached', `${head('HTTP/1.1 200 OK', TE)}64\r\nhalf`],
  ['a chunk size that is none', `${head('HTTP/1.1 200 OK', TE)}${chunk('half')}zz\r\n`],
  ['a chunk longer than its size', `${head('HTTP/1.1 200 OK', TE)}4\r\nhalfmore\r\n`],
  ['a trailer that is none', `${head('HTTP/1.1 200 OK', TE)}${chunk('half')}0\r\nX A\r\n\r\n`],
];
describe('origin lost in mid-body: the client’s connection is cut, so that it never looks whole', () => {
  for (const [it, bytes] of CUT) {
    for (const version of ['1.1', '1.0']) {
      test(`${it}, to HTTP/${version}`, async (t) => {
        const { proxy, port } = await start(t, (_request, socket) => void socket.end(bytes, 'latin1'));
        const client = await connect(port);
        t.after(() => client.destroy());
        client.send(head(`GET / HTTP/${version}`, 'Host: a'));
        const ending = await client.ended();
        const [text, body = ''] = client.received().split(/(?<=\r\n\r\n)/, 2);
        if (/content-length/i.test(text!)) assert.ok(body.length < 100);
        else if (/transfer-encoding/i.test(text!)) assert.ok(!client.received().endsWith('0\r\n\r\n'));
        else if (text !== '') assert.equal(ending, 'reset', 'what only the close ends must end in a reset');
        assert.deepEqual(proxy.seen.faults, []);
      });
    }
  }
});
