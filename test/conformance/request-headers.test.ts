/** RFC 9110 §5, §7: Host, what we add to a request and take from it, what belongs to one connection. */
import { ORIGIN_HOST, REQUEST_ID } from '../support/proxy.ts';
import { forwards, refuses } from './support/case.ts';
import { get, head } from './support/messages.ts';

const host = (value: string) => head('GET / HTTP/1.1', `Host: ${value}`);
forwards('RFC 9110 §7.2 Host is the client’s', [
  { it: 'a name', send: host('shop.example'), originSees: 'Host: shop.example' },
  { it: 'capital letters stay', send: host('Shop.Example'), originSees: 'Host: Shop.Example' },
  { it: 'a port', send: host('shop.example:8080'), originSees: 'Host: shop.example:8080' },
  { it: 'IPv6', send: host('[2001:db8::1]:443'), originSees: 'Host: [2001:db8::1]:443' },
  { it: 'an underscore', send: host('my_app'), originSees: 'Host: my_app' },
  { it: 'a dot at the end', send: host('shop.example.'), originSees: 'Host: shop.example.' },
  { it: 'empty', send: host(''), originSees: 'Host: ' },
  {
    it: 'none in HTTP/1.0: the origin’s name',
    send: head('GET / HTTP/1.0'),
    originSees: `Host: ${ORIGIN_HOST}`,
    changes: 'both',
    closes: true,
  },
  {
    it: 'none in HTTP/1.0 through a trusted peer that knows the name',
    send: head('GET / HTTP/1.0', 'X-Forwarded-Host: www.test'),
    with: { trusted: true },
    originSees: [`Host: ${ORIGIN_HOST}`, 'X-Forwarded-Host: www.test'],
    changes: 'both',
    closes: true,
  },
  {
    it: 'given in HTTP/1.0',
    send: head('GET / HTTP/1.0', 'Host: a'),
    originSees: 'Host: a',
    closes: true,
    changes: 'response',
  },
]);

refuses('RFC 9112 §3.2 Host', [
  { it: 'none', send: head('GET / HTTP/1.1'), gets: 400 },
  { it: 'two', send: head('GET / HTTP/1.1', 'Host: a', 'Host: b'), gets: 400 },
  { it: 'two that agree', send: head('GET / HTTP/1.1', 'Host: a', 'host: a'), gets: 400 },
  { it: 'two of HTTP/1.0', send: head('GET / HTTP/1.0', 'Host: a', 'Host: b'), gets: 400 },
  { it: 'a list', send: host('a, b'), gets: 400 },
  { it: 'a path', send: host('a/b'), gets: 400 },
  { it: 'a query', send: host('a?b'), gets: 400 },
  { it: 'a fragment', send: host('a#b'), gets: 400 },
  { it: 'a user', send: host('user@a'), gets: 400 },
  { it: 'a scheme', send: host('http://a'), gets: 400 },
  { it: 'a space', send: host('a b'), gets: 400 },
  { it: 'two ports', send: host('a:80:81'), gets: 400 },
  { it: 'a port of letters', send: host('a:http'), gets: 400 },
  { it: 'markup', send: host('a"><script>'), gets: 400 },
  { it: 'an open bracket', send: host('[::1'), gets: 400 },
  { it: 'Latin-1', send: host('caf\xe9.test'), gets: 400 },
  { it: 'a folded one', send: head('GET / HTTP/1.1', 'Host: a', ' b'), gets: 400 },
  { it: 'a space before the colon', send: head('GET / HTTP/1.1', 'Host : a'), gets: 400 },
]);

const TRUSTED = { trusted: true };
forwards('added to a request, after what a client sent by these names is gone', [
  { it: 'the peer’s address', send: get('/'), originSees: 'X-Forwarded-For: 127.0.0.1' },
  {
    it: 'the peer’s address in place of an untrusted list',
    send: get('/', 'X-Forwarded-For: 1.2.3.4'),
    originSees: 'X-Forwarded-For: 127.0.0.1',
  },
  {
    it: 'the peer’s address behind a trusted list',
    send: get('/', 'X-Forwarded-For: 1.2.3.4'),
    with: TRUSTED,
    originSees: 'X-Forwarded-For: 1.2.3.4, 127.0.0.1',
  },
  {
    it: 'the peer’s address behind a trusted list of two lines',
    send: get('/', 'X-Forwarded-For: 1.2.3.4', 'x-forwarded-for: 5.6.7.8'),
    with: TRUSTED,
    originSees: 'X-Forwarded-For: 1.2.3.4, 5.6.7.8, 127.0.0.1',
  },
  {
    it: 'scheme, host and port',
    send: head('GET / HTTP/1.1', 'Host: shop.test:8080'),
    originSees: ['X-Forwarded-Proto: http', 'X-Forwarded-Host: shop.test:8080', 'X-Forwarded-Port: 8080'],
  },
  { it: 'the default port', send: get('/'), originSees: 'X-Forwarded-Port: 80' },
  {
    it: 'scheme, host and port of a trusted peer',
    send: get('/', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: www.test', 'X-Forwarded-Port: 8443'),
    with: TRUSTED,
    originSees: ['X-Forwarded-Proto: https', 'X-Forwarded-Host: www.test', 'X-Forwarded-Port: 8443'],
  },
  {
    it: 'none of an untrusted peer’s',
    send: get('/', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.test', 'X-Forwarded-Port: 666'),
    originSees: ['X-Forwarded-Proto: http', 'X-Forwarded-Host: site.test', 'X-Forwarded-Port: 80'],
  },
  {
    it: 'no Forwarded and no X-Real-IP of an untrusted peer',
    send: get('/', 'Forwarded: for=1.2.3.4', 'X-Real-IP: 1.2.3.4'),
    originLacks: ['forwarded', 'x-real-ip'],
  },
  {
    it: 'Forwarded and X-Real-IP of a trusted peer',
    send: get('/', 'Forwarded: for=1.2.3.4', 'X-Real-IP: 1.2.3.4'),
    with: TRUSTED,
    originSees: ['Forwarded: for=1.2.3.4', 'X-Real-IP: 1.2.3.4'],
    changes: 'request',
  },
  {
    it: 'no client address header of an untrusted peer',
    send: get('/', 'CF-Connecting-IP: 1.2.3.4'),
    with: { clientIpHeaders: ['cf-connecting-ip'] },
    originLacks: 'cf-connecting-ip',
    changes: 'request',
  },
  {
    it: 'a client address header of a trusted peer',
    send: get('/', 'CF-Connecting-IP: 1.2.3.4'),
    with: { trusted: true, clientIpHeaders: ['cf-connecting-ip'] },
    originSees: 'CF-Connecting-IP: 1.2.3.4',
  },
  { it: 'our Via', send: get('/'), originSees: 'Via: 1.1 gotrack' },
  {
    it: 'our Via with the version that came',
    send: head('GET / HTTP/1.0', 'Host: a'),
    originSees: 'Via: 1.0 gotrack',
    closes: true,
    changes: 'response',
  },
  {
    it: 'our Via behind others',
    send: get('/', 'Via: 1.0 fred, 1.1 p.example'),
    originSees: 'Via: 1.0 fred, 1.1 p.example, 1.1 gotrack',
  },
  {
    it: 'our Via behind a host of a similar name',
    send: get('/', 'Via: 1.1 gotrack.example'),
    originSees: 'Via: 1.1 gotrack.example, 1.1 gotrack',
  },
  { it: 'a request id', send: get('/'), originSees: `X-Request-Id: ${REQUEST_ID}` },
  {
    it: 'a request id in place of an untrusted one',
    send: get('/', 'X-Request-Id: mine'),
    originSees: `X-Request-Id: ${REQUEST_ID}`,
  },
  {
    it: 'a trusted peer’s request id',
    send: get('/', 'X-Request-Id: theirs-1'),
    with: TRUSTED,
    originSees: 'X-Request-Id: theirs-1',
  },
  {
    it: 'verdicts never pass',
    send: get('/', 'X-GoTrack-Score: 0', 'x-gotrack-label: human', 'X-GOTRACK-Reasons: none'),
    originLacks: ['x-gotrack-score', 'x-gotrack-label', 'x-gotrack-reasons'],
  },
  {
    it: 'nor a trusted peer’s',
    send: get('/', 'X-GoTrack-Score: 0'),
    with: TRUSTED,
    originLacks: 'x-gotrack-score',
  },
  {
    it: 'nor under the name that CGI makes of it',
    send: get('/', 'X_GoTrack_Score: 0', 'X_Forwarded_For: 1.2.3.4'),
    originLacks: ['x_gotrack_score', 'x_forwarded_for'],
    changes: 'request',
  },
  {
    it: 'a session id of the site’s own passes',
    send: get('/', 'X-Session-ID: theirs', 'X-Distinct-ID: theirs'),
    originSees: ['X-Session-ID: theirs', 'X-Distinct-ID: theirs'],
  },
]);

refuses('RFC 9110 §7.6.3 a request that has been through us', [
  { it: 'alone', send: get('/', 'Via: 1.1 gotrack'), gets: 508 },
  { it: 'among others', send: get('/', 'Via: 1.1 a, 1.1 gotrack, 1.1 b'), gets: 508 },
  { it: 'in a second line', send: get('/', 'Via: 1.1 a', 'via: 1.0 gotrack'), gets: 508 },
  { it: 'with a comment', send: get('/', 'Via: 1.1 gotrack (node)'), gets: 508 },
]);

forwards('RFC 9110 §7.6.1 what belongs to one connection ends at us', [
  { it: 'Connection: close', send: get('/', 'Connection: close'), originLacks: 'connection', closes: true },
  {
    it: 'Connection: keep-alive and Keep-Alive',
    send: get('/', 'Connection: keep-alive', 'Keep-Alive: timeout=5'),
    originLacks: ['connection', 'keep-alive'],
  },
  { it: 'Proxy-Connection', send: get('/', 'Proxy-Connection: keep-alive'), originLacks: 'proxy-connection' },
  {
    it: 'Proxy-Authorization',
    send: get('/', 'Proxy-Authorization: Basic eDp5'),
    originLacks: 'proxy-authorization',
  },
  { it: 'Upgrade without Connection', send: get('/', 'Upgrade: websocket'), originLacks: 'upgrade' },
  {
    it: 'a header that Connection lists',
    send: get('/', 'Connection: X-Once', 'X-Once: 1', 'X-Twice: 2'),
    originLacks: 'x-once',
    originSees: 'X-Twice: 2',
  },
  {
    it: 'headers that two Connection lines list, in any case',
    send: get('/', 'connection: close , x-a', 'Connection: X-B', 'X-A: 1', 'x-b: 2'),
    originLacks: ['x-a', 'x-b'],
    closes: true,
  },
  {
    it: 'a Connection that lists what is ours does not take ours away',
    send: get('/', 'Connection: X-Forwarded-For, Via, X-Request-Id'),
    originSees: ['X-Forwarded-For: 127.0.0.1', `X-Request-Id: ${REQUEST_ID}`, 'Via: 1.1 gotrack'],
  },
  { it: 'TE: trailers passes', send: get('/', 'TE: trailers'), originSees: 'TE: trailers' },
  {
    it: 'TE: trailers that Connection lists passes too',
    send: get('/', 'Connection: TE', 'TE: trailers'),
    originSees: 'TE: trailers',
  },
  {
    it: 'of another TE only trailers passes',
    send: get('/', 'TE: gzip;q=0.5, trailers'),
    originSees: 'TE: trailers',
  },
  { it: 'another TE does not', send: get('/', 'TE: gzip'), originLacks: 'te' },
  {
    it: 'an h2c upgrade is no upgrade',
    send: get(
      '/',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ),
    originLacks: ['upgrade', 'http2-settings', 'connection'],
  },
]);

refuses('RFC 9110 §7.6.1 a Connection that lists what frames a message', [
  { it: 'Host', send: get('/', 'Connection: Host'), gets: 400 },
  {
    it: 'Content-Length',
    send: `${get('/', 'Connection: close, content-length', 'Content-Length: 1')}a`,
    gets: 400,
  },
  {
    it: 'Transfer-Encoding',
    send: `${get('/', 'Connection: Transfer-Encoding', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    gets: 400,
  },
  {
    it: 'Host, in a second line, with tabs',
    send: get('/', 'Connection: close', 'Connection: \thost\t'),
    gets: 400,
  },
]);

forwards('RFC 9110 §5 headers: order, case, duplicates and bytes', [
  {
    it: 'order and case',
    send: get('/', 'x-B: 2', 'X-a: 1', 'ACCEPT: */*', 'user-agent: t'),
    originSees: ['x-B: 2', 'X-a: 1', 'ACCEPT: */*', 'user-agent: t'],
  },
  {
    it: 'duplicates that are not next to each other',
    send: get('/', 'X-A: 1', 'X-B: b', 'X-A: 2', 'x-a: 1'),
    originSees: ['X-A: 1', 'X-B: b', 'X-A: 2', 'x-a: 1'],
  },
  {
    it: 'singletons that came twice are the site’s to judge',
    send: get('/', 'User-Agent: a', 'User-Agent: b', 'Referer: c', 'Referer: d'),
    originSees: ['User-Agent: a', 'User-Agent: b', 'Referer: c', 'Referer: d'],
  },
  {
    it: 'two Cookie lines stay two',
    send: get('/', 'Cookie: a=1', 'Cookie: b=2; c="x y"'),
    originSees: ['Cookie: a=1', 'Cookie: b=2; c="x y"'],
  },
  { it: 'Latin-1', send: get('/', 'X-Name: caf\xe9 \xff\x80'), originSees: 'X-Name: caf\xe9 \xff\x80' },
  { it: 'UTF-8 as its bytes', send: get('/', 'X-Name: \xe2\x98\x83'), originSees: 'X-Name: \xe2\x98\x83' },
  { it: 'an empty value', send: get('/', 'X-Empty:', 'X-Blank:   '), originSees: ['X-Empty: ', 'X-Blank: '] },
  {
    it: 'white space around a value is no part of it, within it is',
    send: get('/', 'X-A: \t a  b\t '),
    originSees: 'X-A: a  b',
  },
  {
    it: 'every character of a name',
    send: get('/', "!#$%&'*+-.^_`|~09azAZ: x"),
    originSees: "!#$%&'*+-.^_`|~09azAZ: x",
  },
  {
    it: 'names of Object.prototype',
    send: get('/', '__proto__: 1', 'constructor: 2', 'toString: 3'),
    originSees: ['__proto__: 1', 'constructor: 2', 'toString: 3'],
  },
  {
    it: 'a thousand headers',
    send: get('/', ...Array.from({ length: 1000 }, (_, i) => `X-${i}: ${i}`)),
    originSees: ['X-0: 0', 'X-999: 999'],
  },
  {
    it: 'no header but Host: none is invented',
    send: get('/'),
    originLacks: [
      'accept',
      'user-agent',
      'accept-encoding',
      'connection',
      'content-length',
      'transfer-encoding',
    ],
  },
  {
    it: 'Authorization, Range and conditions',
    send: get(
      '/',
      'Authorization: Basic eDp5',
      'Range: bytes=0-1',
      'If-Range: "a"',
      'If-None-Match: W/"b", *',
      'If-Modified-Since: x',
    ),
    originSees: [
      'Authorization: Basic eDp5',
      'Range: bytes=0-1',
      'If-Range: "a"',
      'If-None-Match: W/"b", *',
      'If-Modified-Since: x',
    ],
  },
  {
    it: 'Max-Forwards means nothing on GET',
    send: get('/', 'Max-Forwards: 0'),
    originSees: 'Max-Forwards: 0',
  },
  {
    it: 'X-GoTrack-HMAC on a GET is the site’s',
    send: get('/', 'X-GoTrack-HMAC: hello'),
    originSees: 'X-GoTrack-HMAC: hello',
  },
]);

refuses('RFC 9112 §5 header lines that are none', [
  { it: 'no colon', send: get('/', 'X-A'), gets: 400 },
  { it: 'no name', send: get('/', ': x'), gets: 400 },
  { it: 'a space in a name', send: get('/', 'X A: x'), gets: 400 },
  { it: 'a space before the colon', send: get('/', 'X-A : x'), gets: 400 },
  { it: 'a tab before the colon', send: get('/', 'X-A\t: x'), gets: 400 },
  { it: 'a space before the first name', send: head('GET / HTTP/1.1', ' Host: a'), gets: 400 },
  { it: 'a folded line', send: get('/', 'X-A: 1', ' 2'), gets: 400 },
  { it: 'a line folded by a tab', send: get('/', 'X-A: 1', '\t2'), gets: 400 },
  { it: 'a NUL in a value', send: get('/', 'X-A: a\0b'), gets: 400 },
  { it: 'a NUL in a name', send: get('/', 'X\0A: b'), gets: 400 },
  { it: 'a bare CR in a value', send: get('/', 'X-A: a\rX-B: b'), gets: 400 },
  { it: 'a bare LF in a value', send: get('/', 'X-A: a\nX-B: b'), gets: 400 },
  { it: 'a control character in a value', send: get('/', 'X-A: a\x08b'), gets: 400 },
  { it: 'a DEL in a value', send: get('/', 'X-A: a\x7fb'), gets: 400 },
  { it: 'Latin-1 in a name', send: get('/', 'X-\xe9: b'), gets: 400 },
  { it: 'brackets in a name', send: get('/', 'X[A]: b'), gets: 400 },
  { it: 'lines that end in LF alone', send: 'GET / HTTP/1.1\nHost: a\n\n', gets: 400 },
  { it: 'a last line that ends in LF alone', send: 'GET / HTTP/1.1\r\nHost: a\r\n\n', gets: 400 },
  { it: 'lines that end in CR alone', send: 'GET / HTTP/1.1\rHost: a\r\r', gets: 400 },
]);
