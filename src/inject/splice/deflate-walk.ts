/**
 * Reads a deflate stream (RFC 1951) without inflating it, only to know where its last block begins and where it
 * ends. At least as strict as zlib: whatever looks wrong is a doubt, never an answer.
 *
 * A position is one number, a bit; each look takes a word from there. So there is no bit buffer to keep filled.
 */
import { type BitReader, GUARD_BYTES, readBits, takeBits } from './bit-reader.ts';
import { type BlockCodes, createBlockCodes, dynamicCodes, fixedCodes } from './block-codes.ts';
import { followSymbols, type Run } from './follow-symbols.ts';

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
  if (type === FIXED) {
    fixedCodes(codes);
    return walkSymbols(codes, reader, before);
  }
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

function walkSymbols(codes: BlockCodes, reader: BitReader, before: number): number {
  const run: Run = { reader, textBytes: before, ended: false };
  return followSymbols(codes, run, reader.endBit) && run.ended ? run.textBytes : WRONG;
}
