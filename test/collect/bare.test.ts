/** The seed's signature: `HMAC(HMAC(secret, "client-key:" + ip), body)`, computed here from the protocol's page. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { createRig, IP, type PostSettings, type Rig, type RigSettings, SECRET } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';

const PAGEVIEW = { type: 'pageview', url: 'https://shop.test/p' };

function bare(body: string, { secret = SECRET, ip = IP } = {}): string {
  const key = createHmac('sha256', secret).update(`client-key:${ip}`).digest();
  return createHmac('sha256', key).update(body).digest('hex');
}

async function withRig(settings: RigSettings, run: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await createRig(settings);
  try {
    await run(rig);
    assert.deepEqual(rig.events.flatMap(problemsOf), []);
  } finally {
    await rig.close();
  }
}

function send(rig: Rig, event: unknown, settings: PostSettings & { secret?: string; signer?: string } = {}) {
  const body = JSON.stringify(event);
  const { secret = SECRET, signer = settings.ip ?? IP } = settings;
  return rig.post(body, { header: bare(body, { secret, ip: signer }), ...settings });
}

describe('the bare form', () => {
  test('is taken on any path, and marked', () =>
    withRig({}, async (rig) => {
      for (const path of ['/page?q=1', '/collect', '/another']) {
        const answer = await send(rig, { ...PAGEVIEW, props: { path } }, { path });
        assert.deepEqual(answer.json, { status: 'ok', accepted: 1, duplicates: 0 });
        assert.equal(answer.headers['x-gotrack-accepted'], '1');
      }
      assert.deepEqual(rig.events[0]!.server.auth, { scheme: 'bare', key_id: '0' });
      assert.equal(rig.events[0]!.server.document_id, undefined);
      assert.equal(await rig.count('accepted', 'bare'), 3);
    }));

  test('in either case', () =>
    withRig({}, async (rig) => {
      const body = JSON.stringify(PAGEVIEW);
      assert.equal((await rig.post(body, { header: bare(body).toUpperCase() })).json.accepted, 1);
      assert.equal((await rig.post(body, { header: bare(body) })).json.duplicates, 1, 'the same signature');
    }));

  test('of another address, another body or another secret is bad-signature', () =>
    withRig({}, async (rig) => {
      const body = JSON.stringify(PAGEVIEW);
      const answers = [
        await send(rig, PAGEVIEW, { signer: '198.51.100.7' }),
        await rig.post(`${body} `, { header: bare(body) }),
        await send(rig, PAGEVIEW, { secret: 'another secret of 32 characters at least' }),
        await rig.post(body, { header: bare(body).replace(/^../, '00') }),
        await rig.post(body, { header: bare(body).slice(1) }),
      ];
      for (const answer of answers) {
        assert.deepEqual([answer.status, answer.json], [401, { error: 'bad-signature' }]);
      }
      assert.deepEqual(rig.events, []);
    }));

  test('is bound to the whole IPv6 address, in its one form', () =>
    withRig({}, async (rig) => {
      const ip = '2001:db8::7';
      const answer = await send(rig, PAGEVIEW, { ip: '2001:0db8:0:0::0007', signer: ip });
      assert.equal(answer.json.accepted, 1, answer.body);
      assert.equal((await send(rig, PAGEVIEW, { ip: '2001:db8::8', signer: ip })).status, 401);
    }));

  test('under an older secret is taken too, and the event says which', () =>
    withRig(
      {
        secrets: [
          { kid: 'b', secret: 'the newest secret, 32 characters at least' },
          { kid: '0', secret: SECRET },
        ],
      },
      async (rig) => {
        await send(rig, PAGEVIEW);
        await send(rig, PAGEVIEW, { secret: 'the newest secret, 32 characters at least' });
        assert.deepEqual(
          rig.events.map(({ server }) => server.auth?.key_id),
          ['0', 'b'],
        );
      },
    ));

  test('a byte-identical POST within 10 minutes is a repeat, on any path; one with another time in it is not', () =>
    withRig({}, async (rig) => {
      assert.equal((await send(rig, PAGEVIEW)).json.accepted, 1);
      const repeat = await send(rig, PAGEVIEW, { path: '/elsewhere' });
      assert.deepEqual(repeat.json, { status: 'ok', accepted: 0, duplicates: 1 });
      assert.equal((await send(rig, { ...PAGEVIEW, timestamp: '2026-11-21T10:00:00Z' })).json.accepted, 1);
      rig.advance(21 * 60_000);
      assert.equal((await send(rig, PAGEVIEW)).json.accepted, 1, 'later it is an event of its own');
      const ids = rig.events.map(({ event_id }) => event_id);
      assert.equal(new Set(ids).size, 3);
      for (const id of ids) assert.match(id, /^.{14}7/, 'a new one each time');
    }));

  test('a refused one may come again', () =>
    withRig({}, async (rig) => {
      rig.journal.outcome = { ok: false, reason: 'full' };
      assert.equal((await send(rig, PAGEVIEW)).status, 429);
      rig.journal.outcome = { ok: true };
      assert.equal((await send(rig, PAGEVIEW)).json.accepted, 1);
    }));

  test('names the visitor in our cookie, as every signed POST does, and gets no token', () =>
    withRig({}, async (rig) => {
      const answer = await send(rig, { ...PAGEVIEW, session: { session_id: 's1' } });
      assert.match(answer.headers['set-cookie'] ?? '', /^gt=s1\./);
      assert.equal(answer.json.token, undefined);
    }));

  test('counts for RATE_COLLECT', () =>
    withRig({ options: { rates: { collect: 1, hello: 0, pixel: 0, document: 0 } } }, async (rig) => {
      await send(rig, PAGEVIEW);
      assert.equal((await send(rig, { ...PAGEVIEW, x: 1 })).json.error, 'rate-limited');
    }));

  test('HMAC_IP_BINDING=strict changes nothing for it', () =>
    withRig({ options: { ipBinding: 'strict' } }, async (rig) => {
      assert.equal((await send(rig, PAGEVIEW)).json.accepted, 1);
    }));

  test('HMAC_REQUIRE=v1 refuses it, with a reason of its own', () =>
    withRig({ options: { hmacRequire: 'v1' } }, async (rig) => {
      const answer = await send(rig, PAGEVIEW);
      assert.deepEqual([answer.status, answer.json], [401, { error: 'bare-not-accepted' }]);
      assert.equal((await rig.post(PAGEVIEW)).status, 202, 'v1 goes on');
      assert.equal(await rig.count('rejections', 'bare-not-accepted'), 1);
    }));
});
