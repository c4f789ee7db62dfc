/**
 * A shared cache that nobody here wrote, before us: nginx stores what it may, and more than most caches would, and
 * no page that it stores carries anything of the visitor whose request fetched it.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { startApp, type TestApp } from '../support/app.ts';
import { skipFor } from '../support/needs.ts';
import { nginxMissing, startNginx } from '../support/nginx.ts';
import { type HttpOrigin, startHttpOrigin } from '../support/origin.ts';
import { connect, type RawResponse } from '../support/raw-client.ts';
import { findRun, PERSONAL } from '../support/snippet.ts';
import { tempFolder } from '../support/temp.ts';

type Kind = {
  name: string;
  headers: Record<string, string>;
  /** Lines that the visitor sends besides. */
  asks?: string[];
  /** Whether nginx keeps it. */
  stored: boolean;
};

const LATER = 'Tue, 15 Nov 2050 12:45:26 GMT';
const EARLIER = 'Tue, 15 Nov 1994 12:45:26 GMT';
const AUTHORIZED = ['Authorization: Basic eDp5'];
const KINDS: readonly Kind[] = [
  { name: 'nothing-said', headers: {}, stored: false },
  { name: 'no-cache', headers: { 'cache-control': 'no-cache' }, stored: false },
  { name: 'private', headers: { 'cache-control': 'private, max-age=60' }, stored: false },
  { name: 'no-store', headers: { 'cache-control': 'no-store' }, stored: false },
  { name: 'max-age', headers: { 'cache-control': 'max-age=60' }, stored: true },
  { name: 'public', headers: { 'cache-control': 'public' }, stored: true },
  { name: 'public-max-age', headers: { 'cache-control': 'public, max-age=60' }, stored: true },
  { name: 's-maxage', headers: { 'cache-control': 's-maxage=60' }, stored: true },
  { name: 'must-revalidate', headers: { 'cache-control': 'max-age=60, must-revalidate' }, stored: true },
  { name: 'private-field', headers: { 'cache-control': 'private="set-cookie", max-age=60' }, stored: false },
  { name: 'expires', headers: { expires: LATER }, stored: true },
  { name: 'etag', headers: { etag: '"a"' }, stored: true },
  { name: 'last-modified', headers: { 'last-modified': EARLIER }, stored: true },
  { name: 'cookie', headers: { 'cache-control': 'max-age=60', 'set-cookie': 'a=b' }, stored: true },
  { name: 'cookie-alone', headers: { 'set-cookie': 'a=b' }, stored: false },
  { name: 'x-accel-expires', headers: { 'x-accel-expires': '60' }, stored: true },
  {
    name: 'x-accel-expires-private',
    headers: { 'x-accel-expires': '60', 'cache-control': 'private' },
    stored: true,
  },
  { name: 'surrogate-control', headers: { 'surrogate-control': 'max-age=60' }, stored: true },
  { name: 'cdn-cache-control', headers: { 'cdn-cache-control': 'max-age=60' }, stored: true },
  {
    name: 'cdn-cache-control-private',
    headers: { 'cdn-cache-control': 'max-age=60', 'cache-control': 'private' },
    stored: false,
  },
  { name: 'authorized', headers: {}, asks: AUTHORIZED, stored: false },
  { name: 'authorized-max-age', headers: { 'cache-control': 'max-age=60' }, asks: AUTHORIZED, stored: false },
  { name: 'authorized-expires', headers: { expires: LATER }, asks: AUTHORIZED, stored: false },
  {
    name: 'authorized-public',
    headers: { 'cache-control': 'public, max-age=60' },
    asks: AUTHORIZED,
    stored: true,
  },
];

const PAGE = '<!doctype html><html><head><title>t</title></head><body><p>hello</p></body></html>\n';
const missing = nginxMissing();
const folder = tempFolder();
let origin: HttpOrigin;
let app: TestApp;
let nginx: Awaited<ReturnType<typeof startNginx>>;

before(async () => {
  if (missing !== null) return;
  origin = await startHttpOrigin((request, response) => {
    const kind = KINDS.find(({ name }) => request.url!.startsWith(`/${name}?`));
    const zipped = request.url!.endsWith('gzip');
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
      ...kind?.headers,
    });
    response.end(zipped ? gzipSync(PAGE) : PAGE);
  });
  app = await startApp(`http://127.0.0.1:${origin.port}`, { TRUST_PROXY: 'true' });
  // It keeps pages of which the origin says nothing, and pages with cookies: worse than it would by itself.
  nginx = await startNginx(
    folder.path,
    `location / {
      proxy_pass http://127.0.0.1:${app.port}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $http_x_visitor;
      proxy_cache pages; proxy_cache_key $request_uri; proxy_cache_valid any 10m; proxy_ignore_headers Set-Cookie;
      add_header X-Cache $upstream_cache_status always; gzip off;
    }`,
    `proxy_cache_path ${folder.path}/cache keys_zone=pages:1m;`,
  );
});

after(async () => {
  if (missing !== null) return;
  await nginx.stop();
  await app.close();
  await origin.close();
  folder.remove();
});

const NAVIGATION = ['Accept-Encoding: gzip', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];

async function visit(target: string, visitor: string, asks: readonly string[] = []): Promise<RawResponse> {
  const client = await connect(Number(new URL(nginx.url).port));
  const lines = [
    `GET ${target} HTTP/1.1`,
    'Host: shop.test',
    `X-Visitor: ${visitor}`,
    ...NAVIGATION,
    ...asks,
  ];
  client.send([...lines, '', ''].join('\r\n'));
  const response = await client.response();
  client.destroy();
  return response;
}

const textOf = (response: RawResponse) =>
  response.header('content-encoding') === 'gzip'
    ? gunzipSync(response.content).toString('latin1')
    : response.text;

for (const coding of ['identity', 'gzip']) {
  describe(`pages in ${coding} through a shared cache`, () => {
    for (const { name, asks, stored } of KINDS) {
      test(`${name} is ${stored ? 'kept, and the same for everyone' : 'not kept'}`, async (t) => {
        if (skipFor(t, missing)) return;
        const target = `/${name}?${coding}`;
        const first = await visit(target, '203.0.113.1', asks);
        const second = await visit(target, '198.51.100.2', asks);
        assert.equal(second.header('x-cache') === 'HIT', stored, `${first.head}${second.head}`);
        for (const response of [first, second]) assert.equal(findRun(textOf(response))?.page, PAGE);
        if (!stored) return;
        assert.equal(textOf(first), textOf(second));
        assert.doesNotMatch(textOf(first), PERSONAL);
      });
    }
  });
}

test('nothing on the disk of the cache is one visitor’s', (t) => {
  if (skipFor(t, missing)) return;
  const files = globSync(`${folder.path}/cache/**`).filter((path) => statSync(path).isFile());
  let trackers = 0;
  for (const path of files) {
    const bytes = readFileSync(path);
    const start = bytes.indexOf('\r\n\r\n') + 4;
    const head = bytes.toString('latin1', 0, start);
    const body = bytes.subarray(start);
    const text = (/content-encoding: gzip/i.test(head) ? gunzipSync(body) : body).toString('latin1');
    assert.doesNotMatch(head + text, PERSONAL, path);
    if (findRun(text) !== null) trackers += 1;
  }
  assert.equal(trackers, 2 * KINDS.filter(({ stored }) => stored).length, 'what is kept has the tracker');
});
