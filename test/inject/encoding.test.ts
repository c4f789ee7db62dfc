import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { negotiatedEncoding } from '../../src/inject/encoding.ts';

const ROWS: [accept: string | undefined, sent: string | undefined][] = [
  [undefined, undefined],
  ['gzip, deflate, br, zstd', 'gzip'],
  ['br;q=1, GZIP;q=0.1', 'gzip'],
  ['x-gzip', 'gzip'],
  ['gzip;q=0, br', 'br'],
  ['gzip; q=0.0', 'identity'],
  ['br, zstd', 'br, zstd'],
  ['zstd;q=0.5 , deflate, BR', 'zstd;q=0.5, BR'],
  ['br;q=0, zstd', 'zstd'],
  ['br;q=-1', 'identity'],
  ['deflate', 'identity'],
  ['', 'identity'],
  ['*', 'identity'],
  ['identity', 'identity'],
  ['br, identity;q=0', 'br'],
  ['deflate, identity;q=0', undefined],
  ['br, *;q=0', 'br'],
  ['deflate, *;q=0', undefined],
  ['br;q=0, *;q=0, identity', 'identity'],
  ['gzip, identity;q=0', 'gzip'],
  ['gzip;q=nonsense', 'gzip'],
];

describe('Accept-Encoding to the origin', () => {
  for (const [accept, sent] of ROWS) {
    test(`${accept ?? '(none)'} → ${sent ?? '(as it is)'}`, () =>
      assert.equal(negotiatedEncoding(accept), sent));
  }
});
