/**
 * Canonical Huffman codes (RFC 1951 §3.2.2), read two ways: a table over the next bits for short codes, bit by
 * bit for the rare longer ones.
 *
 * An entry says what a reader does with a symbol. Its lowest five bits are the bits to skip, bits 8 to 11 the
 * length of the code: both are added when a code is built. The rest is the caller's, but for bit 6: NONE.
 */

/** No symbol: there is no such code, or its symbol may not occur. */
export const NONE = 1 << 6;
export const SKIP_MASK = 0x1f;
export const CODE_BITS_SHIFT = 8;
export const CODE_BITS_MASK = 0xf;

const MAX_CODE_BITS = 15;

/** One kind of code; its arrays are made once and filled again for each block. */
export type Huffman = {
  /** Entries by symbol. */
  readonly entries: Int32Array;
  /** Entries by the next bits, first bit lowest; NONE where no short code fits. */
  readonly table: Int32Array;
  readonly tableBits: number;
  /** How many codes have a length. */
  readonly counts: Uint16Array;
  /** Symbols in the order of their codes. */
  readonly symbols: Uint16Array;
  /** Scratch of a build, by length: the next code, and the next place in `symbols`. */
  readonly nextCode: Uint16Array;
  readonly nextPlace: Uint16Array;
};

export function createHuffman(tableBits: number, entries: Int32Array): Huffman {
  return {
    entries,
    table: new Int32Array(1 << tableBits),
    tableBits,
    counts: new Uint16Array(MAX_CODE_BITS + 1),
    symbols: new Uint16Array(entries.length),
    nextCode: new Uint16Array(MAX_CODE_BITS + 1),
    nextPlace: new Uint16Array(MAX_CODE_BITS + 1),
  };
}

/** `lengths`: of codes, by symbol; 0 where a symbol does not occur. False: zlib would not take such a code. */
export function buildHuffman(code: Huffman, lengths: Uint8Array): boolean {
  if (!orderSymbols(code, lengths)) return false;
  const { table, tableBits, nextCode } = code;
  table.fill(NONE);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    const bits = nextCode[length]!++;
    if (length > tableBits) continue;
    const entry = entryOf(code, symbol, length);
    // Every index that begins with this code, whatever follows it.
    for (let at = reversed(bits, length); at < table.length; at += 1 << length) table[at] = entry;
  }
  return true;
}

/** Fills everything but the table. */
function orderSymbols(code: Huffman, lengths: Uint8Array): boolean {
  const { counts, symbols, nextCode, nextPlace } = code;
  counts.fill(0);
  for (let symbol = 0; symbol < lengths.length; symbol++) counts[lengths[symbol]!]!++;
  counts[0] = 0;
  let free = 1;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    free = 2 * free - counts[length]!;
    if (free < 0) return false;
    const shorter = counts[length - 1]!;
    nextCode[length] = (nextCode[length - 1]! + shorter) << 1;
    nextPlace[length] = nextPlace[length - 1]! + shorter;
  }
  if (free > 0 && !isNoneOrOneBit(counts)) return false;
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length > 0) symbols[nextPlace[length]!++] = symbol;
  }
  return true;
}

/** The incomplete codes that are right: of a block with one distance, or with none. */
function isNoneOrOneBit(counts: Uint16Array): boolean {
  return counts[1]! <= 1 && counts.every((count, length) => length === 1 || count === 0);
}

function reversed(bits: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result = (result << 1) | ((bits >> i) & 1);
  return result;
}

function entryOf({ entries }: Huffman, symbol: number, length: number): number {
  return entries[symbol]! + length + (length << CODE_BITS_SHIFT);
}

/** The entry of the code that `word` begins with, of any length; NONE is set in it where there is none. */
export function decode(code: Huffman, word: number): number {
  const { counts, symbols } = code;
  let bits = 0;
  let first = 0;
  let place = 0;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    bits = (bits << 1) | ((word >> (length - 1)) & 1);
    const count = counts[length]!;
    if (bits - first < count) return entryOf(code, symbols[place + bits - first]!, length);
    place += count;
    first = (first + count) << 1;
  }
  return NONE;
}
