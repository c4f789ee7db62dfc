import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSigner, firstBytes } from '../../src/token/signer.ts';

test('a signature is the HMAC-SHA256 of the text, whatever the lengths of secret and text', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 150 }),
      fc.string({ maxLength: 400 }),
      (secret, text) => {
        const ascii = text.replace(/[^\x20-\x7e]/g, '.');
        const sign = createSigner(Buffer.from(secret));
        for (const encoding of ['hex', 'base64url', 'binary'] as const) {
          assert.equal(sign(ascii, encoding), createHmac('sha256', secret).update(ascii).digest(encoding));
        }
      },
    ),
  );
});

test('RFC 4231, test cases 2 and 6', () => {
  assert.equal(
    createSigner(Buffer.from('Jefe'))('what do ya want for nothing?', 'hex'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
  assert.equal(
    createSigner(Buffer.alloc(131, 0xaa))('Test Using Larger Than Block-Size Key - Hash Key First', 'hex'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  );
});

test('a short text after a long one is signed by itself', () => {
  const sign = createSigner(Buffer.from('secret'));
  const alone = sign('short', 'hex');
  sign('x'.repeat(500), 'hex');
  assert.equal(sign('short', 'hex'), alone);
});

test('a text that is too long is refused, not cut', () => {
  const sign = createSigner(Buffer.from('secret'));
  assert.throws(() => sign('x'.repeat(513), 'hex'));
});

test('the first bytes of a signature', () => {
  const mac = createHmac('sha256', 'secret').update('text').digest();
  assert.equal(firstBytes(mac.toString('latin1'), 8), mac.toString('base64url', 0, 8));
});
