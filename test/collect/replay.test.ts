import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createReplay } from '../../src/collect/replay.ts';
import type { Tokens } from '../../src/token/tokens.ts';
import { createRig, IP, type Rig } from './support/rig.ts';
import { sign } from './support/signer.ts';

const PAGEVIEW = { type: 'pageview' };
const body = JSON.stringify([PAGEVIEW, PAGEVIEW, PAGEVIEW]);

async function withRig(run: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await createRig();
  try {
    await run(rig);
  } finally {
    await rig.close();
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((done) => setTimeout(done, 5));
  assert.ok(condition());
}

describe('a signature that comes again', () => {
  test('is answered 202 with all its events under duplicates, and nothing is emitted', () =>
    withRig(async (rig) => {
      const header = sign(rig.tokens.mintHello(IP), body);
      assert.equal((await rig.post(body, { header })).json.accepted, 3);
      const again = await rig.post(body, { header });
      assert.equal(again.status, 202);
      assert.deepEqual(again.json, { status: 'ok', accepted: 0, duplicates: 3 });
      assert.equal(again.headers['x-gotrack-accepted'], '0');
      assert.equal(rig.events.length, 3);
      assert.equal(await rig.count('duplicates'), 3);
    }));

  test('in other letters of its hex digits is the same', () =>
    withRig(async (rig) => {
      const header = sign(rig.tokens.mintHello(IP), body);
      await rig.post(body, { header });
      const upper = header.replace(/s=.*/, (signature) => `s=${signature.slice(2).toUpperCase()}`);
      assert.equal((await rig.post(body, { header: upper })).json.duplicates, 3);
    }));

  test('100 copies at once: exactly one emission', () =>
    withRig(async (rig) => {
      rig.journal.held = [];
      const header = sign(rig.tokens.mintHello(IP), body);
      const answers = Array.from({ length: 100 }, () => rig.post(body, { header }));
      await until(() => rig.journal.held!.length === 1);
      await new Promise((done) => setTimeout(done, 100));
      assert.equal(rig.journal.held.length, 1, 'one append, whatever came meanwhile');
      const { held } = rig.journal;
      rig.journal.held = null;
      held[0]!();
      const bodies = (await Promise.all(answers)).map(({ status, json }) => [
        status,
        json.accepted,
        json.duplicates,
      ]);
      assert.equal(bodies.filter(([status, accepted]) => status === 202 && accepted === 3).length, 1);
      assert.equal(bodies.filter(([status, , duplicates]) => status === 202 && duplicates === 3).length, 99);
      assert.equal(rig.events.length, 3);
    }));

  test('after a refusal counts as the first', () =>
    withRig(async (rig) => {
      const header = sign(rig.tokens.mintHello(IP), body);
      for (const reason of ['full', 'busy', 'unavailable'] as const) {
        rig.journal.outcome = { ok: false, reason };
        assert.ok((await rig.post(body, { header })).status >= 429);
      }
      rig.journal.outcome = new Error('a fault');
      assert.equal((await rig.post(body, { header })).status, 503);
      rig.journal.outcome = { ok: true };
      assert.equal((await rig.post(body, { header })).json.accepted, 3);
      assert.equal(rig.events.length, 3);
    }));

  test('after a fault of ours while it was read counts as the first', async (t) => {
    let broken = true;
    const breakable = (tokens: Tokens): Tokens => ({
      ...tokens,
      ipTag(ipKey) {
        if (broken) throw new Error('a fault');
        return tokens.ipTag(ipKey);
      },
    });
    const rig = await createRig({ tokens: breakable });
    t.after(() => rig.close());
    const header = sign(rig.tokens.mintHello(IP), body);
    assert.equal((await rig.post(body, { header })).json.error, 'fault');
    broken = false;
    assert.equal((await rig.post(body, { header })).json.accepted, 3);
  });

  test('while the first is being refused is refused with it, and may try again', () =>
    withRig(async (rig) => {
      rig.journal.held = [];
      rig.journal.outcome = { ok: false, reason: 'full' };
      const header = sign(rig.tokens.mintHello(IP), body);
      const answers = [rig.post(body, { header }), rig.post(body, { header })];
      await until(() => rig.journal.held!.length === 1);
      await new Promise((done) => setTimeout(done, 50));
      rig.journal.held.forEach((go) => void go());
      rig.journal.held = null;
      assert.deepEqual(
        (await Promise.all(answers)).map(({ status }) => status),
        [429, 429],
      );
      rig.journal.outcome = { ok: true };
      assert.equal((await rig.post(body, { header })).json.accepted, 3);
    }));

  test('with a body that was no JSON is refused again', () =>
    withRig(async (rig) => {
      const header = sign(rig.tokens.mintHello(IP), '{');
      for (let i = 0; i < 2; i++) assert.equal((await rig.post('{', { header })).json.error, 'not-json');
    }));

  test('of which some events were invalid repeats those that were not', () =>
    withRig(async (rig) => {
      const mixed = JSON.stringify([PAGEVIEW, null]);
      const header = sign(rig.tokens.mintHello(IP), mixed);
      await rig.post(mixed, { header });
      assert.deepEqual((await rig.post(mixed, { header })).json, {
        status: 'ok',
        accepted: 0,
        duplicates: 1,
      });
    }));

  test('is remembered for as long as its time is taken', () =>
    withRig(async (rig) => {
      const issued = rig.tokens.mintHello(IP);
      const header = sign(issued, body, { t: issued.now + 299_000 });
      await rig.post(body, { header });
      for (let minute = 1; minute <= 9; minute++) {
        rig.advance(60_000);
        assert.equal((await rig.post(body, { header })).json.duplicates, 3, `after ${minute} minutes`);
      }
      rig.advance(60_000);
      assert.equal((await rig.post(body, { header })).json.error, 'stale-timestamp');
      assert.equal(rig.events.length, 3);
    }));

  test('another n is another post: nothing but the random number tells them apart', () =>
    withRig(async (rig) => {
      const issued = rig.tokens.mintHello(IP);
      await rig.post(body, { issued, sign: { n: '1' } });
      await rig.post(body, { issued, sign: { n: '2' } });
      assert.equal(rig.events.length, 6);
      assert.equal(new Set(rig.events.map(({ event_id }) => event_id)).size, 6);
    }));

  test('the same events signed again keep the ids that the client gave them', () =>
    withRig(async (rig) => {
      const event = { ...PAGEVIEW, event_id: '6f1a5c1e-1111-4222-8333-444444444444' };
      await rig.post(event);
      await rig.post(event);
      assert.deepEqual(
        rig.events.map(({ event_id }) => event_id),
        [event.event_id, event.event_id],
      );
    }));
});

describe('the memory of signatures', () => {
  const hex = (n: number) => n.toString(16).padStart(64, '0');
  const make = (maxSignatures = 1_000) => {
    const state = { time: 0, forgotten: 0 };
    const replay = createReplay(
      { generationMs: 600, maxSignatures },
      {
        clock: { monotonic: () => state.time },
        onForgotten(count) {
          state.forgotten += count;
        },
      },
    );
    const accept = (signature: string, events = 1) => {
      assert.equal(replay.claim(signature).kind, 'first');
      replay.settle(signature, { ok: true, events });
    };
    return { state, replay, accept };
  };

  test('forgets after one to two generations', () => {
    const { state, replay, accept } = make();
    accept('aa');
    for (const time of [599, 600, 1_199]) {
      state.time = time;
      assert.deepEqual(replay.claim('aa'), { kind: 'repeat', settled: { ok: true, events: 1 } });
    }
    state.time = 1_200;
    assert.equal(replay.claim('aa').kind, 'first');
  });

  test('forgets everything after a long silence', () => {
    const { state, replay, accept } = make();
    accept('aa');
    state.time = 5_000;
    assert.equal(replay.claim('aa').kind, 'first');
  });

  test('has a bound, and says how much it forgot before its time', () => {
    const { state, replay, accept } = make(10);
    for (let i = 0; i < 100; i++) accept(hex(i));
    assert.ok(replay.size() <= 20);
    assert.equal(state.forgotten, 80);
    assert.equal(replay.claim(hex(99)).kind, 'repeat');
    assert.equal(replay.claim(hex(0)).kind, 'first');
  });

  test('agrees with a model in which nothing is forgotten before its time', () => {
    const action = fc.tuple(
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom('accept', 'refuse'),
      fc.integer({ min: 0, max: 400 }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 50 }), (actions) => {
        const { state, replay } = make();
        const acceptedAt = new Map<number, number>();
        for (const [id, fate, pause] of actions) {
          state.time += pause;
          const claim = replay.claim(hex(id));
          const age = state.time - (acceptedAt.get(id) ?? Number.NEGATIVE_INFINITY);
          if (age < 600) assert.equal(claim.kind, 'repeat');
          if (age >= 1_200) assert.equal(claim.kind, 'first');
          if (claim.kind === 'repeat') continue;
          if (fate === 'accept') acceptedAt.set(id, state.time);
          replay.settle(
            hex(id),
            fate === 'accept' ? { ok: true, events: 1 } : { ok: false, rejection: { reason: 'fault' } },
          );
        }
      }),
    );
  });
});
