import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRig, IP, type PostSettings, type Rig } from './support/rig.ts';
import { sign } from './support/signer.ts';

let rig: Rig;
before(async () => {
  rig = await createRig();
});
after(() => rig.close());

const V4 = '6f1a5c1e-1111-4222-8333-444444444444';
const IS_V5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5/;

async function stored(event: unknown, settings?: PostSettings) {
  assert.equal((await rig.post(event, settings)).status, 202);
  return rig.events.at(-1)!;
}

describe('the id of an event', () => {
  test("a browser's UUIDv4 is kept", async () => {
    const event = await stored({ type: 'a', event_id: V4.toUpperCase() });
    assert.equal(event.event_id, V4);
    assert.deepEqual([event.server.client_event_id, event.server.adjusted], [undefined, undefined]);
  });

  for (const claimed of ['order-17', '0192f0c1-7f00-7abc-8def-0123456789ab', 5, true, { a: 1 }]) {
    const original = typeof claimed === 'string' ? claimed : JSON.stringify(claimed);
    test(`${original} becomes a UUIDv5, and is remembered`, async () => {
      const event = await stored({ type: 'a', event_id: claimed });
      assert.match(event.event_id, IS_V5);
      assert.equal(event.server.client_event_id, original);
      assert.deepEqual(event.server.adjusted, ['event_id']);
    });
  }

  test('the same claim of the same session is the same event, from any address', async () => {
    const event = { type: 'a', event_id: 'order-17', session: { session_id: 's1' } };
    const one = await stored(event);
    const two = await stored(event, { ip: '198.51.100.7' });
    assert.equal(two.event_id, one.event_id);
  });

  test('the same claim of somebody else is another event', async () => {
    const ids = new Set<string>();
    for (const session of [{ session_id: 's1' }, { session_id: 's2' }])
      ids.add((await stored({ type: 'a', event_id: 'x', session })).event_id);
    for (const ip of ['203.0.113.1', '203.0.113.2'])
      ids.add((await stored({ type: 'a', event_id: 'x' }, { ip })).event_id);
    assert.equal(ids.size, 4);
  });

  for (const event_id of [null, '']) {
    test(`${JSON.stringify(event_id)} is none, so the signature gives one`, async () => {
      const event = await stored({ type: 'a', event_id });
      assert.match(event.event_id, IS_V5);
      assert.equal(event.server.client_event_id, undefined);
    });
  }

  test('without one a repeat would have the same: it comes from signature and place', async (t) => {
    const other = await createRig();
    t.after(() => other.close());
    const body = JSON.stringify([{ type: 'a' }, { type: 'a' }]);
    const header = sign(rig.tokens.mintHello(IP), body);
    await rig.post(body, { header });
    const mine = rig.events.slice(-2).map(({ event_id }) => event_id);
    assert.equal(new Set(mine).size, 2);
    await other.post(body, { header }); // another process, which has not seen the signature
    assert.deepEqual(
      other.events.map(({ event_id }) => event_id),
      mine,
    );
  });
});

describe('two events of one body with one id', () => {
  test('are one event: the first is accepted, the other is a duplicate', async () => {
    const before = rig.events.length;
    const answer = await rig.post([{ type: 'a', event_id: V4 }, { type: 'b', event_id: V4 }, { type: 'c' }]);
    assert.deepEqual(answer.json, { status: 'ok', accepted: 2, duplicates: 1 });
    assert.deepEqual(
      rig.events.slice(before).map(({ type }) => type),
      ['a', 'c'],
    );
  });

  test('whatever letters they are written in, and however they came by it', async () => {
    const answer = await rig.post([
      { type: 'a', event_id: V4 },
      { type: 'a', event_id: V4.toUpperCase() },
      { type: 'a', event_id: 'x' },
      { type: 'a', event_id: 'x' },
    ]);
    assert.deepEqual(answer.json, { status: 'ok', accepted: 2, duplicates: 2 });
  });
});
