/** The two codes of a deflate block: what their symbols mean, and how a block says them (RFC 1951 §3.2.5-7). */
import { said, say, take } from './bits.as';
import { BIT, BUILD, DISTANCES, LITERALS } from './deflate-numbers';
import { build, END_OF_BLOCK, makeCode, NO_LITERAL, NONE, SKIP_MASK } from './huffman.as';

/** Of a literal: its byte, and whether another one follows in the eight bits above. */
export const PAIR_SHIFT: u32 = 12;
export const LITERAL_SHIFT: u32 = 16;
/** Of a length: how many bits of it stand behind its code, as a mask; and the length where they are zeros. */
export const EXTRA_SHIFT: u32 = 12;
export const EXTRA_MASK: u32 = 31;
export const LENGTH_SHIFT: u32 = 17;
/** Of a distance: how many bits of it stand behind its code, and the distance where they are zeros. */
export const EXTRA_BITS_SHIFT: u32 = 12;
export const EXTRA_BITS_MASK: u32 = 15;
export const DISTANCE_SHIFT: u32 = 16;
/** Of a code length: its symbol. */
const SYMBOL_SHIFT: u32 = 12;

const LITERAL_BITS = 11;
export const LITERAL_MASK: u32 = (1 << LITERAL_BITS) - 1;
const DISTANCE_BITS = 9;
export const DISTANCE_MASK: u32 = (1 << DISTANCE_BITS) - 1;
/** No code of code lengths is longer. */
const LENGTHS_BITS = 7;
const LENGTHS = 19;
const END_SYMBOL: i32 = 256;
const MAX_LITERALS: i32 = 286;
const MAX_DISTANCES: i32 = 30;
/** With the two of each that have a code in fixed blocks and may not occur. */
const FIXED_LITERALS: i32 = 288;
const FIXED_DISTANCES: i32 = 32;

const literalEntries: usize = memory.data(1152);
const distanceEntries: usize = memory.data(128);
const lengthEntries: usize = memory.data(76);
export const literals = makeCode(
  memory.data(20),
  memory.data(8192, 16),
  LITERAL_BITS,
  literalEntries,
  memory.data(640),
);
export const distances = makeCode(
  memory.data(20),
  memory.data(2048, 16),
  DISTANCE_BITS,
  distanceEntries,
  memory.data(640),
);
const lengths = makeCode(
  memory.data(20),
  memory.data(512, 16),
  LENGTHS_BITS,
  lengthEntries,
  memory.data(640),
);
const lengthBases: usize = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
]);
const lengthExtras: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const distanceBases: usize = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
]);
/** In what order the lengths of the code of code lengths stand. */
const lengthsOrder: usize = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);
/** Of the codes that were built last: lengths of literals, and right behind them those of distances. */
export const codeLengthsAt: usize = memory.data(320);
/** Of the code that they are written in. */
const lengthLengths: usize = memory.data(19);
/** The codes are those of fixed blocks, which need not be built again. */
let areFixed = false;

function literalEntry(symbol: i32): u32 {
  if (symbol < END_SYMBOL) return symbol << LITERAL_SHIFT;
  if (symbol === END_SYMBOL) return NO_LITERAL | END_OF_BLOCK;
  if (symbol >= MAX_LITERALS) return NO_LITERAL | NONE;
  const extra: u32 = load<u8>(lengthExtras + symbol - END_SYMBOL - 1);
  const base: u32 = load<u16>(lengthBases + ((symbol - END_SYMBOL - 1) << 1));
  return NO_LITERAL | extra | (((1 << extra) - 1) << EXTRA_SHIFT) | (base << LENGTH_SHIFT);
}

function distanceExtra(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

for (let symbol = 0; symbol < FIXED_LITERALS; symbol++) {
  store<u32>(literalEntries + (symbol << 2), literalEntry(symbol));
}
for (let symbol = 0; symbol < FIXED_DISTANCES; symbol++) {
  const extra = distanceExtra(symbol);
  const entry =
    symbol < MAX_DISTANCES
      ? extra |
        (extra << EXTRA_BITS_SHIFT) |
        ((<u32>load<u16>(distanceBases + (symbol << 1))) << DISTANCE_SHIFT)
      : NONE;
  store<u32>(distanceEntries + (symbol << 2), entry);
}
for (let symbol = 0; symbol < LENGTHS; symbol++)
  store<u32>(lengthEntries + (symbol << 2), symbol << SYMBOL_SHIFT);

/**
 * Where two literals fit in one look, their entry is of both. From the end: what an index points to is smaller than
 * itself and still of one.
 */
function pairLiterals(): void {
  const table = literals.table;
  for (let i = (1 << literals.tableBits) - 1; i >= 0; i--) {
    const first = load<u32>(table + (i << 2));
    if ((first & (NO_LITERAL | NONE)) !== 0) continue;
    const second = load<u32>(table + ((i >> (first & SKIP_MASK)) << 2));
    if ((second & (NO_LITERAL | NONE)) !== 0) continue;
    const bits = (first & SKIP_MASK) + (second & SKIP_MASK);
    if (<i32>bits <= literals.tableBits) {
      const second8 = (second >> LITERAL_SHIFT) << (LITERAL_SHIFT + 8);
      store<u32>(
        table + (i << 2),
        bits | (1 << PAIR_SHIFT) | ((first >> LITERAL_SHIFT) << LITERAL_SHIFT) | second8,
      );
    }
  }
}

/** From the lengths that stand there. False: they are wrong. */
export function buildCodes(literalCount: i32, distanceCount: i32): bool {
  areFixed = false;
  say(LITERALS, literalCount);
  say(DISTANCES, distanceCount);
  say(BUILD, said(BUILD) + 1);
  if (!build(literals, codeLengthsAt, literalCount, true)) return false;
  pairLiterals();
  return build(distances, codeLengthsAt + literalCount, distanceCount, true);
}

export function fixedCodes(): void {
  if (areFixed) return;
  memory.fill(codeLengthsAt, 8, 144);
  memory.fill(codeLengthsAt + 144, 9, 112);
  memory.fill(codeLengthsAt + 256, 7, 24);
  memory.fill(codeLengthsAt + 280, 8, 8);
  memory.fill(codeLengthsAt + FIXED_LITERALS, 5, FIXED_DISTANCES);
  buildCodes(FIXED_LITERALS, FIXED_DISTANCES);
  areFixed = true;
}

/** Of a dynamic block, from behind its type on. False: they are wrong. */
export function dynamicCodes(from: i32): bool {
  areFixed = false;
  const literalCount = take(from, 5) + END_SYMBOL + 1;
  const distanceCount = take(from + 5, 5) + 1;
  const count = take(from + 10, 4) + 4;
  const bit = from + 14;
  say(BIT, bit);
  if (literalCount > MAX_LITERALS || distanceCount > MAX_DISTANCES) return false;
  memory.fill(lengthLengths, 0, LENGTHS);
  for (let i = 0; i < count; i++)
    store<u8>(lengthLengths + load<u8>(lengthsOrder + i), <u8>take(bit + 3 * i, 3));
  say(BIT, bit + 3 * count);
  if (!build(lengths, lengthLengths, LENGTHS, false)) return false;
  return readCodeLengths(literalCount + distanceCount) && buildCodes(literalCount, distanceCount);
}

function readCodeLengths(count: i32): bool {
  let bit = said(BIT);
  for (let i = 0; i < count; ) {
    const entry = load<u32>(lengths.table + (take(bit, LENGTHS_BITS) << 2));
    if ((entry & NONE) !== 0) return false;
    bit += entry & SKIP_MASK;
    const symbol = entry >> SYMBOL_SHIFT;
    if (symbol < 16) {
      store<u8>(codeLengthsAt + i++, <u8>symbol);
      say(BIT, bit);
      continue;
    }
    if (symbol === 16 && i === 0) return false;
    const value: u8 = symbol === 16 ? load<u8>(codeLengthsAt + i - 1) : 0;
    const extra = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
    const times = take(bit, extra) + (symbol === 18 ? 11 : 3);
    bit += extra;
    say(BIT, bit);
    if (i + times > count) return false;
    memory.fill(codeLengthsAt + i, value, times);
    i += times;
  }
  return true;
}
