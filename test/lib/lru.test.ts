import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLru } from '../../src/lib/lru.ts';

test('gives back what was set, and nothing else', () => {
  const lru = createLru<string, number>(4);
  lru.set('a', 1);
  lru.set('a', 2);
  assert.equal(lru.get('a'), 2);
  assert.equal(lru.get('b'), undefined);
  assert.equal(lru.size(), 1);
});

test('what is used stays, what is not goes', () => {
  const lru = createLru<string, number>(4);
  lru.set('used', 0);
  for (let i = 0; i < 100; i++) {
    lru.set(`once-${i}`, i);
    assert.equal(lru.get('used'), 0);
  }
  assert.equal(lru.get('once-50'), undefined);
});

test('keeps the half that was used last, and never holds more than its bound', () => {
  const action = fc.tuple(fc.constantFrom('get', 'set'), fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.array(action, { maxLength: 80 }), (bound, actions) => {
      const lru = createLru<number, number>(bound);
      const values = new Map<number, number>();
      let used: number[] = [];
      for (const [i, [kind, key]] of actions.entries()) {
        if (kind === 'set') {
          lru.set(key, i);
          values.set(key, i);
        }
        const isRecent = used.slice(-Math.floor(bound / 2)).includes(key);
        const found = kind === 'get' ? lru.get(key) : i;
        if (kind === 'get' && isRecent) assert.equal(found, values.get(key));
        if (found !== undefined) assert.equal(found, values.get(key));
        if (found !== undefined) used = [...used.filter((other) => other !== key), key];
        assert.ok(lru.size() <= bound);
      }
    }),
  );
});
