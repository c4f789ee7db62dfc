import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { hmacSha256, sha256, toHex } from '../src/sign.ts';

test('SHA-256 agrees with node for every length from 0 to 300', () => {
  for (let length = 0; length <= 300; length++) {
    const message = randomBytes(length);
    assert.equal(
      toHex(sha256(message)),
      createHash('sha256').update(message).digest('hex'),
      `length ${length}`,
    );
  }
});

test('SHA-256 agrees with node for bodies as large as they get', () => {
  for (const length of [60_000, 65_535, 65_536, 1_000_003]) {
    const message = randomBytes(length);
    assert.equal(
      toHex(sha256(message)),
      createHash('sha256').update(message).digest('hex'),
      `length ${length}`,
    );
  }
});

test('SHA-256 gives the digests of FIPS 180-4', () => {
  const abc = Buffer.from('abc');
  assert.equal(toHex(sha256(abc)), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('HMAC agrees with node for keys of up to 64 bytes', () => {
  for (let length = 0; length <= 300; length++) {
    const key = randomBytes(length % 65);
    const message = randomBytes(length);
    const right = createHmac('sha256', key).update(message).digest('hex');
    assert.equal(toHex(hmacSha256(key, message)), right, `length ${length}`);
  }
});

test('a message is not changed by being hashed', () => {
  const message = randomBytes(100);
  const copy = Buffer.from(message);
  sha256(message);
  hmacSha256(message.subarray(0, 32), message);
  assert.deepEqual(message, copy);
});
