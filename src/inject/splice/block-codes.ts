/** The two codes of a deflate block: what their symbols mean, and how a block says them (RFC 1951 §3.2.5-7). */
import { type BitReader, peekBits, takeBits } from './bit-reader.ts';
import { buildHuffman, createHuffman, decode, type Huffman, NONE, SKIP_MASK } from './huffman.ts';

/** Bit 5 of an entry: no literal, but a length or the end of the block, which has bit 7 too. */
export const NO_LITERAL = 1 << 5;
export const END_OF_BLOCK = 1 << 7;
/** Of a literal or length: how many bits of it stand behind its code, as a mask; and the bytes that it gives. */
export const EXTRA_SHIFT = 12;
export const EXTRA_MASK = 0x1f;
export const BYTES_SHIFT = 17;
/** Of a distance: its symbol. */
export const SYMBOL_SHIFT = 12;

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
export const DISTANCE_BASE = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073],
  ...[4097, 6145, 8193, 12289, 16385, 24577],
);
export const DISTANCE_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);
/** In what order the lengths of the code of code lengths stand. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const END_SYMBOL = 256;
const MAX_LITERALS = 286;
const MAX_DISTANCES = 30;
/** With the two of each that have a code in fixed blocks and may not occur. */
const FIXED_LITERALS = 288;
const FIXED_DISTANCES = 32;

/** Made once for each walker. */
export type BlockCodes = {
  readonly literals: Huffman;
  readonly distances: Huffman;
  readonly lengths: Huffman;
  /** Scratch: code lengths of literals and then of distances; and of the code that they are written in. */
  readonly codeLengths: Uint8Array;
  readonly lengthLengths: Uint8Array;
  /** Literals and distances are those of fixed blocks, which need not be built again. */
  areFixed: boolean;
};

export function createBlockCodes(): BlockCodes {
  return {
    literals: createHuffman(
      11,
      Int32Array.from({ length: FIXED_LITERALS }, (_, symbol) => literal(symbol)),
    ),
    distances: createHuffman(
      9,
      Int32Array.from({ length: FIXED_DISTANCES }, (_, symbol) => distance(symbol)),
    ),
    lengths: createHuffman(
      7,
      Int32Array.from(LENGTHS_ORDER, (_, symbol) => symbol << SYMBOL_SHIFT),
    ),
    codeLengths: new Uint8Array(FIXED_LITERALS + FIXED_DISTANCES),
    lengthLengths: new Uint8Array(LENGTHS_ORDER.length),
    areFixed: false,
  };
}

function literal(symbol: number): number {
  if (symbol < END_SYMBOL) return 1 << BYTES_SHIFT;
  if (symbol === END_SYMBOL) return NO_LITERAL | END_OF_BLOCK;
  if (symbol >= MAX_LITERALS) return NO_LITERAL | NONE;
  const extra = LENGTH_EXTRA[symbol - END_SYMBOL - 1]!;
  const base = LENGTH_BASE[symbol - END_SYMBOL - 1]!;
  return NO_LITERAL | extra | (((1 << extra) - 1) << EXTRA_SHIFT) | (base << BYTES_SHIFT);
}

function distance(symbol: number): number {
  return symbol < MAX_DISTANCES ? DISTANCE_EXTRA[symbol]! | (symbol << SYMBOL_SHIFT) : NONE;
}

export function fixedCodes(codes: BlockCodes): void {
  if (codes.areFixed) return;
  const { literals, distances, codeLengths } = codes;
  codeLengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, FIXED_LITERALS);
  codeLengths.fill(5, FIXED_LITERALS);
  buildLiterals(literals, codeLengths.subarray(0, FIXED_LITERALS));
  buildHuffman(distances, codeLengths.subarray(FIXED_LITERALS));
  codes.areFixed = true;
}

/** Reads the codes at the start of a dynamic block. False: they are wrong. */
export function dynamicCodes(codes: BlockCodes, reader: BitReader): boolean {
  codes.areFixed = false;
  const literalCount = takeBits(reader, 5) + END_SYMBOL + 1;
  const distanceCount = takeBits(reader, 5) + 1;
  if (literalCount > MAX_LITERALS || distanceCount > MAX_DISTANCES) return false;
  if (!readLengthsCode(codes, reader)) return false;
  const codeLengths = codes.codeLengths.subarray(0, literalCount + distanceCount);
  if (!readCodeLengths(codes.lengths, reader, codeLengths)) return false;
  return (
    buildLiterals(codes.literals, codeLengths.subarray(0, literalCount)) &&
    buildHuffman(codes.distances, codeLengths.subarray(literalCount))
  );
}

function readLengthsCode({ lengths, lengthLengths }: BlockCodes, reader: BitReader): boolean {
  const count = takeBits(reader, 4) + 4;
  lengthLengths.fill(0);
  for (let i = 0; i < count; i++) lengthLengths[LENGTHS_ORDER[i]!] = takeBits(reader, 3);
  return buildHuffman(lengths, lengthLengths);
}

function readCodeLengths(lengths: Huffman, reader: BitReader, codeLengths: Uint8Array): boolean {
  for (let at = 0; at < codeLengths.length; ) {
    const entry = decode(lengths, peekBits(reader));
    if ((entry & NONE) !== 0) return false;
    reader.bit += entry & SKIP_MASK;
    const symbol = entry >> SYMBOL_SHIFT;
    if (symbol < 16) {
      codeLengths[at++] = symbol;
      continue;
    }
    if (symbol === 16 && at === 0) return false;
    const value = symbol === 16 ? codeLengths[at - 1]! : 0;
    const times =
      symbol === 16
        ? 3 + takeBits(reader, 2)
        : symbol === 17
          ? 3 + takeBits(reader, 3)
          : 11 + takeBits(reader, 7);
    if (at + times > codeLengths.length) return false;
    codeLengths.fill(value, at, at + times);
    at += times;
  }
  return true;
}

/**
 * Where two literals fit in one look, their entry is of both. From the end: what an index points to is smaller
 * than itself and still of one.
 */
function buildLiterals(literals: Huffman, codeLengths: Uint8Array): boolean {
  if (!buildHuffman(literals, codeLengths)) return false;
  const { table, tableBits } = literals;
  for (let at = table.length - 1; at >= 0; at--) {
    const first = table[at]!;
    if ((first & (NO_LITERAL | NONE)) !== 0) continue;
    const second = table[at >> (first & SKIP_MASK)]!;
    if ((second & (NO_LITERAL | NONE)) !== 0) continue;
    const bits = (first & SKIP_MASK) + (second & SKIP_MASK);
    if (bits <= tableBits) table[at] = bits | (2 << BYTES_SHIFT);
  }
  return true;
}
