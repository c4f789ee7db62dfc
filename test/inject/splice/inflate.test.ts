import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { inflate } from '../../../src/inject/splice/inflate.ts';
import { BitWriter, canonical, completeLengths, deflated, dynamicHead, recipe } from './streams.ts';

/** With a text that stays. */
function walk(raw: Buffer) {
  const read = inflate(raw);
  return read && { ...read, text: Buffer.from(read.text) };
}

/** What zlib makes of it; null: nothing, or there is something behind its end. */
function inflated(raw: Buffer): Buffer | null {
  try {
    const { buffer, engine } = inflateRawSync(raw, { info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return engine.bytesWritten === raw.length ? buffer : null;
  } catch {
    return null;
  }
}

/** An answer is right if zlib reads the same up to there, and as much again when that block is no longer the last. */
function assertRight(raw: Buffer): void {
  const end = walk(raw);
  assert.notEqual(end, null, 'a doubt');
  const { finalBit, endBit, text } = end!;
  assert.equal(Math.ceil(endBit / 8), raw.length);
  assert.deepEqual(inflated(raw), text);
  const writer = new BitWriter();
  for (let bit = 0; bit < endBit; bit++) writer.number(bit === finalBit ? 0 : raw[bit >> 3]! >> (bit & 7), 1);
  writer.number(0b011, 3).number(0, 7); // a last block, fixed, with nothing in it
  assert.deepEqual(inflated(writer.bytes()), inflated(raw));
}

/** Whatever it is given: no answer that differs from zlib's. */
function assertNeverWrong(raw: Buffer): void {
  const end = walk(raw);
  if (end === null) return;
  const read = inflated(raw.subarray(0, Math.ceil(end.endBit / 8)));
  assert.deepEqual(read, end.text);
}

test('whatever zlib writes, it finds the last block and the end', async () => {
  await fc.assert(
    fc.asyncProperty(recipe, async (made) => assertRight(await deflated(made))),
    { numRuns: 400 },
  );
});

test('text longer than the window, of many blocks', () => {
  const words = Array.from({ length: 60_000 }, (_, at) => `${(at * at) % 977} `).join('');
  for (const level of [0, 1, 6, 9]) assertRight(deflateRawSync(words, { level }));
});

test('no stream that is cut is taken for a whole one', () => {
  for (const options of [{}, { level: 0 }, { strategy: 4 }]) {
    const raw = deflateRawSync('<p>some text, and some text</p>'.repeat(20) + 'end', options);
    for (let bytes = 0; bytes < raw.length; bytes++)
      assert.equal(walk(raw.subarray(0, bytes)), null, `${bytes}`);
  }
  assert.equal(walk(Buffer.alloc(3)), null);
});

test('a stream with flipped bits is a doubt, or read as zlib reads it', async () => {
  const flips = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(recipe, flips, async (made, bits) => {
      const raw = await deflated(made);
      for (const bit of bits.map((flip) => flip % (raw.length * 8))) raw[bit >> 3]! ^= 1 << (bit & 7);
      assertNeverWrong(raw);
    }),
    { numRuns: 400 },
  );
});

test('rubbish is a doubt, or read as zlib reads it', () => {
  const start = fc.constantFrom(0b011, 0b101, 0b100, 0b010);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 400 }), (head, bytes) => {
      const raw = Buffer.from([head, ...bytes]);
      assertNeverWrong(raw);
    }),
    { numRuns: 2000 },
  );
});

describe('blocks made by hand', () => {
  const fixed = canonical(
    Array.from({ length: 288 }, (_, at) => (at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8)),
  );

  test('an empty fixed block', () => assertRight(new BitWriter().number(0b011, 3).number(0, 7).bytes()));

  test('an empty stored block, and a full one', () => {
    assertRight(Buffer.from([1, 0, 0, 0xff, 0xff]));
    assertRight(Buffer.concat([Buffer.from([1, 0xff, 0xff, 0, 0]), Buffer.alloc(0xffff, 7)]));
  });

  test('a fixed block that ends at any bit of a byte', () => {
    const ends = new Set<number>();
    for (let nines = 0; nines < 8; nines++) {
      const writer = new BitWriter().number(0b011, 3);
      for (let i = 0; i < nines; i++) writer.code(fixed[200]!);
      writer.code(fixed[65]!).code(fixed[256]!);
      const raw = writer.bytes();
      assertRight(raw);
      assert.equal(walk(raw)!.endBit, writer.length);
      ends.add(writer.length % 8);
    }
    assert.equal(ends.size, 8);
  });

  test('a stored block that begins at any bit of a byte', () => {
    for (let nines = 0; nines < 8; nines++) {
      const writer = new BitWriter().number(0b010, 3);
      for (let i = 0; i < nines; i++) writer.code(fixed[200]!);
      writer.code(fixed[256]!).number(0b001, 3);
      writer
        .number(0, -writer.length & 7)
        .number(2, 16)
        .number(0xfffd, 16)
        .number(0x6968, 16);
      assertRight(writer.bytes());
    }
  });

  const WRONG: [string, (writer: BitWriter) => unknown][] = [
    ['a block of type 3', (writer) => writer.number(0b111, 3)],
    ['stored lengths that disagree', (writer) => writer.number(1, 8).number(2, 16).number(0, 32)],
    ['symbols 286 and 287', (writer) => writer.number(0b011, 3).code(fixed[286]!).number(0, 20)],
    [
      'distance 30',
      (writer) =>
        writer
          .number(0b011, 3)
          .code(fixed[65]!)
          .code(fixed[257]!)
          .code({ bits: 30, length: 5 })
          .number(0, 20),
    ],
    [
      'a distance to before the text',
      (writer) =>
        writer.number(0b011, 3).code(fixed[65]!).code(fixed[257]!).number(0b10000, 5).code(fixed[256]!),
    ],
  ];
  for (const [name, write] of WRONG) {
    test(`${name}: a doubt`, () => {
      const writer = new BitWriter();
      write(writer);
      assert.equal(inflated(writer.bytes()), null);
      assert.equal(walk(writer.bytes()), null);
    });
  }

  /** A dynamic block of literals `a` and what the codes allow. */
  function dynamic(
    literals: Record<number, number>,
    distances: readonly number[],
    symbols: readonly number[],
  ) {
    const lengths = Array.from({ length: 286 }, (_, symbol) => literals[symbol] ?? 0);
    const writer = new BitWriter();
    dynamicHead(writer, lengths, distances);
    const codes = canonical(lengths);
    for (const symbol of symbols) {
      writer.code(codes[symbol]!);
      if (symbol > 256) writer.code(canonical(distances)[0]!);
    }
    return writer.bytes();
  }

  test('a block with one distance, or with none', () => {
    assertRight(dynamic({ 97: 1, 256: 2, 257: 2 }, [1], [97, 257, 256]));
    assertRight(dynamic({ 97: 1, 256: 1 }, [0], [97, 97, 256]));
    assertRight(dynamic({ 256: 1 }, [0], [256]));
  });

  test('codes that are over-subscribed, incomplete or without an end are doubts', () => {
    for (const [literals, distances] of [
      [{ 97: 1, 98: 1, 256: 1 }, [1]],
      [{ 97: 2, 256: 2 }, [1]],
      [{ 97: 1, 98: 1 }, [1]],
      [{ 97: 1, 256: 1 }, [1, 1, 1]],
      [{ 97: 1, 256: 1 }, [2]],
    ] as const) {
      const raw = dynamic(literals, distances, [97, 256]);
      assert.equal(inflated(raw), null);
      assert.equal(walk(raw), null);
    }
  });

  /** The end of a block, its code lengths written as steps of a code for 1, 2, 16 and 18; the counts as claimed. */
  function runs(
    counts: { literals: number; distances: number },
    steps: readonly [symbol: number, times: number][],
  ) {
    const writer = new BitWriter().number(0b101, 3);
    writer
      .number(counts.literals - 257, 5)
      .number(counts.distances - 1, 5)
      .number(15, 4);
    for (const symbol of [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15])
      writer.number([1, 2, 16, 18].includes(symbol) ? 2 : 0, 3);
    for (const [symbol, times] of steps) {
      writer.code({ bits: [1, 2, 16, 18].indexOf(symbol), length: 2 });
      if (symbol === 16) writer.number(times - 3, 2);
      if (symbol === 18) writer.number(times - 11, 7);
    }
    return writer.number(0, 1).bytes();
  }
  const TO_END_SYMBOL: [number, number][] = [
    [18, 138],
    [18, 118],
  ];

  test('code lengths in runs', () => {
    assertRight(runs({ literals: 257, distances: 1 }, [...TO_END_SYMBOL, [1, 1], [1, 1]]));
    assertRight(runs({ literals: 286, distances: 30 }, [...TO_END_SYMBOL, [1, 1], [18, 58], [1, 1]]));
    assertRight(runs({ literals: 260, distances: 1 }, [...TO_END_SYMBOL, [2, 1], [16, 3], [1, 1]]));
  });

  const WRONG_RUNS: [string, Buffer][] = [
    [
      'a run of nothing',
      runs({ literals: 257, distances: 1 }, [
        [16, 3],
        [18, 138],
        [18, 115],
        [1, 1],
        [1, 1],
      ]),
    ],
    ['a run past the end', runs({ literals: 257, distances: 1 }, [...TO_END_SYMBOL, [1, 1], [18, 11]])],
    ['287 literals', runs({ literals: 287, distances: 1 }, [...TO_END_SYMBOL, [1, 1], [18, 30], [1, 1]])],
    ['31 distances', runs({ literals: 257, distances: 31 }, [...TO_END_SYMBOL, [1, 1], [18, 30], [1, 1]])],
  ];
  for (const [name, raw] of WRONG_RUNS) {
    test(`${name}: a doubt`, () => {
      assert.equal(inflated(raw), null);
      assert.equal(walk(raw), null);
    });
  }

  test('codes of any shape, up to 15 bits', () => {
    const splits = (max: number) => fc.array(fc.nat(), { minLength: 2, maxLength: max });
    const choices = fc.array(fc.nat(), { maxLength: 200 });
    fc.assert(
      fc.property(splits(285), splits(29), choices, (literalSplits, distanceSplits, picks) => {
        const literals = completeLengths(literalSplits);
        // The end of the block has to have a code, and the first literals are there to be pointed at.
        const lengths = Array.from({ length: 286 }, () => 0);
        for (const [at, length] of literals.entries()) lengths[(256 + 29 * at) % 286] = length;
        const distances = completeLengths(distanceSplits);
        const writer = new BitWriter();
        dynamicHead(writer, lengths, distances);
        writeSymbols(writer, { lengths, distances, picks });
        assertRight(writer.bytes());
      }),
      { numRuns: 300 },
    );
  });
});

const EXTRA_OF_LENGTH = (symbol: number) =>
  symbol < 265 || symbol === 285 ? 0 : Math.floor((symbol - 261) / 4);
const EXTRA_OF_DISTANCE = (symbol: number) => (symbol < 4 ? 0 : (symbol >> 1) - 1);

/** Symbols that occur, as picked; a length only where the shortest distance reaches no further than the text. */
function writeSymbols(
  writer: BitWriter,
  { lengths, distances, picks }: { lengths: number[]; distances: number[]; picks: number[] },
): void {
  const used = lengths.map((length, symbol) => (length > 0 ? symbol : -1)).filter((symbol) => symbol >= 0);
  const codes = canonical(lengths);
  const distanceCodes = canonical(distances);
  let text = 0;
  for (const pick of picks) {
    const symbol = used[pick % used.length]!;
    if (symbol === 256) continue;
    const distance = pick % distances.length;
    const furthest = distance < 4 ? distance + 1 : (2 + (distance & 1) + 1) << EXTRA_OF_DISTANCE(distance);
    if (symbol > 256 && furthest > text) continue;
    writer.code(codes[symbol]!);
    text += symbol < 256 ? 1 : 3;
    if (symbol < 256) continue;
    writer.number(pick, EXTRA_OF_LENGTH(symbol));
    writer.code(distanceCodes[distance]!).number(pick, EXTRA_OF_DISTANCE(distance));
  }
  writer.code(codes[256]!);
}
