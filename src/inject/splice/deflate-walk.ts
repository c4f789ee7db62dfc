/**
 * Reads a deflate stream (RFC 1951) without inflating it, only to know where its last block begins and where it
 * ends. At least as strict as zlib: whatever looks wrong is a doubt, never an answer.
 *
 * A position is one number, a bit; each look takes a word from there. So there is no bit buffer to keep filled.
 */
import { type BitReader, GUARD_BYTES, readBits, takeBits } from './bit-reader.ts';
import {
  type BlockCodes,
  BYTES_SHIFT,
  createBlockCodes,
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  dynamicCodes,
  END_OF_BLOCK,
  EXTRA_MASK,
  EXTRA_SHIFT,
  fixedCodes,
  NO_LITERAL,
  SYMBOL_SHIFT,
} from './block-codes.ts';
import { CODE_BITS_MASK, CODE_BITS_SHIFT, decode, NONE, SKIP_MASK } from './huffman.ts';

export type DeflateEnd = {
  /** BFINAL of the last block, as a bit from the start of the stream. */
  readonly finalBit: number;
  /** Behind the last bit of the last block. */
  readonly endBit: number;
  /** What it inflates to. */
  readonly textBytes: number;
};

/** `bytes`: a stream with GUARD_BYTES behind it, where it may not reach. Null: a doubt. */
export type DeflateWalker = (bytes: Buffer) => DeflateEnd | null;

const STORED = 0;
const FIXED = 1;
const DYNAMIC = 2;
/** A distance of this or less is right once so much text is there. */
const WINDOW_BYTES = 32_768;
const WRONG = -1;

/** Its tables (12 KB) are made once; a walk makes nothing but its result. */
export function createDeflateWalker(): DeflateWalker {
  const codes = createBlockCodes();
  return (bytes) => {
    if (bytes.length < GUARD_BYTES) return null;
    const reader = readBits(bytes);
    let textBytes = 0;
    for (;;) {
      const finalBit = reader.bit;
      const final = takeBits(reader, 1) === 1;
      textBytes = walkBlock(codes, reader, textBytes);
      if (textBytes === WRONG || reader.bit > reader.endBit) return null;
      if (final) return { finalBit, endBit: reader.bit, textBytes };
    }
  };
}

/** Behind BFINAL. `before`: bytes of text before this block; returns those behind it, or WRONG. */
function walkBlock(codes: BlockCodes, reader: BitReader, before: number): number {
  const type = takeBits(reader, 2);
  if (type === STORED) return walkStored(reader, before);
  if (type === FIXED && fixedCodes(codes)) return walkSymbols(codes, reader, before);
  if (type === DYNAMIC && dynamicCodes(codes, reader)) return walkSymbols(codes, reader, before);
  return WRONG;
}

function walkStored(reader: BitReader, before: number): number {
  reader.bit = (reader.bit + 7) & ~7;
  const length = takeBits(reader, 16);
  if (takeBits(reader, 16) !== (length ^ 0xffff)) return WRONG;
  reader.bit += length * 8;
  return before + length;
}

/**
 * Long, because it is the hot loop: its state stays in local variables. Between two checks of the end a bit moves
 * on by 20 and 15 at most, so that every look ends within GUARD_BYTES.
 */
function walkSymbols({ literals, distances }: BlockCodes, reader: BitReader, before: number): number {
  const { view, endBit } = reader;
  const { table } = literals;
  const mask = table.length - 1;
  let bit = reader.bit;
  let textBytes = before;
  while (bit <= endBit) {
    const word = view.getInt32(bit >> 3, true) >> (bit & 7);
    let entry = table[word & mask]!;
    if ((entry & NONE) !== 0) entry = decode(literals, word);
    if ((entry & (NO_LITERAL | NONE)) === 0) {
      bit += entry & SKIP_MASK;
      textBytes += entry >> BYTES_SHIFT;
      continue;
    }
    if ((entry & NONE) !== 0) return WRONG;
    bit += entry & SKIP_MASK;
    if ((entry & END_OF_BLOCK) !== 0) {
      reader.bit = bit;
      return textBytes;
    }
    const extra =
      (word >> ((entry >> CODE_BITS_SHIFT) & CODE_BITS_MASK)) & (entry >> EXTRA_SHIFT) & EXTRA_MASK;
    const distanceWord = view.getInt32(bit >> 3, true) >> (bit & 7);
    let distance = distances.table[distanceWord & (distances.table.length - 1)]!;
    if ((distance & NONE) !== 0) distance = decode(distances, distanceWord);
    if ((distance & NONE) !== 0) return WRONG;
    if (textBytes < WINDOW_BYTES && distanceAt(view, bit, distance) > textBytes) return WRONG;
    bit += distance & SKIP_MASK;
    textBytes += (entry >> BYTES_SHIFT) + extra;
  }
  return WRONG;
}

/** `bit`: where its code begins. */
function distanceAt(view: DataView, bit: number, entry: number): number {
  const symbol = entry >> SYMBOL_SHIFT;
  const extraBit = bit + ((entry >> CODE_BITS_SHIFT) & CODE_BITS_MASK);
  const extra = (view.getInt32(extraBit >> 3, true) >> (extraBit & 7)) & ((1 << DISTANCE_EXTRA[symbol]!) - 1);
  return DISTANCE_BASE[symbol]! + extra;
}
