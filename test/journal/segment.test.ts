import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import {
  baseOfName,
  createStaging,
  decodeHeader,
  encodeHeader,
  FRAME_BYTES,
  framedBytes,
  MARK,
  MAX_RECORD_BYTES,
  readFrames,
  segmentName,
} from '../../src/journal/segment.ts';

const NO_LIMIT = { maxRecords: 1000, maxBytes: 1e9 };

function framed(offset: number, ...texts: string[]): Buffer {
  const staging = createStaging(16);
  staging.start(offset);
  for (const text of texts) staging.add(Buffer.from(text));
  return Buffer.from(staging.bytes());
}

describe('frames', () => {
  it('are mark, length, checksum from offset and length on, record', () => {
    const bytes = framed(1000, 'abc');
    assert.deepEqual(bytes.subarray(0, 4), MARK);
    assert.equal(bytes.readUInt32LE(4), 3);
    assert.equal(bytes.readUInt32LE(8), crc32('abc', 1003));
    assert.equal(bytes.toString('latin1', FRAME_BYTES), 'abc');
  });

  it('are damaged when the checksum covers the record alone', () => {
    const bytes = framed(1000, 'abc');
    for (const start of [0, 3, 1000]) {
      bytes.writeUInt32LE(crc32('abc', start), 8);
      assert.equal(readFrames({ bytes, offset: 1000 }, 1000, NO_LIMIT).stop, 'damaged');
    }
  });

  it('come back whole, at offsets beyond 32 bits too', () => {
    for (const offset of [0, 2 ** 32 - 5, 2 ** 40 + 3]) {
      const window = { bytes: framed(offset, 'a', 'bb', 'c'.repeat(5000)), offset };
      const frames = readFrames(window, offset, NO_LIMIT);
      assert.deepEqual(frames.records.map(String), ['a', 'bb', 'c'.repeat(5000)]);
      assert.equal(frames.next, offset + window.bytes.length);
      assert.deepEqual([frames.stop, frames.needs, frames.bytes], ['short', FRAME_BYTES, 5003]);
    }
  });

  it('say how many bytes they need when the window ends in them', () => {
    const bytes = framed(0, 'abc', 'defgh');
    for (let length = 0; length < bytes.length; length += 1) {
      const { records, stop, needs } = readFrames(
        { bytes: bytes.subarray(0, length), offset: 0 },
        0,
        NO_LIMIT,
      );
      assert.equal(records.length, length < 15 ? 0 : 1, `${length}`);
      assert.equal(stop, 'short');
      const inFrame = length < 15 ? length : length - 15;
      const size = length < 15 ? 15 : 17;
      assert.equal(needs, inFrame < FRAME_BYTES ? FRAME_BYTES : size);
    }
  });

  it('are damaged with a length of 0, or beyond any record', () => {
    for (const length of [0, MAX_RECORD_BYTES + 1, 0xffffffff]) {
      const bytes = framed(0, 'abc');
      bytes.writeUInt32LE(length, 4);
      assert.equal(readFrames({ bytes, offset: 0 }, 0, NO_LIMIT).stop, 'damaged');
    }
  });

  it('keep to both limits', () => {
    const window = { bytes: framed(0, 'aa', 'bb', 'cc'), offset: 0 };
    assert.equal(readFrames(window, 0, { maxRecords: 2, maxBytes: 100 }).records.length, 2);
    assert.equal(readFrames(window, 0, { maxRecords: 9, maxBytes: 4 }).records.length, 2);
    assert.equal(readFrames(window, 0, { maxRecords: 9, maxBytes: 1 }).records.length, 1);
  });
});

describe('staging', () => {
  it('is used again, and grows for a commit that is larger', () => {
    const staging = createStaging(32);
    staging.start(0);
    staging.add(Buffer.from('x'.repeat(100)));
    staging.add(Buffer.from('y'.repeat(300)));
    const { records } = readFrames({ bytes: Buffer.from(staging.bytes()), offset: 0 }, 0, NO_LIMIT);
    assert.deepEqual(
      records.map((record) => record.length),
      [100, 300],
    );
    staging.start(7);
    staging.add(Buffer.from('z'));
    assert.deepEqual(staging.bytes(), framed(7, 'z'));
  });
});

describe('headers', () => {
  it('come back', () => {
    const header = { base: 2 ** 40, count: 12, createdMs: 1_795_000_000_000 };
    assert.deepEqual(decodeHeader(encodeHeader(header)), { kind: 'header', header });
  });

  it('are damaged by any bit of theirs', () => {
    const whole = encodeHeader({ base: 5, count: 12, createdMs: 3 });
    for (let bit = 0; bit < 40 * 8; bit += 1) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(decodeHeader(bytes).kind, 'damaged', `bit ${bit}`);
    }
    assert.equal(decodeHeader(whole.subarray(0, 47)).kind, 'damaged');
  });
});

describe('names', () => {
  it('sort like their offsets', () => {
    const bases = [0, 9, 10, 2 ** 33, Number.MAX_SAFE_INTEGER];
    assert.deepEqual(bases.map(segmentName).sort(), bases.map(segmentName));
    assert.deepEqual(bases.map(segmentName).map(baseOfName), bases);
  });

  it('of other files are none', () => {
    for (const name of [
      'x.seg',
      '1.seg',
      `${'9'.repeat(20)}.seg`,
      `${'0'.repeat(20)}.seg.tmp`,
      'log.checkpoint',
    ]) {
      assert.equal(baseOfName(name), null);
    }
  });
});

it('framedBytes refuses what no frame can hold', () => {
  assert.equal(framedBytes([Buffer.from('abc'), Buffer.from('d')]), 28);
  assert.throws(() => framedBytes([Buffer.alloc(0)]), RangeError);
  assert.throws(() => framedBytes([Buffer.alloc(MAX_RECORD_BYTES + 1)]), RangeError);
});
