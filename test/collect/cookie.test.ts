import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRig, type Rig, type RigSettings } from './support/rig.ts';

const S1 = '6f1a5c1e-0000-4000-8000-000000000001';
const S2 = '6f1a5c1e-0000-4000-8000-000000000002';
const V1 = '6f1a5c1e-0000-4000-8000-00000000000a';
const pageview = (session?: object) => ({ type: 'pageview', ...(session && { session }) });

async function withRig(settings: RigSettings, run: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await createRig(settings);
  try {
    await run(rig);
  } finally {
    await rig.close();
  }
}

const cookieOf = (rig: Rig, setCookie: string | undefined) =>
  setCookie === undefined ? undefined : rig.tokens.readCookie(['Cookie', setCookie.split(';')[0]!]);

describe('our cookie', () => {
  test('names the session and the visitor of the signed events', () =>
    withRig({}, async (rig) => {
      const answer = await rig.post(pageview({ session_id: S1, visitor_id: V1 }));
      assert.deepEqual(cookieOf(rig, answer.headers['set-cookie']), { session: S1, visitor: V1 });
      assert.match(answer.headers['set-cookie']!, /^gt=.*; Path=\/; Max-Age=1800; HttpOnly; SameSite=Lax$/);
    }));

  test('is __Host- and Secure under https', () =>
    withRig({ secure: true }, async (rig) => {
      const answer = await rig.post(pageview({ session_id: S1 }));
      assert.match(answer.headers['set-cookie']!, /^__Host-gt=.*; Secure$/);
    }));

  test("is renewed, and a signed event's session wins over it", () =>
    withRig({}, async (rig) => {
      const first = await rig.post(pageview({ session_id: S1, visitor_id: V1 }));
      const Cookie = first.headers['set-cookie']!.split(';')[0]!;
      const renewed = await rig.post(pageview(), { headers: [['Cookie', Cookie]] });
      assert.deepEqual(cookieOf(rig, renewed.headers['set-cookie']), { session: S1, visitor: V1 });
      const other = await rig.post(pageview({ session_id: S2 }), { headers: [['Cookie', Cookie]] });
      assert.equal(cookieOf(rig, other.headers['set-cookie'])?.session, S2);
    }));

  test('stands in for a session that the client did not name', () =>
    withRig({}, async (rig) => {
      const pair = rig.tokens.writeCookie({ session: S1, visitor: V1 }, false)!.split(';')[0]!;
      await rig.post([pageview(), pageview({ session_seq: 3 })], { headers: [['Cookie', `a=1; ${pair}`]] });
      assert.deepEqual(
        rig.events.map(({ payload }) => payload?.session),
        [
          { session_id: S1, visitor_id: V1 },
          { session_seq: 3, session_id: S1, visitor_id: V1 },
        ],
      );
    }));

  test('that nobody signed is not believed', () =>
    withRig({}, async (rig) => {
      const answer = await rig.post(pageview(), { headers: [['Cookie', `gt=${S1}..AAAAAAAAAAA`]] });
      assert.equal(rig.events[0]!.payload, undefined);
      assert.equal(answer.headers['set-cookie'], undefined);
    }));

  test('is not set where there is no session, or one that could not stand in a cookie', () =>
    withRig({}, async (rig) => {
      assert.equal((await rig.post(pageview())).headers['set-cookie'], undefined);
      const evil = await rig.post(pageview({ session_id: 'a; Domain=evil.test' }));
      assert.equal(evil.status, 202);
      assert.equal(evil.headers['set-cookie'], undefined);
    }));

  test('is not set by anything but a signed post that was accepted', () =>
    withRig({}, async (rig) => {
      const event = pageview({ session_id: S1 });
      rig.journal.outcome = { ok: false, reason: 'full' };
      assert.equal((await rig.post(event)).headers['set-cookie'], undefined);
      rig.journal.outcome = { ok: true };
      assert.equal((await rig.post(event, { header: 'hello' })).headers['set-cookie'], undefined);
    }));

  test('is not set where analytics are denied: nothing is stored on the device', () =>
    withRig({}, async (rig) => {
      const event = pageview({ session_id: S1 });
      const answer = await rig.post(event, { headers: [['Sec-GPC', '1']] });
      assert.equal(answer.json.accepted, 1);
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.equal(rig.events[0]!.payload, undefined);
    }));
});
