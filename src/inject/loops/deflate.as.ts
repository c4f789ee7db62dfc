/**
 * The loops of reading a deflate stream (RFC 1951): the codes of a block, and its symbols, with the text that they stand
 * for or only its length (../splice/deflate-follow.ts says what for). At least as strict as zlib.
 *
 * A position is one number, a bit of the window; each look takes a word from there. So there is no bit buffer to keep
 * filled. Nothing is remembered between two calls but the codes that were built last, and the text where it is written.
 * All its memory is set aside beforehand.
 */
import { BIT, BUILD, DISTANCES, ENDED, LITERALS, TEXT } from './deflate-numbers';

export const STREAM_BYTES: i32 = 65536;
/** With as much behind it as the header of a dynamic block may reach past its end; what stands there does not matter. */
export const streamAt: usize = memory.data(66560, 16);
/** More text is not written, but for what the last symbols give. */
export const MAX_TEXT: i32 = 1048576;
export const textAt: usize = memory.data(1049088, 16);
export const deflateSaidAt: usize = memory.data(24, 4);

/**
 * An entry says what a reader does with a symbol. Its lowest five bits are the bits to skip, with those that stand behind
 * its code; bits 8 to 11 are the length of the code. Both are added when a code is built.
 *
 * Bit 5: no literal, but a length or the end of the block, which has bit 7 too. Bit 6: there is no such code, or its
 * symbol may not occur, or the table is too short for it.
 */
const SKIP_MASK: u32 = 31;
const NO_LITERAL: u32 = 1 << 5;
const NONE: u32 = 1 << 6;
const END_OF_BLOCK: u32 = 1 << 7;
const CODE_BITS_SHIFT: u32 = 8;
const CODE_BITS_MASK: u32 = 15;
/** Of a literal: its byte, and whether another one follows in the eight bits above. */
const PAIR_SHIFT: u32 = 12;
const LITERAL_SHIFT: u32 = 16;
/** Of a length: how many bits of it stand behind its code, as a mask; and the length where they are zeros. */
const EXTRA_SHIFT: u32 = 12;
const EXTRA_MASK: u32 = 31;
const LENGTH_SHIFT: u32 = 17;
/** Of a distance: how many bits of it stand behind its code, and the distance where they are zeros. */
const EXTRA_BITS_SHIFT: u32 = 12;
const EXTRA_BITS_MASK: u32 = 15;
const DISTANCE_SHIFT: u32 = 16;
/** Of a code length: its symbol. */
const SYMBOL_SHIFT: u32 = 12;

const LITERAL_BITS = 11;
const LITERAL_MASK: u32 = (1 << LITERAL_BITS) - 1;
const DISTANCE_BITS = 9;
const DISTANCE_MASK: u32 = (1 << DISTANCE_BITS) - 1;
/** No code of code lengths is longer. */
const LENGTHS_BITS = 7;
const MAX_CODE_BITS: i32 = 15;
const LENGTHS = 19;
const END_SYMBOL: i32 = 256;
const MAX_LITERALS: i32 = 286;
const MAX_DISTANCES: i32 = 30;
/** With the two of each that have a code in fixed blocks and may not occur. */
const FIXED_LITERALS: i32 = 288;
const FIXED_DISTANCES: i32 = 32;

/** A canonical Huffman code (RFC 1951 §3.2.2). */
@unmanaged
class Code {
  /** Entries by the next bits, first bit lowest. */
  table: usize;
  tableBits: i32;
  /** Entries by symbol. */
  entries: usize;
  /** How many codes have a length. */
  counts: usize;
  /** Symbols in the order of their codes. */
  symbols: usize;
}

function makeCode(code: usize, table: usize, tableBits: i32, entries: usize, scratch: usize): Code {
  const made = changetype<Code>(code);
  made.table = table;
  made.tableBits = tableBits;
  made.entries = entries;
  made.counts = scratch;
  made.symbols = scratch + 32;
  return made;
}

const literalEntries: usize = memory.data(1152);
const distanceEntries: usize = memory.data(128);
const lengthEntries: usize = memory.data(76);
const literals = makeCode(
  memory.data(20),
  memory.data(8192, 16),
  LITERAL_BITS,
  literalEntries,
  memory.data(640),
);
const distances = makeCode(
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
/** Of a build, by length: the next code, and the next place in `symbols`. */
const nextCodes: usize = memory.data(32);
const nextPlaces: usize = memory.data(32);

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

function say(field: i32, value: i32): void {
  store<i32>(deflateSaidAt + (field << 2), value);
}

function said(field: i32): i32 {
  return load<i32>(deflateSaidAt + (field << 2));
}

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

/** At least 57 bits from here. */
function bitsAt(bit: i32): u64 {
  return load<u64>(streamAt + (<u32>bit >> 3)) >> (bit & 7);
}

function take(bit: i32, count: i32): i32 {
  return <i32>bitsAt(bit) & ((1 << count) - 1);
}

function entryOf(code: Code, symbol: i32, length: i32): u32 {
  return load<u32>(code.entries + (symbol << 2)) + length + (length << CODE_BITS_SHIFT);
}

/**
 * `from`: lengths of codes, by symbol; 0 where a symbol does not occur. `mayLack`: a code of one bit or none is one too.
 * False: zlib would not take such a code.
 */
function build(code: Code, from: usize, symbols: i32, mayLack: bool): bool {
  if (!orderSymbols(code, from, symbols, mayLack)) return false;
  const table = code.table;
  const size = 1 << code.tableBits;
  const none = i32x4.splat(NONE);
  for (let i = 0; i < size; i += 4) v128.store(table + (i << 2), none);
  for (let symbol = 0; symbol < symbols; symbol++) {
    const length: i32 = load<u8>(from + symbol);
    if (length === 0) continue;
    const bits: i32 = load<u16>(nextCodes + (length << 1));
    store<u16>(nextCodes + (length << 1), <u16>(bits + 1));
    if (length > code.tableBits) continue;
    const entry = entryOf(code, symbol, length);
    // Every index that begins with this code, whatever follows it.
    for (let i = reversed(bits, length); i < size; i += 1 << length) store<u32>(table + (i << 2), entry);
  }
  return true;
}

/** Fills everything but the table. */
function orderSymbols(code: Code, from: usize, symbols: i32, mayLack: bool): bool {
  const counts = code.counts;
  memory.fill(counts, 0, 32);
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = counts + (load<u8>(from + symbol) << 1);
    store<u16>(count, load<u16>(count) + 1);
  }
  store<u16>(counts, 0);
  let free = 1;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    free = 2 * free - load<u16>(counts + (length << 1));
    if (free < 0) return false;
    const shorter: i32 = load<u16>(counts + ((length - 1) << 1));
    const before = (length - 1) << 1;
    store<u16>(nextCodes + (length << 1), <u16>((load<u16>(nextCodes + before) + shorter) << 1));
    store<u16>(nextPlaces + (length << 1), <u16>(load<u16>(nextPlaces + before) + shorter));
  }
  if (free > 0 && !(mayLack && isNoneOrOneBit(counts))) return false;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const length: i32 = load<u8>(from + symbol);
    if (length === 0) continue;
    const place = nextPlaces + (length << 1);
    const at = load<u16>(place);
    store<u16>(code.symbols + ((<usize>at) << 1), <u16>symbol);
    store<u16>(place, at + 1);
  }
  return true;
}

/** The incomplete codes that are right: of a block with one distance, or with none. */
function isNoneOrOneBit(counts: usize): bool {
  if (load<u16>(counts + 2) > 1) return false;
  for (let length = 2; length <= MAX_CODE_BITS; length++) {
    if (load<u16>(counts + (length << 1)) !== 0) return false;
  }
  return true;
}

function reversed(bits: i32, length: i32): i32 {
  let result = 0;
  for (let i = 0; i < length; i++) result = (result << 1) | ((bits >> i) & 1);
  return result;
}

/** The entry of the code that `word` begins with, of any length; NONE is set in it where there is none. */
function decode(code: Code, word: u64): u32 {
  let bits = 0;
  let first = 0;
  let place = 0;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    bits = (bits << 1) | (<i32>(word >> (length - 1)) & 1);
    const count: i32 = load<u16>(code.counts + (length << 1));
    if (bits - first < count) {
      return entryOf(code, load<u16>(code.symbols + ((place + bits - first) << 1)), length);
    }
    place += count;
    first = (first + count) << 1;
  }
  return NONE;
}

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

/**
 * Reads symbols that begin at `until` or before it. False: where it stands now is none, or there is too much text. Where
 * less than 48 bits are left either answer is one about what stands behind as well: then `until` should be where it
 * stands. `before`: bytes of text before these; `writes`: the text of all calls stands behind one another.
 *
 * Long, because it is the hot loop: its state stays in local variables.
 */
export function readSymbols(from: i32, until: i32, before: i32, writes: bool): bool {
  const most = writes ? MAX_TEXT : i32.MAX_VALUE;
  let bit = from;
  let text = before;
  let ended = 0;
  let right = true;
  while (bit <= until && text <= most) {
    let word = bitsAt(bit);
    let entry = load<u32>(literals.table + ((<u32>word & LITERAL_MASK) << 2));
    if ((entry & (NO_LITERAL | NONE)) === 0) {
      if (writes) store<u16>(textAt + text, <u16>(entry >> LITERAL_SHIFT));
      text += 1 + ((entry >> PAIR_SHIFT) & 1);
      const skip = entry & SKIP_MASK;
      bit += skip;
      if (bit > until) break;
      // There is another one in this word.
      entry = load<u32>(literals.table + ((<u32>(word >> skip) & LITERAL_MASK) << 2));
      word = bitsAt(bit);
    }
    if ((entry & NONE) !== 0) entry = decode(literals, word);
    if ((entry & (NO_LITERAL | NONE)) === 0) {
      if (writes) store<u16>(textAt + text, <u16>(entry >> LITERAL_SHIFT));
      text += 1 + ((entry >> PAIR_SHIFT) & 1);
      bit += entry & SKIP_MASK;
      continue;
    }
    right = (entry & NONE) === 0;
    if (!right) break;
    const skip = entry & SKIP_MASK;
    if ((entry & END_OF_BLOCK) !== 0) {
      bit += skip;
      ended = 1;
      break;
    }
    const extra =
      (<u32>word >> ((entry >> CODE_BITS_SHIFT) & CODE_BITS_MASK)) & (entry >> EXTRA_SHIFT) & EXTRA_MASK;
    const length = <i32>((entry >> LENGTH_SHIFT) + extra);
    word >>= skip;
    entry = load<u32>(distances.table + ((<u32>word & DISTANCE_MASK) << 2));
    if ((entry & NONE) !== 0) entry = decode(distances, word);
    const distance = distanceOf(entry, <u32>word);
    right = (entry & NONE) === 0 && distance <= text;
    if (!right) break;
    bit += skip + (entry & SKIP_MASK);
    if (writes) copyBack(textAt + text, distance, length);
    text += length;
  }
  say(BIT, bit);
  say(TEXT, text);
  say(ENDED, ended);
  return right && text <= most;
}

/** `word`: where its code begins. */
function distanceOf(entry: u32, word: u32): i32 {
  const extraBits = (entry >> EXTRA_BITS_SHIFT) & EXTRA_BITS_MASK;
  const extra = (word >> ((entry >> CODE_BITS_SHIFT) & CODE_BITS_MASK)) & ((1 << extraBits) - 1);
  return <i32>((entry >> DISTANCE_SHIFT) + extra);
}

/** May write up to 15 bytes more. What it reads may be what it has just written. */
function copyBack(to: usize, distance: i32, length: i32): void {
  const end = to + length;
  if (distance >= 16) {
    for (let i = to; i < end; i += 16) v128.store(i, v128.load(i - distance));
  } else if (distance >= 8) {
    for (let i = to; i < end; i += 8) store<u64>(i, load<u64>(i - distance));
  } else {
    for (let i = to; i < end; i++) store<u8>(i, load<u8>(i - distance));
  }
}

/** From a stored block: bytes of the window that begin there. False: too much text. */
export function copyStored(from: i32, count: i32, before: i32): bool {
  if (before + count > MAX_TEXT) return false;
  memory.copy(textAt + before, streamAt + from, count);
  return true;
}
