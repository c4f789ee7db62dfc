import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRate } from '../../src/collect/rate.ts';
import { createRig, IP } from './support/rig.ts';

function make(perMinute: number) {
  const clock = { time: 0, monotonic: () => clock.time };
  return { clock, rate: createRate(perMinute, clock) };
}

describe('a rate', () => {
  test('lets a minute of it through at once, then says when to come again', () => {
    const { rate } = make(60);
    for (let i = 0; i < 60; i++) assert.equal(rate.take('a'), 0);
    assert.equal(rate.take('a'), 1);
    assert.equal(rate.take('b'), 0, 'another address has its own');
  });

  test('comes back evenly', () => {
    const { clock, rate } = make(60);
    for (let i = 0; i < 60; i++) rate.take('a');
    clock.time = 999;
    assert.equal(rate.take('a'), 1);
    clock.time = 1_000;
    assert.equal(rate.take('a'), 0);
    assert.equal(rate.take('a'), 1);
  });

  test('does not grow beyond a minute of it', () => {
    const { clock, rate } = make(10);
    rate.take('a');
    clock.time = 3_600_000;
    for (let i = 0; i < 10; i++) assert.equal(rate.take('a'), 0);
    assert.ok(rate.take('a') > 0);
  });

  test('says when a slow one has another', () => {
    const { rate } = make(1);
    assert.equal(rate.take('a'), 0);
    assert.equal(rate.take('a'), 60);
  });

  test('of 0 is no limit', () => {
    const { rate } = make(0);
    for (let i = 0; i < 10_000; i++) assert.equal(rate.take('a'), 0);
  });

  test('forgets the address unused for longest when there are too many', () => {
    const { rate } = make(1);
    rate.take('first');
    for (let i = 0; i < 50_000; i++) rate.take(`other-${i}`);
    assert.equal(rate.take('first'), 0);
    assert.notEqual(rate.take('other-49999'), 0);
  });
});

describe('rates of posts', () => {
  test('signed posts and hello have one each, by address; past it 429 with Retry-After', async (t) => {
    const rig = await createRig({ options: { rates: { collect: 3, hello: 2, pixel: 0, document: 0 } } });
    t.after(() => rig.close());
    const issued = rig.tokens.mintHello(IP);
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await rig.post({ type: 'a' }, { issued })).status);
    assert.deepEqual(statuses, [202, 202, 202, 429]);
    const refused = await rig.post({ type: 'a' }, { issued });
    assert.deepEqual([refused.json.error, refused.headers['retry-after']], ['rate-limited', '20']);

    const hello = () =>
      rig.send({
        headers: [
          ['X-GoTrack-HMAC', 'hello'],
          ['X-Forwarded-For', IP],
        ],
      });
    assert.deepEqual(
      [(await hello()).status, (await hello()).status, (await hello()).status],
      [200, 200, 429],
    );
    assert.equal((await rig.post({ type: 'a' }, { ip: '198.51.100.7' })).status, 202);

    rig.advance(20_000);
    assert.equal((await rig.post({ type: 'a' }, { issued })).status, 202);
    assert.equal(rig.events.length, 5);
  });

  test('addresses of one IPv6 /64 share theirs', async (t) => {
    const rig = await createRig({ options: { rates: { collect: 1, hello: 0, pixel: 0, document: 0 } } });
    t.after(() => rig.close());
    assert.equal((await rig.post({ type: 'a' }, { ip: '2001:db8:1:2::1' })).status, 202);
    assert.equal((await rig.post({ type: 'a' }, { ip: '2001:db8:1:2::2' })).status, 429);
  });
});
