import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { createPseudonym } from '../../src/privacy/pseudonym.ts';
import { cpuMs } from '../lib/cpu-time.ts';

const NONE = { ipHashSecret: undefined, ipHashDaily: false, userIdSecret: undefined };
const NOON = Date.UTC(2026, 10, 21, 12);
const hash = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');

describe('addresses', () => {
  test('are kept without IP_HASH_SECRET', () => {
    assert.deepEqual(createPseudonym(NONE).address('203.0.113.42', NOON), { ip: '203.0.113.42' });
  });

  test('become a keyed hash with it', () => {
    const { address } = createPseudonym({ ...NONE, ipHashSecret: 'secret' });
    assert.deepEqual(address('203.0.113.42', NOON), { ip_hash: hash('secret', '203.0.113.42') });
    assert.deepEqual(address('203.0.113.42', NOON + 86_400_000), address('203.0.113.42', NOON));
  });

  test('become another one each UTC day with IP_HASH_DAILY', () => {
    const { address } = createPseudonym({ ...NONE, ipHashSecret: 'secret', ipHashDaily: true });
    const midnight = Date.UTC(2026, 10, 22);
    assert.deepEqual(address('203.0.113.42', midnight - 1), address('203.0.113.42', NOON));
    assert.notDeepEqual(address('203.0.113.42', midnight), address('203.0.113.42', NOON));
  });
});

describe('user ids', () => {
  test('become a keyed hash, the same each time', () => {
    const { userId } = createPseudonym({ ...NONE, userIdSecret: 'secret' });
    assert.equal(userId('usr_1'), hash('secret', 'usr_1'));
    assert.equal(userId('usr_1'), userId('usr_1'));
    assert.equal(userId('x'.repeat(5_000)), hash('secret', 'x'.repeat(5_000)));
  });

  test('are kept without a secret', () => {
    assert.equal(createPseudonym(NONE).userId('usr_1'), 'usr_1');
  });

  for (const id of ['bob@example.com', 'bob%40example.com', 'bob@localhost', 'ü@ü']) {
    test(`that look like an e-mail address are refused: ${id}`, () => {
      assert.equal(createPseudonym(NONE).userId(id), null);
      assert.equal(createPseudonym({ ...NONE, userIdSecret: 'secret' }).userId(id), null);
    });
  }

  for (const id of ['@bob', 'bob@', '42', 'a.b']) {
    test(`that do not are taken: ${id}`, () => assert.equal(createPseudonym(NONE).userId(id), id));
  }

  test('of any length are judged in no time', () => {
    const started = cpuMs();
    createPseudonym(NONE).userId('a%4'.repeat(1_000_000));
    assert.ok(cpuMs() - started < 250);
  });
});
