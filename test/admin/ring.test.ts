import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEventRing } from '../../src/admin/event-ring.ts';
import { createRateHistory } from '../../src/admin/rate-history.ts';

test('the ring holds the newest records within both of its bounds, under their numbers', () => {
  const sizes = fc.array(fc.nat({ max: 40 }), { maxLength: 120 });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const ring = createEventRing({ maxEvents: 8, maxBytes: 100 });
      const records = lengths.map((length, i) => Buffer.alloc(length, i));
      for (const record of records) {
        ring.push(record);
        const held = Array.from({ length: ring.end() - ring.start() }, (_, i) => ring.get(ring.start() + i)!);
        assert.ok(held.length <= 8);
        assert.ok(held.reduce((sum, { length }) => sum + length, 0) <= 100);
      }
      assert.equal(ring.end(), records.length);
      for (let i = 0; i < records.length; i++) {
        assert.equal(ring.get(i), i < ring.start() ? undefined : records[i]);
      }
      assert.equal(ring.get(ring.end()), undefined);
    }),
  );
});

test('a record larger than the ring is not kept', () => {
  const ring = createEventRing({ maxEvents: 8, maxBytes: 100 });
  ring.push(Buffer.alloc(50));
  ring.push(Buffer.alloc(101));
  assert.deepEqual([ring.start(), ring.end()], [2, 2]);
});

test('rates say what came in each of the last 60 whole seconds, as a plain list of times does', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 30_000 }), fc.nat({ max: 5 })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.nat({ max: 90_000 }), (gaps, rest) => {
      const history = createRateHistory();
      const came: [second: number, count: number][] = [];
      let nowMs = 0;
      for (const [gapMs, count] of gaps) {
        nowMs += gapMs;
        history.add(count, nowMs);
        came.push([Math.floor(nowMs / 1000), count]);
      }
      nowMs += rest;
      const first = Math.floor(nowMs / 1000) - 60;
      const expected = Array.from({ length: 60 }, (_, i) =>
        came.reduce((sum, [second, count]) => sum + (second === first + i ? count : 0), 0),
      );
      assert.deepEqual(history.read(nowMs), expected);
    }),
  );
});
