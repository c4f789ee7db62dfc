/** Validators, caches, encodings and policies of pages (RFC 9110 §8, §13, §14; RFC 9111; CSP 3). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startApp, type TestApp } from '../support/app.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { roundTrip } from '../support/raw-client.ts';
import { answer, head } from './support/messages.ts';
import { NAVIGATION, pages } from './support/page-case.ts';

const PAGE = '<!doctype html><html><head><title>t</title></head><body><p>hello</p></body></html>\n';
const HTML = 'Content-Type: text/html; charset=utf-8';
const html = (...lines: string[]) => answer('200 OK', PAGE, HTML, ...lines);
const gzipped = (text = PAGE, level = 6) => gzipSync(text, { level }).toString('latin1');
const zipped = (...lines: string[]) => answer('200 OK', gzipped(), HTML, 'Content-Encoding: gzip', ...lines);
const asks = (...lines: string[]) => [...NAVIGATION, ...lines];
const VARY = 'Vary: Sec-Fetch-Mode, Sec-Fetch-Dest';

pages('RFC 9110 §8.8 an edited page is another representation', [
  { it: 'no ETag stays none', answers: html(), outcome: 'inserted', clientLacks: 'etag' },
  {
    it: 'Last-Modified stays',
    answers: html('Last-Modified: Tue, 15 Nov 1994 12:45:26 GMT'),
    outcome: 'inserted',
    clientSees: 'Last-Modified: Tue, 15 Nov 1994 12:45:26 GMT',
  },
  {
    it: 'no digests',
    answers: html(
      'Content-MD5: x',
      'Digest: sha-256=x',
      'Content-Digest: sha-256=:eA==:',
      'Repr-Digest: sha-256=:eA==:',
    ),
    outcome: 'inserted',
    clientLacks: ['content-md5', 'digest', 'content-digest', 'repr-digest'],
  },
  {
    it: 'no ranges',
    answers: html('Accept-Ranges: bytes'),
    outcome: 'inserted',
    clientSees: 'Accept-Ranges: none',
  },
  {
    it: 'digests of what is not edited stay',
    answers: answer(
      '200 OK',
      'x',
      'Content-Type: text/plain',
      'Digest: sha-256=x',
      'ETag: "a"',
      'Accept-Ranges: bytes',
    ),
    outcome: 'type',
    clientSees: ['Digest: sha-256=x', 'ETag: "a"', 'Accept-Ranges: bytes'],
  },
  {
    it: 'a tag of a page that is not edited stays',
    answers: html('ETag: "a"', 'Cache-Control: no-transform'),
    outcome: 'no-transform',
    clientSees: 'ETag: "a"',
  },
  {
    it: 'another’s tag passes on as it came',
    asks: asks('If-None-Match: "abc", W/"x-gts0000"'),
    answers: html('ETag: "abc"'),
    outcome: 'inserted',
    originSees: 'If-None-Match: "abc", W/"x-gts0000"',
  },
  {
    it: 'conditions that are none of ours pass',
    asks: asks('If-None-Match: *', 'If-Modified-Since: Tue, 15 Nov 1994 12:45:26 GMT', 'If-Match: "a"'),
    answers: html(),
    outcome: 'inserted',
    originSees: ['If-None-Match: *', 'If-Modified-Since: Tue, 15 Nov 1994 12:45:26 GMT', 'If-Match: "a"'],
  },
  {
    it: 'If-Range that is none of ours passes with its Range',
    asks: asks('If-Range: "abc"', 'Range: bytes=0-9'),
    answers: html(),
    outcome: 'inserted',
    originSees: ['If-Range: "abc"', 'Range: bytes=0-9'],
  },
]);

describe('RFC 9110 §13 a page that is asked for again', () => {
  let origin: Origin;
  let app: TestApp;
  let next = '';
  before(async () => {
    origin = await startOrigin((_request, socket) => void socket.write(next, 'latin1'));
    app = await startApp(`http://127.0.0.1:${origin.port}`);
  });
  after(async () => {
    await app.close();
    await origin.close();
  });
  async function ask(answers: string, ...lines: string[]) {
    next = answers;
    const response = await roundTrip(
      app.port,
      head('GET /p HTTP/1.1', 'Host: shop.test', ...NAVIGATION, ...lines),
    );
    return { response, sent: origin.requests.at(-1)!.head };
  }
  async function tagFor(tag: string): Promise<string> {
    const { response } = await ask(html(`ETag: ${tag}`));
    return response.header('etag')!;
  }

  const TAGS: readonly [tag: string, edited: RegExp][] = [
    ['"abc"', /^W\/"abc-gts[0-9a-f]+"$/],
    ['W/"abc"', /^W\/"abc-gtw[0-9a-f]+"$/],
    ['""', /^W\/"-gts[0-9a-f]+"$/],
    ['"a,b c"', /^W\/"a,b c-gts[0-9a-f]+"$/],
  ];
  for (const [tag, edited] of TAGS) {
    test(`${tag} becomes weak, gains our version, and comes back to the origin as it was`, async () => {
      const ours = await tagFor(tag);
      assert.match(ours, edited);
      const again = await ask(head('HTTP/1.1 304 Not Modified', `ETag: ${tag}`), `If-None-Match: ${ours}`);
      assert.ok(again.sent.includes(`\r\nIf-None-Match: ${tag}\r\n`), again.sent);
      assert.equal(again.response.status, 304);
      assert.equal(again.response.header('etag'), ours);
    });
  }

  test('in a list only our own suffix is taken off', async () => {
    const ours = await tagFor('"abc"');
    const { sent } = await ask(html('ETag: "new"'), `If-None-Match: "other", ${ours}, W/"abc-gts0000"`);
    assert.ok(sent.includes('\r\nIf-None-Match: "other", "abc", W/"abc-gts0000"\r\n'), sent);
  });

  test('on a request that gets no snippet the suffix stays, so that it cannot match', async () => {
    const ours = await tagFor('"abc"');
    next = html('ETag: "abc"');
    await roundTrip(
      app.port,
      head('GET /p HTTP/1.1', 'Host: shop.test', 'Sec-Fetch-Mode: cors', `If-None-Match: ${ours}`),
    );
    assert.ok(origin.requests.at(-1)!.head.includes(`\r\nIf-None-Match: ${ours}\r\n`));
  });

  test('If-Range with our suffix is dropped, and Range with it', async () => {
    const ours = await tagFor('"abc"');
    const { sent } = await ask(html('ETag: "abc"'), 'Range: bytes=0-9', `If-Range: ${ours}`);
    assert.doesNotMatch(sent, /^(?:if-range|range):/im);
  });

  test('on a 304 to a navigation the policy is left out, so that the stored one goes on', async () => {
    const { response } = await ask(
      head('HTTP/1.1 304 Not Modified', "Content-Security-Policy: default-src 'none'"),
    );
    assert.equal(response.header('content-security-policy'), undefined);
  });

  test('HEAD has the headers that GET would have, but no Content-Length', async () => {
    const { response: got } = await ask(html('ETag: "abc"', 'Accept-Ranges: bytes'));
    next = head(
      'HTTP/1.1 200 OK',
      HTML,
      'ETag: "abc"',
      'Accept-Ranges: bytes',
      `Content-Length: ${PAGE.length}`,
    );
    const response = await roundTrip(
      app.port,
      head('HEAD /p HTTP/1.1', 'Host: shop.test', ...NAVIGATION),
      'HEAD',
    );
    assert.equal(response.header('content-length'), undefined);
    for (const name of ['etag', 'accept-ranges', 'vary', 'content-type', 'cache-control'])
      assert.equal(response.header(name), got.header(name), name);
  });

  test('HEAD of what is no page keeps its length', async () => {
    next = head('HTTP/1.1 200 OK', 'Content-Type: text/plain', 'Content-Length: 9', 'ETag: "a"');
    const response = await roundTrip(
      app.port,
      head('HEAD /p HTTP/1.1', 'Host: shop.test', ...NAVIGATION),
      'HEAD',
    );
    assert.equal(response.header('content-length'), '9');
    assert.equal(response.header('etag'), '"a"');
  });
});

pages('RFC 9110 §12.5.5 Vary', [
  {
    it: 'HTML that was edited',
    answers: html(),
    outcome: 'inserted',
    clientSees: VARY,
  },
  {
    it: 'HTML that a cache may keep',
    answers: html('Cache-Control: max-age=60'),
    outcome: 'inserted',
    clientSees: VARY,
  },
  {
    it: 'HTML that was not edited',
    answers: html('Cache-Control: no-transform, max-age=60'),
    outcome: 'no-transform',
    clientSees: VARY,
  },
  {
    it: 'HTML to a fetch',
    asks: ['Sec-Fetch-Mode: cors'],
    answers: html('Cache-Control: max-age=60'),
    outcome: 'not-navigation',
    clientSees: VARY,
  },
  {
    it: 'joins the origin’s',
    answers: html('Cache-Control: max-age=60', 'Vary: Accept-Encoding'),
    outcome: 'inserted',
    clientSees: 'Vary: Accept-Encoding, Sec-Fetch-Mode, Sec-Fetch-Dest',
  },
  {
    it: 'what is there is not added again',
    answers: html('Cache-Control: max-age=60', 'Vary: sec-fetch-dest'),
    outcome: 'inserted',
    clientSees: 'Vary: sec-fetch-dest, Sec-Fetch-Mode',
  },
  {
    it: 'Vary: * stays',
    answers: html('Cache-Control: max-age=60', 'Vary: *'),
    outcome: 'inserted',
    clientSees: 'Vary: *',
  },
  {
    it: 'the origin says private',
    answers: html('Cache-Control: private, max-age=60'),
    outcome: 'inserted',
    clientLacks: 'vary',
  },
  {
    it: 'the origin says no-store',
    answers: html('Cache-Control: no-store'),
    outcome: 'inserted',
    clientLacks: 'vary',
  },
  {
    it: 'what is no HTML',
    answers: answer('200 OK', 'x', 'Content-Type: text/css'),
    outcome: 'type',
    clientLacks: 'vary',
  },
]);

pages(
  'VARY=off',
  [
    {
      it: 'HTML that a cache may keep',
      answers: html('Cache-Control: max-age=60'),
      outcome: 'inserted',
      clientLacks: 'vary',
    },
  ],
  { VARY: 'off' },
);

const PRIVATE = 'Cache-Control: private';
pages('RFC 9111 what may be one visitor’s, and what everyone gets', [
  {
    it: 'nothing is said: private joins',
    answers: html(),
    outcome: 'inserted',
    personal: true,
    pixel: true,
    clientSees: PRIVATE,
  },
  {
    it: 'a lone no-cache counts as nothing',
    answers: html('Cache-Control: no-cache'),
    outcome: 'inserted',
    personal: true,
    clientSees: 'Cache-Control: no-cache, private',
  },
  {
    it: 'private',
    answers: html(PRIVATE),
    outcome: 'inserted',
    personal: true,
    pixel: true,
    clientSees: PRIVATE,
  },
  {
    it: 'no-store',
    answers: html('Cache-Control: no-store'),
    outcome: 'inserted',
    personal: true,
    pixel: true,
    clientSees: 'Cache-Control: no-store',
  },
  {
    it: 'private with freshness',
    answers: html('Cache-Control: private, max-age=600'),
    outcome: 'inserted',
    personal: true,
  },
  {
    it: 'private for one field',
    answers: html('Cache-Control: private="Set-Cookie", max-age=60'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'public',
    answers: html('Cache-Control: public'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'max-age',
    answers: html('Cache-Control: max-age=60'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'max-age=0',
    answers: html('Cache-Control: max-age=0'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 's-maxage',
    answers: html('Cache-Control: s-maxage=60'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'Expires',
    answers: html('Expires: Tue, 15 Nov 2033 12:45:26 GMT'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  { it: 'ETag', answers: html('ETag: "a"'), outcome: 'inserted', personal: false, pixel: false },
  {
    it: 'Last-Modified',
    answers: html('Last-Modified: Tue, 15 Nov 1994 12:45:26 GMT'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'CDN-Cache-Control',
    answers: html('CDN-Cache-Control: max-age=60'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'Surrogate-Control',
    answers: html('Surrogate-Control: max-age=60'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'Surrogate-Control beside private',
    answers: html(PRIVATE, 'Surrogate-Control: max-age=60'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'X-Accel-Expires',
    answers: html('X-Accel-Expires: 60'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'Set-Cookie alone stops no cache',
    answers: html('Set-Cookie: a=b', 'Cache-Control: max-age=60'),
    outcome: 'inserted',
    personal: false,
    pixel: false,
  },
  {
    it: 'Authorization',
    asks: asks('Authorization: Basic eDp5'),
    answers: html('Cache-Control: max-age=60'),
    outcome: 'inserted',
    personal: true,
    clientSees: 'Cache-Control: max-age=60, private',
  },
  {
    it: 'Authorization with public',
    asks: asks('Authorization: Basic eDp5'),
    answers: html('Cache-Control: public, max-age=60'),
    outcome: 'inserted',
    personal: false,
  },
  {
    it: 'Authorization with s-maxage',
    asks: asks('Authorization: Basic eDp5'),
    answers: html('Cache-Control: s-maxage=60'),
    outcome: 'inserted',
    personal: false,
  },
  {
    it: 'Authorization with must-revalidate',
    asks: asks('Authorization: Basic eDp5'),
    answers: html('Cache-Control: must-revalidate'),
    outcome: 'inserted',
    personal: false,
  },
]);

const OFFERS = 'gzip, deflate, br, zstd';
pages('RFC 9110 §12.5.3 what the origin is asked for', [
  {
    it: OFFERS,
    asks: [`Accept-Encoding: ${OFFERS}`],
    answers: html(),
    outcome: 'inserted',
    originSees: 'Accept-Encoding: gzip',
  },
  {
    it: 'gzip with a weight',
    asks: ['Accept-Encoding: br, gzip;q=0.1'],
    answers: html(),
    outcome: 'inserted',
    originSees: 'Accept-Encoding: gzip',
  },
  {
    it: 'deflate alone',
    asks: ['Accept-Encoding: deflate'],
    answers: html(),
    outcome: 'inserted',
    originSees: 'Accept-Encoding: identity',
  },
  {
    it: 'no gzip',
    asks: ['Accept-Encoding: gzip;q=0'],
    answers: html(),
    outcome: 'inserted',
    originSees: 'Accept-Encoding: identity',
  },
  { it: 'none sent', asks: [], answers: html(), outcome: 'inserted', originLacks: 'accept-encoding' },
  {
    it: 'a request that gets no snippet keeps its own',
    asks: [`Accept-Encoding: ${OFFERS}`, 'Sec-Fetch-Mode: cors'],
    answers: html(),
    outcome: 'not-navigation',
    originSees: `Accept-Encoding: ${OFFERS}`,
  },
]);

pages('gzip is edited without recoding', [
  { it: 'an ordinary page', answers: zipped(), outcome: 'spliced', clientSees: 'Content-Encoding: gzip' },
  { it: 'the same again, its place remembered', answers: zipped(), outcome: 'spliced' },
  {
    it: 'stored blocks',
    answers: answer('200 OK', gzipped(PAGE, 0), HTML, 'Content-Encoding: gzip'),
    outcome: 'spliced',
  },
  {
    it: 'the best compression',
    answers: answer('200 OK', gzipped(PAGE, 9), HTML, 'Content-Encoding: gzip'),
    outcome: 'spliced',
  },
  {
    it: 'x-gzip',
    answers: answer('200 OK', gzipped(), HTML, 'Content-Encoding: x-gzip'),
    outcome: 'spliced',
  },
  {
    it: 'a page that ends in an open textarea',
    answers: answer('200 OK', gzipped('<!doctype html><body><textarea>'), HTML, 'Content-Encoding: gzip'),
    outcome: 'unclosed',
  },
  {
    it: 'JSON in it',
    answers: answer('200 OK', gzipped('{"a":1}'), HTML, 'Content-Encoding: gzip'),
    outcome: 'not-page',
  },
  {
    it: 'AMP in it',
    answers: answer(
      '200 OK',
      gzipped('<!doctype html><html amp><body></body></html>'),
      HTML,
      'Content-Encoding: gzip',
    ),
    outcome: 'amp',
  },
  {
    it: 'no gzip at all',
    answers: answer('200 OK', PAGE, HTML, 'Content-Encoding: gzip'),
    outcome: 'encoding',
  },
  {
    it: 'gzip that was cut',
    answers: answer('200 OK', gzipped().slice(0, -9), HTML, 'Content-Encoding: gzip'),
    outcome: 'encoding',
  },
  {
    it: 'a wrong sum in its trailer',
    answers: answer(
      '200 OK',
      `${gzipped().slice(0, -8)}\0\0\0\0${gzipped().slice(-4)}`,
      HTML,
      'Content-Encoding: gzip',
    ),
    outcome: 'encoding',
  },
]);

const policy = (value: string) => html(`Content-Security-Policy: ${value}`);
const sees = (value: RegExp | string) => `Content-Security-Policy: ${value}`;
pages('Content-Security-Policy: nothing changes where the tracker runs already', [
  { it: 'no policy', answers: html(), outcome: 'inserted', clientLacks: 'content-security-policy' },
  ...[
    "script-src 'unsafe-inline'",
    "default-src 'self' 'unsafe-inline'",
    "img-src 'self'; style-src 'none'",
    "frame-ancestors 'none'",
    'upgrade-insecure-requests',
  ].map((value) => ({
    it: value,
    answers: policy(value),
    outcome: 'inserted',
    clientSees: sees(value),
  })),
  {
    it: 'a nonce: the script bears it',
    answers: policy("script-src 'nonce-r4nd0m'"),
    outcome: 'inserted',
    clientSees: sees("script-src 'nonce-r4nd0m'"),
    tag: / nonce="r4nd0m"/,
  },
  {
    it: 'a nonce and strict-dynamic',
    answers: policy("script-src 'nonce-r4nd0m' 'strict-dynamic' https: 'unsafe-inline'"),
    outcome: 'inserted',
    clientSees: sees("script-src 'nonce-r4nd0m' 'strict-dynamic' https: 'unsafe-inline'"),
    tag: / nonce="r4nd0m"/,
  },
  {
    it: "connect-src 'none': the pixel speaks",
    answers: policy("script-src 'unsafe-inline'; connect-src 'none'"),
    outcome: 'inserted',
    pixel: true,
    clientSees: sees("script-src 'unsafe-inline'; connect-src 'none'"),
  },
  { it: 'sandbox', answers: policy('sandbox'), outcome: 'csp', clientSees: sees('sandbox') },
  {
    it: 'sandbox allow-scripts',
    answers: policy('sandbox allow-scripts'),
    outcome: 'csp',
    clientSees: sees('sandbox allow-scripts'),
  },
  {
    it: 'sandbox allow-same-origin: the pixel alone',
    answers: policy('sandbox allow-same-origin'),
    outcome: 'inserted',
    pixel: true,
    clientSees: sees('sandbox allow-same-origin'),
  },
  {
    it: 'img-src without us: no pixel',
    answers: policy("script-src 'unsafe-inline'; connect-src 'self'; img-src https://cdn.test"),
    outcome: 'inserted',
    pixel: false,
  },
]);

pages(
  'CSP=respect',
  [
    {
      it: 'a policy that forbids us keeps us out',
      answers: policy("script-src 'self'"),
      outcome: 'csp',
      clientSees: sees("script-src 'self'"),
    },
    {
      it: 'one that lets us run does not',
      answers: policy("script-src 'unsafe-inline'"),
      outcome: 'inserted',
      clientSees: sees("script-src 'unsafe-inline'"),
    },
  ],
  { CSP: 'respect' },
);

describe('Content-Security-Policy: our one hash joins the directive that governs inline scripts, and nothing else changes', () => {
  const HASH = "'sha256-[A-Za-z0-9+/=]+'";
  const EDITS: readonly [policy: string, edited: string][] = [
    ["script-src 'self'", `script-src 'self' ${HASH}`],
    ["script-src 'none'", `script-src ${HASH}`],
    ["script-src-elem 'self'; script-src 'none'", `script-src-elem 'self' ${HASH}; script-src 'none'`],
    ["script-src 'sha256-abc='", `script-src 'sha256-abc=' ${HASH}`],
    ['script-src https://cdn.test', `script-src https://cdn.test ${HASH}`],
    ["script-src 'strict-dynamic' 'sha256-abc='", `script-src 'strict-dynamic' 'sha256-abc=' ${HASH}`],
  ];
  let origin: Origin;
  let app: TestApp;
  let next = '';
  before(async () => {
    origin = await startOrigin((_request, socket) => void socket.write(next, 'latin1'));
    app = await startApp(`http://127.0.0.1:${origin.port}`);
  });
  after(async () => {
    await app.close();
    await origin.close();
  });
  const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  for (const name of ['Content-Security-Policy', 'Content-Security-Policy-Report-Only']) {
    for (const [value, edited] of EDITS) {
      test(`${name}: ${value}`, async () => {
        next = html(`${name}: ${value}`);
        const response = await roundTrip(app.port, head('GET /p HTTP/1.1', 'Host: shop.test', ...NAVIGATION));
        const pattern = edited.split(HASH).map(escaped).join(HASH);
        assert.match(response.header(name)!, new RegExp(`^${pattern}$`));
      });
    }
  }

  test('default-src is copied into a script-src and a connect-src of its own', async () => {
    next = policy("default-src https://cdn.test; img-src 'self'");
    const response = await roundTrip(app.port, head('GET /p HTTP/1.1', 'Host: shop.test', ...NAVIGATION));
    const value = response.header('content-security-policy')!;
    assert.ok(value.startsWith("default-src https://cdn.test; img-src 'self'"), value);
    assert.match(value, new RegExp(`script-src https://cdn\\.test ${HASH}`));
    assert.match(value, /connect-src https:\/\/cdn\.test 'self'/);
  });
});
