/** PROTOCOL.md, "Pixel", "Health", "Client address" and "Our cookie", through a whole instance. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../../support/app.ts';
import { ok, startOrigin } from '../../support/origin.ts';
import { answers, type Row, type Sent, send } from './support/rows.ts';
import { SECRET } from './support/spec-client.ts';

const GIF = { 'content-type': 'image/gif', 'content-length': '43', 'cache-control': 'no-store' };
const pixel = (
  it: string,
  query: string,
  rest: Partial<Row> & { headers?: Row['headers'] } = {},
  sent: Sent = {},
): Row => ({
  it,
  sends: { method: 'GET', path: `/px.gif${query}`, ...sent },
  status: 200,
  ...rest,
  headers: { ...GIF, ...rest.headers },
});

answers('the pixel', {}, [
  pixel(
    'the seed’s parameters',
    '?e=signup&uid=u1&sid=s1&url=https%3A%2F%2Fshop.test%2Fp&ref=https%3A%2F%2Fs.test%2F&utm_source=mail&plan=pro',
    {
      headers: { 'x-gotrack-accepted': '1', 'set-cookie': null },
      stores: [
        {
          type: 'signup',
          url: 'https://shop.test/p',
          payload: {
            session: { session_id: 's1', user_id: /^[0-9a-f]{64}$/ },
            url: { referrer: 'https://s.test/', utm: { source: 'mail' } },
            props: { plan: 'pro' },
          },
          server: { auth: { scheme: 'none' } },
        },
      ],
    },
  ),
  pixel('without sid it names the visitor', '?e=a', {
    headers: {
      'set-cookie': /^gt=[0-9a-f-]{36}\.\.[\w-]{11}; Path=\/; Max-Age=1800; HttpOnly; SameSite=Lax$/,
    },
    stores: [{ payload: { session: { session_id: /^[0-9a-f-]{36}$/ } } }],
  }),
  pixel(
    'our own, auto=1: at once, of type pixel, without a cookie',
    '?e=pageview&auto=1&url=https%3A%2F%2Fshop.test%2Fp',
    {
      headers: { 'x-gotrack-accepted': '0', 'set-cookie': null },
      stores: [{ type: 'pixel', url: 'https://shop.test/p' }],
    },
  ),
  pixel('a d that is wrong is ignored', '?auto=1&d=0192f0c1-7f00-7abc-8def-0123456789ab.AAAAAAAAAAA', {
    stores: [{ server: { document_id: undefined } }],
  }),
  pixel(
    'from a foreign site the image comes, and no event',
    '?e=a',
    { headers: { 'x-gotrack-accepted': '0' } },
    {
      headers: ['Sec-Fetch-Site: cross-site', 'Referer: https://evil.test/'],
    },
  ),
  pixel('what breaks a rule', '?e=document', { headers: { 'x-gotrack-accepted': '0' } }),
  { ...pixel('HEAD', '?e=a', { stores: [{ type: 'a' }] }), sends: { method: 'HEAD', path: '/px.gif?e=a' } },
]);

answers('the pixel from a site of CORS_ORIGINS', { CORS_ORIGINS: 'https://partner.test' }, [
  pixel(
    'is recorded',
    '?e=a',
    { stores: [{}] },
    { headers: ['Sec-Fetch-Site: cross-site', 'Referer: https://partner.test/page'] },
  ),
]);

const address = (it: string, headers: string[], ip: string): Row => ({
  it,
  sends: { method: 'GET', path: '/px.gif?e=a', ip: '', headers },
  status: 200,
  stores: [{ ip }],
});
const xff = (value: string) => `X-Forwarded-For: ${value}`;

answers('TRUST_PROXY=true: the rightmost entry', { TRUST_PROXY: 'true' }, [
  address('one entry', [xff('192.0.2.1')], '192.0.2.1'),
  address('several', [xff('10.0.0.1, 192.0.2.1')], '192.0.2.1'),
  address('several lines are one list', [xff('192.0.2.9'), xff('192.0.2.1')], '192.0.2.1'),
  address('a port is cut off', [xff('192.0.2.1:4711')], '192.0.2.1'),
  address('brackets too', [xff('[2001:db8::1]:4711')], '2001:db8::1'),
  address('v4-mapped is IPv4', [xff('::ffff:192.0.2.1')], '192.0.2.1'),
  address('what is no address ends the walk', [xff('unknown')], '127.0.0.1'),
  address(
    'CLIENT_IP_HEADERS unset: no other header counts',
    [xff('192.0.2.1'), 'CF-Connecting-IP: 198.51.100.1', 'X-Real-IP: 198.51.100.2'],
    '192.0.2.1',
  ),
]);

answers('TRUST_PROXY=2: that many hops', { TRUST_PROXY: '2' }, [
  address('two entries', [xff('192.0.2.1, 10.0.0.1')], '192.0.2.1'),
  address('more', [xff('6.6.6.6, 192.0.2.1, 10.0.0.1')], '192.0.2.1'),
]);

answers('TRUST_PROXY=ranges: from the right past trusted peers', { TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8' }, [
  address('past ours', [xff('6.6.6.6, 192.0.2.1, 10.0.0.2, 10.0.0.1')], '192.0.2.1'),
]);

answers(
  'CLIENT_IP_HEADERS',
  { TRUST_PROXY: 'true', CLIENT_IP_HEADERS: 'cf-connecting-ip,cloudfront-viewer-address' },
  [
    address(
      'the first that is there',
      [xff('192.0.2.1'), 'CloudFront-Viewer-Address: 198.51.100.3:443', 'CF-Connecting-IP: 198.51.100.2'],
      '198.51.100.2',
    ),
    address(
      'else the next',
      [xff('192.0.2.1'), 'CloudFront-Viewer-Address: 198.51.100.3:443'],
      '198.51.100.3',
    ),
    address(
      'twice is no single value',
      [xff('192.0.2.1'), 'CF-Connecting-IP: 198.51.100.2', 'CF-Connecting-IP: 198.51.100.4'],
      '192.0.2.1',
    ),
    address('else X-Forwarded-For', [xff('192.0.2.1')], '192.0.2.1'),
  ],
);

test('TRUST_PROXY=false: the peer, whatever it says, and the origin hears nothing of it', async (t) => {
  const origin = await startOrigin(ok('origin'));
  const app = await startApp(`http://127.0.0.1:${origin.port}`, {
    HMAC_SECRET: SECRET,
    CLIENT_IP_HEADERS: 'cf-connecting-ip',
  });
  t.after(async () => {
    await app.close();
    await origin.close();
  });
  const headers = ['CF-Connecting-IP: 6.6.6.6', 'X-Real-IP: 6.6.6.6', 'Forwarded: for=6.6.6.6'];
  await send({ app, origin }, { method: 'GET', ip: '6.6.6.6', headers }, 'r1');
  assert.equal(origin.requests[0]!.head.includes('6.6.6.6'), false, origin.requests[0]!.head);
  assert.match(origin.requests[0]!.head, /x-forwarded-for: 127\.0\.0\.1/i);
});

test('our cookie: set by a signed POST, believed when it comes back, taken off before the origin', async (t) => {
  const origin = await startOrigin(ok('origin'));
  const app = await startApp(`http://127.0.0.1:${origin.port}`, { HMAC_SECRET: SECRET, TRUST_PROXY: 'true' });
  t.after(async () => {
    await app.close();
    await origin.close();
  });
  const session = { session_id: 's1', visitor_id: 'v1' };
  const answer = await send({ app, origin }, { body: { type: 'a', session }, signed: 'v1' }, 'r1');
  const cookie = answer.headers['set-cookie']!;
  assert.match(cookie, /^gt=s1\.v1\.[\w-]{11}; Path=\/; Max-Age=1800; HttpOnly; SameSite=Lax$/);
  const secure = await send(
    { app, origin },
    { body: { type: 'a', session }, signed: 'v1', headers: ['X-Forwarded-Proto: https'] },
    'r2',
  );
  assert.match(secure.headers['set-cookie']!, /^__Host-gt=.*; Secure$/);
  const pair = cookie.slice(0, cookie.indexOf(';'));
  const forged = pair.replace('s1', 's2');
  await send({ app, origin }, { method: 'GET', headers: [`Cookie: a=1; ${pair}; b=2; ${forged}`] }, 'r3');
  assert.match(origin.requests[0]!.head, new RegExp(`Cookie: a=1; b=2; ${forged}`.replaceAll('.', '\\.')));
  const again = await send(
    { app, origin },
    { body: { type: 'b' }, signed: 'v1', headers: [`Cookie: ${pair}`] },
    'r4',
  );
  assert.match(again.headers['set-cookie']!, /^gt=s1\.v1\./, 'renewed');
  const theirs = await send(
    { app, origin },
    { body: { type: 'b' }, signed: 'v1', headers: [`Cookie: ${forged}`] },
    'r5',
  );
  assert.equal(theirs.headers['set-cookie'], undefined, 'a cookie that somebody made up says nothing');
});
