import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLane } from '../../src/lib/lane.ts';
import { turn } from '../support/event-loop.ts';

it('runs one job after another, in order, past those that fail', async () => {
  const lane = createLane();
  const events: string[] = [];
  const job = (name: string, fails = false) =>
    lane(async () => {
      events.push(`${name} begins`);
      await turn();
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([job('a'), job('b', true), job('c')]);
  assert.deepEqual(events, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});
