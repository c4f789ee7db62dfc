import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createCrcAppend } from '../../../src/inject/splice/crc-append.ts';
import { createTails } from '../../../src/inject/splice/ending.ts';
import { inflate, inflateGzip } from '../../../src/inject/splice/inflate.ts';
import { createSplicer } from '../../../src/inject/splice/splice.ts';
import { deflated, type HeaderFields, member, recipe } from './streams.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const REST = Buffer.from('>tracker()</script>'.repeat(50));
const splice = createSplicer(createTails(REST));
const START = Buffer.from('<img src="//x/px.gif"><script data-token="abc"');

/** The text behind the edit, as strict as a decoder can be: all of the body is one member. */
function spliced(body: Buffer, start = START): Buffer {
  const inflated = inflateGzip(body);
  assert.notEqual(inflated, null, 'no place');
  const before = Buffer.from(body);
  const edited = splice(body, { place: inflated!.place, start });
  assert.deepEqual(body, before, 'the body was changed');
  const { buffer, engine } = gunzipSync(edited, { info: true }) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  assert.equal(engine.bytesWritten, edited.length);
  return buffer;
}

test('the checksum of a text with more behind it is zlib’s', () => {
  fc.assert(
    fc.property(bytes(200), bytes(200), (text, rest) => {
      assert.equal(createCrcAppend(rest)(crc32(text)), crc32(Buffer.concat([text, rest])));
    }),
  );
});

test('whatever zlib writes, it inflates to the text, the start and the rest', async () => {
  const start = bytes(300).filter((array) => array.length > 0);
  await fc.assert(
    fc.asyncProperty(recipe, start, async (made, startBytes) => {
      const text = Buffer.concat(made.pieces);
      const body = member(await deflated(made), text);
      assert.deepEqual(spliced(body, startBytes), Buffer.concat([text, startBytes, REST]));
    }),
    { numRuns: 300 },
  );
});

test('a stream that ends at any bit of a byte', () => {
  const ends = new Set<number>();
  for (let length = 0; length < 200; length++) {
    const text = Buffer.from('x\xff'.repeat(length), 'latin1');
    const raw = deflateRawSync(text, { strategy: length % 2 === 0 ? 4 : 2 });
    // Whatever stands in the bits that the end leaves over.
    const endBit = inflate(raw)!.endBit;
    if (endBit % 8 !== 0) raw[raw.length - 1]! |= 0xff << (endBit % 8);
    ends.add(endBit % 8);
    assert.deepEqual(spliced(member(raw, text)), Buffer.concat([text, START, REST]));
  }
  assert.equal(ends.size, 8);
});

test('a start that is longer than a stored block', () => {
  for (const length of [0xffff, 0x10000, 200_000]) {
    const start = Buffer.alloc(length, 'start');
    assert.deepEqual(spliced(gzipSync('text'), start), Buffer.concat([Buffer.from('text'), start, REST]));
  }
});

describe('headers with optional fields', () => {
  const text = Buffer.from('<p>text</p>');
  const HEADERS: HeaderFields[] = [
    { extra: Buffer.from([0x41, 0x70, 2, 0, 0, 0x1f]) },
    { extra: Buffer.alloc(0) },
    { name: 'index.html' },
    { comment: 'made by hand' },
    { crc: true },
    { extra: Buffer.alloc(300, 1), name: 'é', comment: '', crc: true },
  ];
  for (const header of HEADERS) {
    test(Object.keys(header).join(', '), () => {
      const body = member(deflateRawSync(text), text, header);
      assert.deepEqual(gunzipSync(body), text);
      assert.deepEqual(spliced(body), Buffer.concat([text, START, REST]));
    });
  }
});

test('the length of the text may pass 2^32', () => {
  const body = gzipSync('text');
  const { place } = inflateGzip(body)!;
  body.writeUInt32LE(0xffff_ffff, body.length - 4);
  const edited = splice(body, { place, start: START });
  assert.equal(edited.readUInt32LE(edited.length - 4), START.length + REST.length - 1);
});

describe('no place in', () => {
  const gz = gzipSync('some text');
  const BODIES: [string, Buffer][] = [
    ['two members', Buffer.concat([gzipSync('some '), gzipSync('text')])],
    ['a member with zeros behind it', Buffer.concat([gz, Buffer.alloc(8)])],
    ['a member with a byte behind it', Buffer.concat([gz, Buffer.from([0x1f])])],
    ['a member without its trailer', gz.subarray(0, -8)],
    ['a header alone', gz.subarray(0, 10)],
    ['text', Buffer.from('some text that is no gzip at all')],
    ['nothing', Buffer.alloc(0)],
  ];
  for (const [name, body] of BODIES) {
    test(name, () => assert.equal(inflateGzip(body), null));
  }

  test('a member whose trailer says another length, or another checksum', () => {
    for (const at of [gz.length - 8, gz.length - 4]) {
      const lying = Buffer.from(gz);
      lying[at]! ^= 1;
      assert.equal(inflateGzip(lying), null);
    }
  });

  test('a member with more text than a megabyte, of whatever blocks', () => {
    for (const text of [Buffer.alloc((1 << 20) + 1, 'text'), Buffer.alloc(20 << 20)]) {
      for (const level of [0, 1, 9]) assert.equal(inflateGzip(gzipSync(text, { level })), null);
    }
  });
});

test('text up to a megabyte is there to its last byte, far matches and near ones', () => {
  for (const size of [65_535, 65_536, 65_537, 1 << 20]) {
    const words = Buffer.from(Array.from({ length: size >> 1 }, (_, at) => `${(at * at) % 9973}`).join(''));
    for (const text of [Buffer.alloc(size, 'ab'), words.subarray(0, size)]) {
      for (const level of [0, 1, 9]) assert.ok(inflateGzip(gzipSync(text, { level }))!.text.equals(text));
    }
  }
});
