/** PROTOCOL.md, "Token and signature", through a whole instance: v1, the bare form, age, rotation, the address. */
import { answers, type Row } from './support/rows.ts';
import { IP, SECRET, tokenOf } from './support/spec-client.ts';

const PAGEVIEW = { type: 'pageview', url: 'https://shop.test/p' };
const HOUR = 3_600_000;
const TID = '0192f0c17f007abc8def0123456789ab';
const DOCUMENT = '0192f0c1-7f00-7abc-8def-0123456789ab';
const V5 = /^.{14}5/;
const v1 = (more: object = {}) => ({ by: 'v1', ...more }) as const;
const ISSUED = ['token', 'key', 'now', 'ttl'];

answers('v1', {}, [
  {
    it: 'a hello token joins nothing',
    sends: { body: PAGEVIEW, signed: 'v1' },
    status: 202,
    json: { status: 'ok', accepted: 1, duplicates: 0 },
    lacks: ISSUED,
    headers: { 'x-gotrack-accepted': '1', 'cache-control': 'no-store' },
    stores: [
      {
        event_id: V5,
        ip: IP,
        server: { auth: { scheme: 'v1', key_id: '0', ip_changed: undefined }, document_id: undefined },
      },
    ],
  },
  {
    it: 'a page’s token joins its document',
    sends: { body: PAGEVIEW, signed: v1({ kind: 1, tid: TID }) },
    status: 202,
    stores: [{ server: { document_id: DOCUMENT } }],
  },
  {
    it: 'one signature a batch',
    sends: { body: [PAGEVIEW, { type: 'click' }], signed: 'v1' },
    status: 202,
    json: { accepted: 2 },
    stores: [{ type: 'pageview' }, { type: 'click' }],
  },
  {
    it: 'covers path and query as in the page’s href',
    sends: { path: '/p?a=%20&b=c?', body: PAGEVIEW, signed: 'v1' },
    status: 202,
    stores: [{}],
  },
  {
    it: 'of another path',
    sends: { path: '/p?a', body: PAGEVIEW, signed: v1({ path: '/p?b' }) },
    status: 401,
    error: 'bad-signature',
  },
  {
    it: 'of another body',
    sends: { body: PAGEVIEW, signed: v1({ body: '{}' }) },
    status: 401,
    error: 'bad-signature',
    lacks: ISSUED,
  },
  {
    it: 'of a made-up token',
    sends: { body: PAGEVIEW, signed: v1({ secret: 'somebody else’s' }) },
    status: 401,
    error: 'bad-signature',
    lacks: ISSUED,
  },
  {
    it: 'of a token that is none',
    sends: { body: PAGEVIEW, signed: v1({ token: 'A'.repeat(46) }) },
    status: 401,
    error: 'bad-signature',
    lacks: ISSUED,
  },
  {
    it: 'hello',
    sends: { signed: 'hello' },
    status: 200,
    has: ISSUED,
    headers: { 'cache-control': 'no-store' },
  },
  {
    it: 'hello, whatever its type',
    sends: { signed: 'hello', body: '', type: 'text/plain' },
    status: 200,
    has: ISSUED,
  },
]);

answers('a token that is too old', {}, [
  {
    it: 'a known client is given another',
    sends: { body: PAGEVIEW, signed: v1({ issuedAt: Date.now() - HOUR - 60_000 }) },
    status: 401,
    error: 'stale-token',
    has: ISSUED,
  },
  {
    it: 'who only claims to be one gets nothing',
    sends: { body: PAGEVIEW, signed: v1({ issuedAt: Date.now() - 2 * HOUR, key: Buffer.from('x') }) },
    status: 401,
    error: 'bad-signature',
    lacks: ISSUED,
  },
  {
    it: 'past half of its life another comes along',
    sends: { body: PAGEVIEW, signed: v1({ issuedAt: Date.now() - 0.6 * HOUR }) },
    status: 202,
    has: ISSUED,
    stores: [{}],
  },
  {
    it: 'of a secret that we do not have',
    sends: { body: PAGEVIEW, signed: v1({ kid: 'old' }) },
    status: 401,
    error: 'stale-token',
    has: ISSUED,
  },
  {
    it: 'a time 10 minutes behind',
    sends: { body: PAGEVIEW, signed: v1({ t: Date.now() - 600_000 }) },
    status: 401,
    error: 'stale-timestamp',
    has: ISSUED,
  },
  {
    it: 'a time 20 minutes ahead',
    sends: { body: PAGEVIEW, signed: v1({ t: Date.now() + 1_200_000 }) },
    status: 401,
    error: 'stale-timestamp',
    has: ISSUED,
  },
  {
    it: 'a time a minute behind',
    sends: { body: PAGEVIEW, signed: v1({ t: Date.now() - 60_000 }) },
    status: 202,
    stores: [{}],
  },
  {
    it: 'HMAC_TOKEN_TTL_SECONDS is the answer’s ttl',
    sends: { signed: 'hello' },
    status: 200,
    json: { ttl: 3600 },
  },
]);

const REPEATED = v1({ token: tokenOf(), n: '5', t: Date.now() });
answers('replay', {}, [
  {
    it: 'the same signature again',
    sends: { body: [{ type: 'again' }, { type: 'again' }], signed: REPEATED },
    after: 1,
    status: 202,
    json: { accepted: 0, duplicates: 2 },
    headers: { 'x-gotrack-accepted': '0' },
  },
  {
    it: 'signed anew',
    sends: { body: [{ type: 'again' }], signed: v1({ ...REPEATED, n: '6' }) },
    status: 202,
    json: { accepted: 1 },
    stores: [{}],
  },
]);

const MOVED: Row['sends'] = { body: PAGEVIEW, signed: v1({ ipKey: IP }), ip: '198.51.100.7' };
answers('the address changed since (HMAC_IP_BINDING=soft)', {}, [
  {
    it: 'is accepted, marked, and given a new token',
    sends: MOVED,
    status: 202,
    has: ISSUED,
    stores: [{ ip: '198.51.100.7', server: { auth: { ip_changed: true } } }],
  },
  {
    it: 'not within an IPv6 /64',
    sends: { body: PAGEVIEW, signed: v1({ ipKey: '2001:db8:1:2::/64' }), ip: '2001:db8:1:2:3::4' },
    status: 202,
    lacks: ISSUED,
    stores: [{ ip: '2001:db8:1:2:3::4', server: { auth: { ip_changed: undefined } } }],
  },
  {
    it: 'nor from IPv4 to the same mapped into IPv6',
    sends: { body: PAGEVIEW, signed: v1({ ipKey: IP }), ip: `::ffff:${IP}` },
    status: 202,
    lacks: ISSUED,
    stores: [{ ip: IP }],
  },
]);

answers('the address changed since (HMAC_IP_BINDING=strict)', { HMAC_IP_BINDING: 'strict' }, [
  { it: 'is refused', sends: MOVED, status: 401, error: 'address-changed' },
  { it: 'the same address is not', sends: { body: PAGEVIEW, signed: 'v1' }, status: 202, stores: [{}] },
]);

const NEW = 'the-new-secret-of-the-conformance-tests-0';
answers('rotation of secrets', { HMAC_SECRET: '', HMAC_SECRETS: `b:${NEW},0:${SECRET}` }, [
  {
    it: 'tokens of the lone secret before are good under kid 0',
    sends: { body: PAGEVIEW, signed: 'v1' },
    status: 202,
    stores: [{ server: { auth: { key_id: '0' } } }],
  },
  {
    it: 'the first signs',
    sends: { body: PAGEVIEW, signed: v1({ secret: NEW, kid: 'b' }) },
    status: 202,
    stores: [{ server: { auth: { key_id: 'b' } } }],
  },
  {
    it: 'bare signatures of the old one',
    sends: { body: { ...PAGEVIEW, x: 1 }, signed: 'bare' },
    status: 202,
    stores: [{ server: { auth: { scheme: 'bare', key_id: '0' } } }],
  },
  {
    it: 'a kid that was never there',
    sends: { body: PAGEVIEW, signed: v1({ kid: 'c' }) },
    status: 401,
    error: 'stale-token',
    has: ISSUED,
  },
]);

answers('the bare form', {}, [
  {
    it: 'is taken and marked',
    sends: { path: '/old/page', body: { ...PAGEVIEW, timestamp: 'now' }, signed: 'bare' },
    status: 202,
    lacks: ISSUED,
    stores: [
      { event_id: /^.{14}7/, server: { auth: { scheme: 'bare', key_id: '0' }, document_id: undefined } },
    ],
  },
  {
    it: 'the same bytes within 10 minutes are a repeat',
    sends: { body: [{ type: 'twice' }], signed: 'bare' },
    after: 1,
    status: 202,
    json: { accepted: 0, duplicates: 1 },
  },
  {
    it: 'from another address',
    sends: { body: PAGEVIEW, headers: [`X-GoTrack-HMAC: ${'ab'.repeat(32)}`] },
    status: 401,
    error: 'bad-signature',
  },
]);

answers('HMAC_REQUIRE=v1', { HMAC_REQUIRE: 'v1' }, [
  {
    it: 'refuses the bare form',
    sends: { body: PAGEVIEW, signed: 'bare' },
    status: 401,
    error: 'bare-not-accepted',
  },
  { it: 'and takes v1', sends: { body: PAGEVIEW, signed: 'v1' }, status: 202, stores: [{}] },
  {
    it: 'gives no key of the bare form',
    sends: { method: 'GET', path: '/hmac/public-key' },
    status: 200,
    lacks: ['public_key'],
    has: ISSUED,
  },
]);

const TOKEN = 'the-token-of-our-servers-32-characters';
const server = (more: Row['sends'] = {}): Row['sends'] => ({
  path: '/collect',
  body: PAGEVIEW,
  ...more,
  headers: [`Authorization: Bearer ${TOKEN}`, ...(more.headers ?? [])],
});
answers('servers as senders', { INGEST_TOKEN: TOKEN, RATE_COLLECT: '1' }, [
  {
    it: 'are known by INGEST_TOKEN',
    sends: server(),
    status: 202,
    headers: { 'set-cookie': null },
    stores: [{ server: { auth: { scheme: 'server' } } }],
  },
  {
    it: 'say ip, ua, any time and any UUID',
    sends: server({
      body: {
        type: 'import',
        ip: '198.51.100.1',
        ua: 'A',
        timestamp: '2001-01-01T00:00:00Z',
        event_id: DOCUMENT,
      },
    }),
    after: 3,
    status: 202,
    stores: [{ event_id: DOCUMENT, timestamp: '2001-01-01T00:00:00.000Z', ip: '198.51.100.1', ua: 'A' }],
  },
  {
    it: 'an Idempotency-Key gives the ids',
    sends: server({ headers: ['Idempotency-Key: 7'] }),
    status: 202,
    stores: [{ event_id: V5 }],
  },
  { it: 'without one ids are new', sends: server(), status: 202, stores: [{ event_id: /^.{14}7/ }] },
  {
    it: 'a wrong token',
    sends: { path: '/collect', body: PAGEVIEW, headers: ['Authorization: Bearer wrong'] },
    status: 401,
    error: 'bad-ingest-token',
    headers: { 'www-authenticate': 'Bearer' },
  },
  { it: 'on another path it is the site’s', sends: server({ path: '/api' }), status: 200, forwarded: true },
]);

answers('servers as senders, off until INGEST_TOKEN is set', {}, [
  { it: 'unsigned', sends: server(), status: 401, error: 'unsigned' },
]);
