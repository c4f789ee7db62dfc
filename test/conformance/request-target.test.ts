/** RFC 9112 §3.2, RFC 9110 §9: targets and methods go on byte for byte, or not at all. */
import { forwards, refuses } from './support/case.ts';
import { ask, get, head } from './support/messages.ts';

const TARGETS = [
  '/',
  '//',
  '//evil.test/path',
  '/a//b///c',
  '/a%2Fb',
  '/a%2fb%5C%00',
  '/%FF%fe',
  '/%',
  '/%zz',
  '/a/../b/./c',
  '/..%2f..%2fetc/passwd',
  '/a;v=1/b;w=2',
  '/?',
  '/??',
  '/?a=1&a=2;b',
  '/?q=a+b%20c',
  '/?url=http://other.test/?x',
  '/?[]{}|^`"<>\\',
  '/a:80/@b',
  '/*',
  "/~user/(x)!$&'()*+,;=:@",
  '/index.html?',
  `/${'long/'.repeat(1600)}`,
];
forwards(
  'RFC 9112 §3.2.1 origin form: the target goes on as it was sent',
  TARGETS.map((target) => ({
    it: target.length > 60 ? `${target.slice(0, 12)}… of ${target.length} bytes` : target,
    send: get(target),
    originSees: `GET ${target} HTTP/1.1`,
  })),
);

forwards('RFC 9112 §3.2.1 a base path of the origin is put in front as text', [
  {
    it: 'before a path',
    send: get('/x'),
    with: { basePath: '/base' },
    originSees: 'GET /base/x HTTP/1.1',
    changes: 'request',
  },
  {
    it: 'before the root',
    send: get('/'),
    with: { basePath: '/base' },
    originSees: 'GET /base/ HTTP/1.1',
    changes: 'request',
  },
  {
    it: 'before two slashes',
    send: get('//x'),
    with: { basePath: '/base' },
    originSees: 'GET /base//x HTTP/1.1',
    changes: 'request',
  },
  {
    it: 'before dots, which stay',
    send: get('/../x'),
    with: { basePath: '/base' },
    originSees: 'GET /base/../x HTTP/1.1',
    changes: 'request',
  },
  {
    it: 'before a bare ?',
    send: get('/?'),
    with: { basePath: '/a%2F' },
    originSees: 'GET /a%2F/? HTTP/1.1',
    changes: 'request',
  },
]);

const absolute = (target: string, host = 'site.test') => head(`GET ${target} HTTP/1.1`, `Host: ${host}`);
forwards('RFC 9112 §3.2.2 an absolute form that agrees with Host becomes the origin form', [
  {
    it: 'a path',
    send: absolute('http://site.test/a%2Fb?c'),
    originSees: ['GET /a%2Fb?c HTTP/1.1', 'Host: site.test'],
    changes: 'request',
  },
  { it: 'no path', send: absolute('http://site.test'), originSees: 'GET / HTTP/1.1', changes: 'request' },
  {
    it: 'no path but a query',
    send: absolute('http://site.test?q'),
    originSees: 'GET /?q HTTP/1.1',
    changes: 'request',
  },
  {
    it: 'capital letters',
    send: absolute('HTTP://SITE.test/x'),
    originSees: 'GET /x HTTP/1.1',
    changes: 'request',
  },
  {
    it: 'a port',
    send: absolute('http://site.test:8080/x', 'site.test:8080'),
    originSees: 'GET /x HTTP/1.1',
    changes: 'request',
  },
  {
    it: 'the default port',
    send: absolute('http://site.test:80/x'),
    originSees: 'GET /x HTTP/1.1',
    changes: 'request',
  },
  {
    it: 'IPv6',
    send: absolute('http://[::1]:80/x', '[::1]:80'),
    originSees: 'GET /x HTTP/1.1',
    changes: 'request',
  },
]);

refuses('RFC 9112 §3.2.2 an absolute form that says something else than Host', [
  { it: 'another host', send: absolute('http://other.test/'), gets: 400 },
  { it: 'another port', send: absolute('http://site.test:81/'), gets: 400 },
  { it: 'a port that Host lacks', send: absolute('https://site.test:80/'), gets: 400 },
  { it: 'a user', send: absolute('http://user@site.test/'), gets: 400 },
  { it: 'Host as its user', send: absolute('http://site.test@other.test/'), gets: 400 },
  { it: 'Host as its path', send: absolute('http://other.test/site.test'), gets: 400 },
  { it: 'another scheme', send: absolute('ftp://site.test/'), gets: 400 },
  { it: 'no host', send: absolute('http:///x'), gets: 400 },
  { it: 'one slash', send: absolute('http:/x'), gets: 400 },
  { it: 'a backslash', send: absolute('http://site.test\\@other.test/'), gets: 400 },
]);

refuses('RFC 9112 §3.2 a target that is none', [
  { it: 'nothing', send: head('GET  HTTP/1.1', 'Host: a'), gets: 400 },
  { it: 'no slash', send: head('GET index.html HTTP/1.1', 'Host: a'), gets: 400 },
  { it: 'only a query', send: head('GET ?q HTTP/1.1', 'Host: a'), gets: 400 },
  { it: 'a host and a port', send: head('GET a:80 HTTP/1.1', 'Host: a'), gets: 400 },
  { it: 'the asterisk of a GET', send: head('GET * HTTP/1.1', 'Host: a'), gets: 400 },
  { it: 'an asterisk and more', send: head('OPTIONS *x HTTP/1.1', 'Host: a'), gets: 400 },
  { it: 'a fragment', send: get('/a#b'), gets: 400 },
  { it: 'a fragment behind a query', send: get('/a?b#c'), gets: 400 },
  { it: 'a space', send: get('/a b'), gets: 400 },
  { it: 'a space and a version', send: get('/a HTTP/1.1'), gets: 400 },
  { it: 'a tab', send: get('/a\tb'), gets: 400 },
  { it: 'a NUL', send: get('/a\0b'), gets: 400 },
  { it: 'a control character', send: get('/a\x0bb'), gets: 400 },
  { it: 'a DEL', send: get('/a\x7fb'), gets: 400 },
  { it: 'a bare CR', send: get('/a\rb'), gets: 400 },
  { it: 'a LF, which ends a line of HTTP/0.9', send: get('/a\nHost: b'), gets: 505 },
]);

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
];
METHODS.push(
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'SEARCH',
  'REPORT',
  'PURGE',
  'LINK',
  'SUBSCRIBE',
  'M-SEARCH',
  'QUERY',
);
forwards(
  'RFC 9110 §9 every method that the parser knows',
  METHODS.map((method) => ({
    it: method,
    send: ask(method, '/x', ...(method === 'POST' || method === 'PUT' ? ['Content-Length: 0'] : [])),
    originSees: `${method} /x HTTP/1.1`,
  })),
);

refuses('RFC 9110 §9 methods that are none of it', [
  { it: 'CONNECT', send: head('CONNECT site.test:443 HTTP/1.1', 'Host: site.test:443'), gets: 405 },
  { it: 'CONNECT with a path', send: ask('CONNECT', '/x'), gets: 405 },
  { it: 'TRACE', send: ask('TRACE'), gets: 405 },
  { it: 'one that nobody knows', send: ask('BREW'), gets: 400 },
  { it: 'small letters', send: ask('get'), gets: 400 },
  { it: 'a capital and small letters', send: ask('Get'), gets: 400 },
  { it: 'a known one with something behind', send: ask('GETX'), gets: 400 },
  { it: 'a huge one', send: ask('A'.repeat(70_000)), gets: 400 },
  { it: 'none', send: head(' / HTTP/1.1', 'Host: a'), gets: 400 },
  { it: 'a space before it', send: ` ${get('/')}`, gets: 400 },
]);

refuses('RFC 9112 §2.3 versions', [
  { it: 'HTTP/0.9 in its own form', send: 'GET /\r\n\r\n', gets: 505 },
  { it: 'HTTP/0.9 by name', send: head('GET / HTTP/0.9', 'Host: a'), gets: 505 },
  { it: 'HTTP/2.0', send: head('GET / HTTP/2.0', 'Host: a'), gets: 505 },
  { it: 'the preface of HTTP/2', send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', gets: 400 },
  { it: 'HTTP/1.2', send: head('GET / HTTP/1.2', 'Host: a'), gets: 400 },
  { it: 'HTTP/1.01', send: head('GET / HTTP/1.01', 'Host: a'), gets: 400 },
  { it: 'HTTP/1', send: head('GET / HTTP/1', 'Host: a'), gets: 400 },
  { it: 'HTTP/+1.1', send: head('GET / HTTP/+1.1', 'Host: a'), gets: 400 },
  { it: 'http/1.1', send: head('GET / http/1.1', 'Host: a'), gets: 400 },
  { it: 'ICE/1.0', send: head('GET / ICE/1.0', 'Host: a'), gets: 400 },
  { it: 'two versions', send: head('GET / HTTP/1.1 HTTP/1.1', 'Host: a'), gets: 400 },
]);

forwards('RFC 9112 §2.2 what a server should overlook', [
  { it: 'an empty line before the request', send: `\r\n${get('/x')}`, originSees: 'GET /x HTTP/1.1' },
  { it: 'two empty lines before the request', send: `\r\n\r\n${get('/x')}`, originSees: 'GET /x HTTP/1.1' },
]);
