/**
 * Canonical Huffman codes (RFC 1951 §3.2.2), read two ways: a table over the next bits for short codes, bit by bit for the
 * rare longer ones.
 */

/**
 * An entry says what a reader does with a symbol. Its lowest five bits are the bits to skip, with those that stand behind
 * its code; bits 8 to 11 are the length of the code. Both are added when a code is built.
 *
 * Bit 5: no literal, but a length or the end of the block, which has bit 7 too. Bit 6: there is no such code, or its
 * symbol may not occur, or the table is too short for it.
 */
export const SKIP_MASK: u32 = 31;
export const NO_LITERAL: u32 = 1 << 5;
export const NONE: u32 = 1 << 6;
export const END_OF_BLOCK: u32 = 1 << 7;
export const CODE_BITS_SHIFT: u32 = 8;
export const CODE_BITS_MASK: u32 = 15;

const MAX_CODE_BITS: i32 = 15;

/** A canonical Huffman code (RFC 1951 §3.2.2). */
@unmanaged
export class Code {
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

export function makeCode(code: usize, table: usize, tableBits: i32, entries: usize, scratch: usize): Code {
  const made = changetype<Code>(code);
  made.table = table;
  made.tableBits = tableBits;
  made.entries = entries;
  made.counts = scratch;
  made.symbols = scratch + 32;
  return made;
}

/** Of a build, by length: the next code, and the next place in `symbols`. */
const nextCodes: usize = memory.data(32);
const nextPlaces: usize = memory.data(32);

function entryOf(code: Code, symbol: i32, length: i32): u32 {
  return load<u32>(code.entries + (symbol << 2)) + length + (length << CODE_BITS_SHIFT);
}

/**
 * `from`: lengths of codes, by symbol; 0 where a symbol does not occur. `mayLack`: a code of one bit or none is one too.
 * False: zlib would not take such a code.
 */
export function build(code: Code, from: usize, symbols: i32, mayLack: bool): bool {
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
export function decode(code: Code, word: u64): u32 {
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
