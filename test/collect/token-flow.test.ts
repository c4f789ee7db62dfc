/** Tokens that grow old, addresses that change, signatures that were tampered with. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRig, IP, type Rig, type RigSettings, SECRET } from './support/rig.ts';
import { type Issued, sign } from './support/signer.ts';

const PAGEVIEW = { type: 'pageview' };
const DOCUMENT = '0192f0c1-7f00-7abc-8def-0123456789ab';
const ELSEWHERE = '198.51.100.7';

async function withRig(settings: RigSettings, run: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await createRig(settings);
  try {
    await run(rig);
  } finally {
    await rig.close();
  }
}

describe('a page token', () => {
  test('joins its events to the document', () =>
    withRig({}, async (rig) => {
      await rig.post([PAGEVIEW, PAGEVIEW], { issued: rig.tokens.mintPage(IP, DOCUMENT) });
      assert.deepEqual(
        rig.events.map(({ server }) => server.document_id),
        [DOCUMENT, DOCUMENT],
      );
    }));

  test('a hello token joins nothing', () =>
    withRig({}, async (rig) => {
      await rig.post(PAGEVIEW, { issued: await rig.hello() });
      assert.equal(rig.events.length, 1);
      assert.equal(rig.events[0]!.server.document_id, undefined);
    }));

  test('says how and when it was issued', () =>
    withRig({}, async (rig) => {
      const issued = rig.tokens.mintPage(IP, DOCUMENT);
      rig.advance(60_000);
      await rig.post(PAGEVIEW, { issued, sign: { t: rig.now() } });
      const auth = { scheme: 'v1', key_id: '0', issued_at: new Date(issued.now).toISOString() };
      assert.deepEqual(rig.events[0]!.server.auth, auth);
    }));
});

describe('what somebody tampered with', () => {
  const tampered: [string, (rig: Rig, issued: Issued, header: string) => Parameters<Rig['post']>][] = [
    ['another body', (_, __, header) => [{ type: 'conversion' }, { header }]],
    ['a body with one more space', (_, __, header) => [`${JSON.stringify(PAGEVIEW)} `, { header }]],
    ['another path', (_, __, header) => [PAGEVIEW, { header, path: '/other' }]],
    ['another query', (_, __, header) => [PAGEVIEW, { header, path: '/page?' }]],
    [
      'another time',
      (_, __, header) => [PAGEVIEW, { header: header.replace(/t=(\d+)/, (_m, t) => `t=${Number(t) + 1}`) }],
    ],
    ['another n', (_, __, header) => [PAGEVIEW, { header: header.replace(/n=\d+/, 'n=5') }]],
    [
      'another token of the same client',
      (rig, _, header) => [
        PAGEVIEW,
        { header: header.replace(/tok=[^;]+/, `tok=${rig.tokens.mintPage(IP, DOCUMENT).token}`) },
      ],
    ],
    [
      'a token of its own making',
      (_, issued) => {
        const bytes = Buffer.from(issued.token, 'base64url');
        bytes[bytes.length - 10]! ^= 1;
        return [PAGEVIEW, { issued: { ...issued, token: bytes.toString('base64url') } }];
      },
    ],
  ];
  for (const [name, tamper] of tampered) {
    test(`${name}: 401 bad-signature, no token, no event`, () =>
      withRig({}, async (rig) => {
        const issued = rig.tokens.mintHello(IP);
        const answer = await rig.post(...tamper(rig, issued, sign(issued, JSON.stringify(PAGEVIEW))));
        assert.equal(answer.status, 401);
        assert.deepEqual(answer.json, { error: 'bad-signature' });
        assert.equal(rig.events.length, 0);
      }));
  }
});

describe('a stale token', () => {
  test('is answered with a fresh one that keeps its document, and the events count then', () =>
    withRig({ ttlSeconds: 600 }, async (rig) => {
      const issued = rig.tokens.mintPage(IP, DOCUMENT);
      rig.advance(600_001);
      const stale = await rig.post(PAGEVIEW, { issued, sign: { t: rig.now() } });
      assert.equal(stale.status, 401);
      assert.equal(stale.json.error, 'stale-token');
      assert.equal(stale.json.now, rig.now());
      await rig.post(PAGEVIEW, { issued: stale.json as Issued });
      assert.equal(rig.events[0]!.server.document_id, DOCUMENT);
    }));

  test('with a wrong signature gets nothing', () =>
    withRig({ ttlSeconds: 600 }, async (rig) => {
      const issued = rig.tokens.mintPage(IP, DOCUMENT);
      rig.advance(600_001);
      const answer = await rig.post(PAGEVIEW, { issued: { ...issued, key: 'AAAA' }, sign: { t: rig.now() } });
      assert.deepEqual(answer.json, { error: 'bad-signature' });
    }));

  test('of a secret that is gone is answered with a token that joins nothing', () =>
    withRig({ secrets: [{ kid: 'new', secret: SECRET }] }, async (rig) => {
      const other = await createRig({
        secrets: [{ kid: 'old', secret: 'an older secret of at least 32 characters' }],
      });
      const issued = other.tokens.mintPage(IP, DOCUMENT);
      await other.close();
      const answer = await rig.post(PAGEVIEW, { issued });
      assert.equal(answer.status, 401);
      assert.equal(answer.json.error, 'stale-token');
      await rig.post(PAGEVIEW, { issued: answer.json as Issued });
      assert.equal(rig.events[0]!.server.document_id, undefined);
      assert.equal(rig.events[0]!.server.auth?.key_id, 'new');
    }));

  test('a retired secret that still verifies is accepted', () =>
    withRig(
      {
        secrets: [
          { kid: 'new', secret: `${SECRET}!` },
          { kid: '0', secret: SECRET },
        ],
      },
      async (rig) => {
        const old = await createRig();
        const issued = old.tokens.mintPage(IP, DOCUMENT);
        await old.close();
        assert.equal((await rig.post(PAGEVIEW, { issued })).status, 202);
        assert.equal(rig.events[0]!.server.auth?.key_id, '0');
      },
    ));
});

describe('the time of a signature', () => {
  for (const [offset, status] of [
    [0, 202],
    [300_000, 202],
    [-300_000, 202],
    [300_001, 401],
    [-300_001, 401],
  ] as const) {
    test(`${offset} ms away: ${status}`, () =>
      withRig({}, async (rig) => {
        const issued = rig.tokens.mintPage(IP, DOCUMENT);
        assert.equal((await rig.post(PAGEVIEW, { issued, sign: { t: rig.now() + offset } })).status, status);
      }));
  }

  test('that is stale is answered with our time and a token that keeps the document', () =>
    withRig({}, async (rig) => {
      const issued = rig.tokens.mintPage(IP, DOCUMENT);
      const day = 86_400_000;
      const answer = await rig.post(PAGEVIEW, { issued, sign: { t: rig.now() + day } });
      assert.equal(answer.json.error, 'stale-timestamp');
      assert.equal(answer.json.now, rig.now());
      assert.equal((await rig.post(PAGEVIEW, { issued: answer.json as Issued })).status, 202);
      assert.equal(rig.events[0]!.server.document_id, DOCUMENT);
    }));

  test('that is stale, with a wrong signature, gets nothing', () =>
    withRig({}, async (rig) => {
      const issued = { ...rig.tokens.mintPage(IP, DOCUMENT), key: 'AAAA' };
      assert.deepEqual((await rig.post(PAGEVIEW, { issued, sign: { t: 1 } })).json, {
        error: 'bad-signature',
      });
    }));
});

describe('a token past half of its life', () => {
  test('is followed by a fresh one in the 202', () =>
    withRig({ ttlSeconds: 600 }, async (rig) => {
      const issued = rig.tokens.mintPage(IP, DOCUMENT);
      assert.equal((await rig.post(PAGEVIEW, { issued })).json.token, undefined);
      rig.advance(300_001);
      const answer = await rig.post(PAGEVIEW, { issued, sign: { t: rig.now() } });
      assert.equal(answer.json.accepted, 1);
      assert.equal(answer.json.ttl, 600);
      assert.equal((await rig.post(PAGEVIEW, { issued: answer.json as Issued })).status, 202);
      assert.equal(rig.events.at(-1)!.server.document_id, DOCUMENT);
    }));
});

describe('an address that changed', () => {
  test('soft: accepted, marked, and a token for the new address', () =>
    withRig({}, async (rig) => {
      const issued = rig.tokens.mintPage(IP, DOCUMENT);
      const answer = await rig.post(PAGEVIEW, { issued, ip: ELSEWHERE });
      assert.equal(answer.status, 202);
      assert.equal(rig.events[0]!.server.auth?.ip_changed, true);
      assert.equal(rig.events[0]!.ip, ELSEWHERE);
      await rig.post(PAGEVIEW, { issued: answer.json as Issued, ip: ELSEWHERE });
      assert.equal(rig.events[1]!.server.auth?.ip_changed, undefined);
      assert.equal(rig.events[1]!.server.document_id, DOCUMENT);
    }));

  test('strict: refused, and no token', () =>
    withRig({ options: { ipBinding: 'strict' } }, async (rig) => {
      const issued = rig.tokens.mintPage(IP, DOCUMENT);
      const answer = await rig.post(PAGEVIEW, { issued, ip: ELSEWHERE });
      assert.equal(answer.status, 401);
      assert.deepEqual(answer.json, { error: 'address-changed' });
      assert.equal((await rig.post(PAGEVIEW, { issued })).status, 202);
      assert.equal(rig.events.length, 1);
    }));

  test('strict: a wrong signature from another address is a wrong signature', () =>
    withRig({ options: { ipBinding: 'strict' } }, async (rig) => {
      const issued = { ...rig.tokens.mintPage(IP, DOCUMENT), key: 'AAAA' };
      assert.equal((await rig.post(PAGEVIEW, { issued, ip: ELSEWHERE })).json.error, 'bad-signature');
    }));

  test('within one IPv6 /64 is none', () =>
    withRig({ options: { ipBinding: 'strict' } }, async (rig) => {
      const issued = await rig.hello('2001:db8:1:2::1');
      assert.equal((await rig.post(PAGEVIEW, { issued, ip: '2001:db8:1:2:ffff::9' })).status, 202);
      assert.equal((await rig.post(PAGEVIEW, { issued, ip: '2001:db8:1:3::1' })).status, 401);
      assert.equal(rig.events[0]!.ip, '2001:db8:1:2:ffff::9');
    }));

  test('a copied request from another address is a repeat, and hands nothing out', () =>
    withRig({}, async (rig) => {
      const header = sign(rig.tokens.mintPage(IP, DOCUMENT), JSON.stringify(PAGEVIEW));
      await rig.post(PAGEVIEW, { header });
      const copy = await rig.post(PAGEVIEW, { header, ip: ELSEWHERE });
      assert.deepEqual(copy.json, { status: 'ok', accepted: 0, duplicates: 1 });
      assert.equal(rig.events.length, 1);
    }));
});
