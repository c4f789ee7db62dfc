import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeToken, encodeToken, type TokenFields } from '../../src/token/token-layout.ts';

const FIELDS: TokenFields = {
  kind: 'page',
  kid: 'k1',
  issuedAt: 0x0102_0304_0506,
  tid: '01939d5e-7f00-7abc-8def-0123456789ab',
  ipTag: 'a1b2c3d4e5f60718',
};

describe('the bytes of a token', () => {
  test('are those of the protocol', () => {
    const bytes = Buffer.from(encodeToken(FIELDS), 'base64url');
    const expected = [
      '01', // version
      '01', // page
      '02' + Buffer.from('k1').toString('hex'),
      '010203040506',
      '01939d5e7f007abc8def0123456789ab',
      'a1b2c3d4e5f60718',
    ].join('');
    assert.equal(bytes.toString('hex'), expected);
    assert.equal(Buffer.from(encodeToken({ ...FIELDS, kind: 'hello' }), 'base64url')[1], 2);
  });

  test('come back as they went', () => {
    const kid = fc.stringMatching(/^[a-z0-9]{1,16}$/);
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
    const shape = {
      kind: fc.constantFrom('page' as const, 'hello' as const),
      kid,
      issuedAt: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      tid: fc.uuid(),
      ipTag: hex(16),
    };
    const fields = fc.record(shape, { noNullPrototype: true });
    fc.assert(fc.property(fields, (given) => assert.deepEqual(decodeToken(encodeToken(given)), given)));
  });

  const whole = Buffer.from(encodeToken(FIELDS), 'base64url');
  const changed = (at: number, byte: number) => {
    const copy = Buffer.from(whole);
    copy[at] = byte;
    return copy.toString('base64url');
  };
  const wrong: [string, string][] = [
    ['nothing', ''],
    ['another version', changed(0, 2)],
    ['a kind that is none', changed(1, 3)],
    ['a kid of another length', changed(2, 3)],
    ['a kid of length 0', changed(2, 0)],
    ['a kid with a character that is none', changed(3, 0x2d)],
    ['a byte too few', whole.subarray(0, -1).toString('base64url')],
    ['a byte too many', Buffer.concat([whole, Buffer.from([0])]).toString('base64url')],
    ['padding', `${whole.toString('base64url')}=`],
    ['base64 that is not base64url', `${whole.toString('base64url').slice(0, -1)}+`],
    [
      'a character between that decoders skip',
      `${whole.toString('base64url').slice(0, 10)}\n${whole.toString('base64url').slice(10)}`,
    ],
  ];
  for (const [name, text] of wrong) {
    test(`are refused with ${name}`, () => assert.equal(decodeToken(text), null));
  }

  test('have one spelling: unused bits of the last character are zero', () => {
    const text = encodeToken({ ...FIELDS, kid: 'k' });
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(text.at(-1)!);
    const twin = text.slice(0, -1) + alphabet[last + 1];
    assert.deepEqual(Buffer.from(twin, 'base64url'), Buffer.from(text, 'base64url'), 'the same bytes');
    assert.notEqual(decodeToken(text), null);
    assert.equal(decodeToken(twin), null);
  });

  test('any text is a token or none, and never an error', () => {
    fc.assert(fc.property(fc.string({ maxLength: 100 }), (text) => assert.equal(decodeToken(text), null)));
  });
});
