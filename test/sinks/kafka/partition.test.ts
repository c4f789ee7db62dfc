import assert from 'node:assert/strict';
import { it } from 'node:test';
import { murmur2, partitionHash } from '../../../src/sinks/kafka/partition.ts';

/** From Apache Kafka's own tests (UtilsTest.testMurmur2). */
const KNOWN: [key: string, hash: number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

for (const [key, hash] of KNOWN) {
  it(`hashes "${key}" as other clients do`, () => {
    assert.equal(murmur2(Buffer.from(key)), hash);
  });
}

it('is never negative, and follows the hash without its sign', () => {
  assert.equal(partitionHash(Buffer.from('21')), -973932308 & 0x7fffffff);
  assert.equal(partitionHash(Buffer.from('abc')), 479470107);
});
