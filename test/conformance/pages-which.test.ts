/** "Which responses get the snippet", rule by rule, in the contract's order: the first that fails is the outcome. */
import { answer, chunks, head } from './support/messages.ts';
import { NAVIGATION, pages } from './support/page-case.ts';

const PAGE = '<!doctype html><html><head><title>t</title></head><body><p>caf\xc3\xa9</p></body></html>\n';
const HTML = 'Content-Type: text/html; charset=utf-8';
const page = answer('200 OK', PAGE, HTML);
const body = (text: string, ...lines: string[]) => answer('200 OK', text, HTML, ...lines);
const from = (...lines: string[]) => ['Accept-Encoding: gzip', ...lines];
const fetched = (mode: string, dest: string, ...more: string[]) =>
  from(`Sec-Fetch-Mode: ${mode}`, `Sec-Fetch-Dest: ${dest}`, ...more);

pages('request: TRACKING=off', [{ it: 'a page', answers: page, outcome: 'off', clientLacks: 'vary' }], {
  TRACKING: 'off',
});

pages('request: consent denies both purposes', [
  {
    it: 'the readable cookie',
    asks: [...NAVIGATION, 'Cookie: gt_consent=analytics:denied.security:denied'],
    answers: page,
    outcome: 'off',
  },
  {
    it: 'one of the two',
    asks: [...NAVIGATION, 'Cookie: gt_consent=analytics:denied.security:granted'],
    answers: page,
    outcome: 'inserted',
    pixel: false,
  },
  {
    it: 'neither',
    asks: [...NAVIGATION, 'Cookie: gt_consent=analytics:granted.security:granted'],
    answers: page,
    outcome: 'inserted',
    personal: true,
    pixel: true,
  },
  {
    it: 'Global Privacy Control denies analytics alone',
    asks: [...NAVIGATION, 'Sec-GPC: 1'],
    answers: page,
    outcome: 'inserted',
    pixel: false,
  },
  {
    it: 'Do Not Track denies analytics alone',
    asks: [...NAVIGATION, 'DNT: 1'],
    answers: page,
    outcome: 'inserted',
    pixel: false,
  },
]);

pages(
  'request: CONSENT=required with nothing known: the script is there, and dormant',
  [
    { it: 'a page', answers: page, outcome: 'inserted', personal: false, pixel: false, tag: / data-consent/ },
    {
      it: 'granted',
      asks: [...NAVIGATION, 'Cookie: gt_consent=analytics:granted.security:granted'],
      answers: page,
      outcome: 'inserted',
      personal: true,
      pixel: true,
    },
    {
      it: 'denied',
      asks: [...NAVIGATION, 'Cookie: gt_consent=analytics:denied.security:denied'],
      answers: page,
      outcome: 'off',
    },
  ],
  { CONSENT: 'required' },
);

pages(
  'request: INJECT_PATHS and INJECT_EXCLUDE',
  [
    { it: 'within', target: '/shop/a?b', answers: page, outcome: 'inserted' },
    { it: 'outside', target: '/blog', answers: page, outcome: 'excluded' },
    { it: 'within and excluded', target: '/shop/admin/x', answers: page, outcome: 'excluded' },
    { it: 'excluded by its file', target: '/shop/x.php', answers: page, outcome: 'excluded' },
    { it: 'a query is no path', target: '/blog?/shop/', answers: page, outcome: 'excluded' },
  ],
  { INJECT_PATHS: '/shop/**', INJECT_EXCLUDE: '/shop/admin/**,/shop/*.php' },
);

pages('request: a navigation', [
  { it: 'a browser’s', asks: NAVIGATION, answers: page, outcome: 'inserted', personal: true, pixel: true },
  { it: 'no Sec-Fetch at all', asks: from(), answers: page, outcome: 'inserted' },
  { it: 'no Accept-Encoding', asks: [], answers: page, outcome: 'inserted', originLacks: 'accept-encoding' },
  {
    it: 'POST',
    method: 'POST',
    asks: [...NAVIGATION, 'Content-Length: 0'],
    answers: page,
    outcome: 'inserted',
  },
  {
    it: 'PUT',
    method: 'PUT',
    asks: [...NAVIGATION, 'Content-Length: 0'],
    answers: page,
    outcome: 'not-navigation',
  },
  { it: 'DELETE', method: 'DELETE', answers: page, outcome: 'not-navigation' },
  {
    it: 'a service worker’s refetch',
    asks: fetched('navigate', 'empty'),
    answers: page,
    outcome: 'inserted',
  },
  { it: 'a fetch', asks: fetched('cors', 'empty'), answers: page, outcome: 'not-navigation' },
  {
    it: 'a fetch of the same origin',
    asks: fetched('same-origin', 'empty'),
    answers: page,
    outcome: 'not-navigation',
  },
  { it: 'no-cors', asks: fetched('no-cors', 'empty'), answers: page, outcome: 'not-navigation' },
  { it: 'an embed', asks: fetched('navigate', 'embed'), answers: page, outcome: 'not-navigation' },
  { it: 'an object', asks: fetched('navigate', 'object'), answers: page, outcome: 'not-navigation' },
  ...[
    'HX-Request: true',
    'Turbo-Frame: cart',
    'X-Requested-With: XMLHttpRequest',
    'X-PJAX: true',
    'X-Inertia: true',
    'X-Up-Version: 3',
  ].map((line) => ({
    it: line,
    asks: [...NAVIGATION, line],
    answers: page,
    outcome: 'not-navigation',
  })),
  {
    it: 'a fragment without Sec-Fetch',
    asks: from('X-Requested-With: XMLHttpRequest'),
    answers: page,
    outcome: 'not-navigation',
  },
  { it: 'an iframe', asks: fetched('navigate', 'iframe'), answers: page, outcome: 'frame' },
  { it: 'a frame', asks: fetched('navigate', 'frame'), answers: page, outcome: 'frame' },
  {
    it: 'Cache-Control: no-transform',
    asks: [...NAVIGATION, 'Cache-Control: no-transform'],
    answers: page,
    outcome: 'no-transform',
  },
  {
    it: 'Cache-Control: max-age=0 is a reload',
    asks: [...NAVIGATION, 'Cache-Control: max-age=0'],
    answers: page,
    outcome: 'inserted',
  },
  {
    it: 'a prefetch: a script, no pixel',
    asks: [...NAVIGATION, 'Sec-Purpose: prefetch'],
    answers: page,
    outcome: 'inserted',
    pixel: false,
  },
  {
    it: 'a prerender: a script, no pixel',
    asks: [...NAVIGATION, 'Sec-Purpose: prefetch;prerender'],
    answers: page,
    outcome: 'inserted',
    pixel: false,
  },
]);

pages(
  'request: INJECT_FRAMES=true',
  [
    {
      it: 'an iframe',
      asks: fetched('navigate', 'iframe'),
      answers: page,
      outcome: 'inserted',
      tag: / data-frames/,
    },
  ],
  { INJECT_FRAMES: 'true' },
);

pages('head: what the origin says of it', [
  {
    it: 'Cache-Control: no-transform',
    answers: body(PAGE, 'Cache-Control: no-transform'),
    outcome: 'no-transform',
  },
  {
    it: 'no-transform among others, in capitals',
    answers: body(PAGE, 'Cache-Control: max-age=0, No-Transform'),
    outcome: 'no-transform',
  },
  {
    it: 'X-GoTrack-Inject: off goes no further',
    answers: body(PAGE, 'X-GoTrack-Inject: off'),
    outcome: 'excluded',
    clientLacks: 'x-gotrack-inject',
  },
  { it: '404', answers: answer('404 Not Found', PAGE, HTML), outcome: 'inserted' },
  { it: '500', answers: answer('500 Oops', PAGE, HTML), outcome: 'inserted' },
  {
    it: '401',
    answers: answer('401 Who', PAGE, HTML, 'WWW-Authenticate: Basic'),
    outcome: 'inserted',
    clientSees: 'WWW-Authenticate: Basic',
  },
  {
    it: '206',
    answers: answer('206 Partial Content', PAGE.slice(0, 20), HTML, 'Content-Range: bytes 0-19/90'),
    outcome: 'status',
  },
  { it: '204', answers: head('HTTP/1.1 204 No Content', HTML), outcome: 'status' },
  {
    it: '304',
    answers: head('HTTP/1.1 304 Not Modified', 'ETag: "a"'),
    outcome: 'status',
    clientSees: 'ETag: "a"',
  },
  { it: 'no type', answers: answer('200 OK', PAGE), outcome: 'type' },
  { it: 'XHTML', answers: answer('200 OK', PAGE, 'Content-Type: application/xhtml+xml'), outcome: 'type' },
  { it: 'plain text', answers: answer('200 OK', PAGE, 'Content-Type: text/plain'), outcome: 'type' },
  {
    it: 'JSON',
    answers: answer('200 OK', '{"a":"</body>"}', 'Content-Type: application/json'),
    outcome: 'type',
  },
  { it: 'text/html5', answers: answer('200 OK', PAGE, 'Content-Type: text/html5'), outcome: 'type' },
  { it: 'TEXT/HTML', answers: answer('200 OK', PAGE, 'Content-Type: TEXT/HTML'), outcome: 'inserted' },
  {
    it: 'an attachment',
    answers: body(PAGE, 'Content-Disposition: attachment; filename="a.html"'),
    outcome: 'type',
  },
  {
    it: 'inline',
    answers: body(PAGE, 'Content-Disposition: inline; filename="a.html"'),
    outcome: 'inserted',
  },
  { it: 'a coding that nobody knows', answers: body(PAGE, 'Content-Encoding: rot13'), outcome: 'encoding' },
  { it: 'stacked codings', answers: body(PAGE, 'Content-Encoding: gzip, br'), outcome: 'encoding' },
  { it: 'gzip twice', answers: body(PAGE, 'Content-Encoding: gzip, gzip'), outcome: 'encoding' },
]);

const bom = '\xef\xbb\xbf';
pages('body: charset', [
  { it: 'UTF-8 with a byte order mark', answers: body(bom + PAGE), outcome: 'inserted' },
  { it: 'UTF-16 by its byte order mark', answers: body('\xff\xfe<\0h\0t\0m\0l\0>\0'), outcome: 'charset' },
  { it: 'UTF-16BE by its byte order mark', answers: body('\xfe\xff\0<\0h\0t\0m\0l\0>'), outcome: 'charset' },
  {
    it: 'UTF-16 by its header',
    answers: answer('200 OK', PAGE, 'Content-Type: text/html; charset=utf-16le'),
    outcome: 'charset',
  },
  {
    it: 'UTF-7',
    answers: answer('200 OK', PAGE, 'Content-Type: text/html; charset=utf-7'),
    outcome: 'charset',
  },
  {
    it: 'ISO-2022-JP',
    answers: answer('200 OK', PAGE, 'Content-Type: text/html; charset="iso-2022-jp"'),
    outcome: 'charset',
  },
  {
    it: 'ISO-2022-JP in a meta',
    answers: answer(
      '200 OK',
      PAGE.replace('<title>', '<meta charset=iso-2022-jp><title>'),
      'Content-Type: text/html',
    ),
    outcome: 'charset',
  },
  {
    it: 'the header rules over the meta',
    answers: answer('200 OK', PAGE.replace('<title>', '<meta charset=iso-2022-jp><title>'), HTML),
    outcome: 'inserted',
  },
  {
    it: 'Latin-1',
    answers: answer('200 OK', PAGE, 'Content-Type: text/html; charset=iso-8859-1'),
    outcome: 'inserted',
  },
  {
    it: 'Shift_JIS',
    answers: answer('200 OK', PAGE, 'Content-Type: text/html; charset=Shift_JIS'),
    outcome: 'inserted',
  },
  {
    it: 'windows-1251 in a meta',
    answers: answer(
      '200 OK',
      PAGE.replace(
        '<title>',
        '<meta http-equiv=content-type content="text/html; charset=windows-1251"><title>',
      ),
      'Content-Type: text/html',
    ),
    outcome: 'inserted',
  },
]);

const loose = from();
pages('body: a page', [
  { it: 'nothing', answers: body(''), outcome: 'not-page' },
  { it: 'white space', answers: body(' \r\n\t '), outcome: 'not-page' },
  {
    it: 'a JSON object called HTML',
    answers: body('{"html":"<html><body></body></html>"}'),
    outcome: 'not-page',
  },
  { it: 'a JSON list called HTML', answers: body(' ["<body>"]'), outcome: 'not-page' },
  { it: 'a fragment that a browser shows as a document', answers: body('<p>hello'), outcome: 'inserted' },
  { it: 'a fragment, nobody knows for whom', asks: loose, answers: body('<p>hello'), outcome: 'not-page' },
  {
    it: 'a doctype, nobody knows for whom',
    asks: loose,
    answers: body('<!DocType HTML><p>hello'),
    outcome: 'inserted',
  },
  {
    it: '<html>, nobody knows for whom',
    asks: loose,
    answers: body('<HTML lang=en><p>hello'),
    outcome: 'inserted',
  },
  {
    it: '<head>, nobody knows for whom',
    asks: loose,
    answers: body('<head><title>x</title><p>hello'),
    outcome: 'inserted',
  },
  {
    it: '<body>, nobody knows for whom',
    asks: loose,
    answers: body('<body class=x><p>hello'),
    outcome: 'inserted',
  },
  {
    it: '<body> behind the first 1,024 bytes',
    asks: loose,
    answers: body(`<p>${'x'.repeat(1100)}<body>`),
    outcome: 'not-page',
  },
  { it: 'text, nobody knows for whom', asks: loose, answers: body('hello'), outcome: 'not-page' },
]);

const withHtml = (start: string) => PAGE.replace('<html>', start);
pages('body: AMP', [
  ...[
    '<html amp>',
    '<html lang=en AMP>',
    '<html \xe2\x9a\xa1>',
    '<html amp4ads>',
    '<html \xe2\x9a\xa14ads>',
    '<html amp4email>',
    '<html \xe2\x9a\xa14email>',
    '<html amp="">',
  ].map((start) => ({
    it: start,
    answers: body(withHtml(start)),
    outcome: 'amp',
  })),
  {
    it: 'an attribute of another name',
    answers: body(withHtml('<html data-amp amphora>')),
    outcome: 'inserted',
  },
  { it: 'a value', answers: body(withHtml('<html class="amp">')), outcome: 'inserted' },
]);

const OPEN = [
  '<textarea>',
  '<title>',
  '<script>',
  '<style>',
  '<xmp>',
  '<iframe>',
  '<noscript>',
  '<plaintext>',
  '<!--',
  '<svg><![CDATA[',
  '<svg>',
  '<math>',
  '<template>',
  '<a href="',
];
pages('end: text after something that is left open', [
  ...OPEN.map((open) => ({
    it: open,
    answers: body(`<!doctype html><html><body><p>x</p>${open}rest`),
    outcome: 'unclosed',
  })),
  {
    it: 'nothing but elements',
    answers: body('<!doctype html><html><body><p><b><div>x'),
    outcome: 'inserted',
  },
  {
    it: 'closed before the end',
    answers: body('<!doctype html><textarea></body></textarea><svg></svg><!-- x --></body></html>'),
    outcome: 'inserted',
  },
  {
    it: '</body> in a script',
    answers: body('<!doctype html><body><script>var a = "</body>"</script><p>x</body></html>'),
    outcome: 'inserted',
  },
  {
    it: '</body> in a comment at the end',
    answers: body('<!doctype html><body><p>x</p></body></html><!-- </body> -->'),
    outcome: 'inserted',
  },
  {
    it: 'replacement patterns are text',
    answers: body("<!doctype html><body>$& $1 $$ $` $'</body></html>"),
    outcome: 'inserted',
  },
]);

pages('whole, however it was framed', [
  {
    it: 'chunks',
    answers:
      head('HTTP/1.1 200 OK', HTML, 'Transfer-Encoding: chunked') + chunks(PAGE.slice(0, 30), PAGE.slice(30)),
    outcome: 'inserted',
    clientLacks: 'transfer-encoding',
  },
]);
