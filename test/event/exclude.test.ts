import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isExcluded, NO_EXCLUSIONS, readExclusions } from '../../src/event/exclude.ts';
import { cpuMs } from '../lib/cpu-time.ts';

const exclusions = readExclusions(['scroll', 'vital', '/health', '/admin/*', '/a/**/x*.json', '/']);

const rows: [string, string | undefined, boolean][] = [
  ['scroll', 'https://e.test/p', true],
  ['scroll', undefined, true],
  ['click', undefined, false],
  ['click', 'https://e.test/health', true],
  ['click', 'https://e.test/health?x=1#y', true],
  ['click', 'https://e.test/health/live', false],
  ['click', 'https://e.test/admin/', true],
  ['click', 'https://e.test/admin/users/1?next=/', true],
  ['click', 'https://e.test/admin', false],
  ['click', 'https://e.test/a/b/c/xyz.json', true],
  ['click', 'https://e.test/a/x.json', false],
  ['click', 'https://e.test/a/b/x.js', false],
  ['click', 'https://e.test/', true],
  ['click', 'https://e.test', true],
  ['click', 'https://e.test?x=/admin/1', true],
  ['click', '/health', true],
  ['click', 'https://e.test/p', false],
];

describe('EVENTS_EXCLUDE', () => {
  for (const [type, url, excluded] of rows) {
    test(`${type} of ${url} is ${excluded ? 'dropped' : 'kept'}`, () => {
      assert.equal(isExcluded(exclusions, type, url), excluded);
    });
  }

  test('without it nothing is dropped', () => {
    assert.equal(isExcluded(NO_EXCLUSIONS, 'scroll', 'https://e.test/health'), false);
    assert.deepEqual(readExclusions([]), NO_EXCLUSIONS);
  });

  test('a glob with many stars is linear', () => {
    const hostile = readExclusions([`/${'a*'.repeat(50)}b`]);
    const started = cpuMs();
    assert.equal(isExcluded(hostile, 'click', `https://e.test/${'a'.repeat(8_000)}`), false);
    assert.ok(cpuMs() - started < 250);
  });
});
