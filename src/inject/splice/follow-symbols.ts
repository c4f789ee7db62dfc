/** The symbols of a deflate block (RFC 1951 §3.2.3), read without inflating them, as far as they are here. */
import type { BitReader } from './bit-reader.ts';
import {
  type BlockCodes,
  BYTES_SHIFT,
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  END_OF_BLOCK,
  EXTRA_MASK,
  EXTRA_SHIFT,
  NO_LITERAL,
  SYMBOL_SHIFT,
} from './block-codes.ts';
import { CODE_BITS_MASK, CODE_BITS_SHIFT, decode, NONE, SKIP_MASK } from './huffman.ts';

export type Run = {
  readonly reader: BitReader;
  /** What all that was read inflates to. */
  textBytes: number;
  /** The block's last symbol was read. */
  ended: boolean;
};

/** No symbol with all that belongs to it is longer: 15 bits, 5, 15 and 13. */
export const MAX_SYMBOL_BITS = 48;
/** A distance of this or less is right once so much text is there. */
const WINDOW_BYTES = 32_768;

/**
 * Reads symbols that begin at `until` or before it. False: where `run.reader` stands now is none. Where less than
 * MAX_SYMBOL_BITS are left either answer is one about the guard as well: then `until` should be where it stands.
 *
 * Long, because it is the hot loop: its state stays in local variables. Between two checks of `until` a bit moves on
 * by 20 and 15 at most, so that every look ends within GUARD_BYTES.
 */
export function followSymbols({ literals, distances }: BlockCodes, run: Run, until: number): boolean {
  const { reader } = run;
  const { view } = reader;
  const { table } = literals;
  const mask = table.length - 1;
  let { bit } = reader;
  let { textBytes } = run;
  let right = true;
  while (bit <= until) {
    const word = view.getInt32(bit >> 3, true) >> (bit & 7);
    let entry = table[word & mask]!;
    if ((entry & NONE) !== 0) entry = decode(literals, word);
    if ((entry & (NO_LITERAL | NONE)) === 0) {
      bit += entry & SKIP_MASK;
      textBytes += entry >> BYTES_SHIFT;
      continue;
    }
    right = (entry & NONE) === 0;
    if (!right) break;
    const behind = bit + (entry & SKIP_MASK);
    if ((entry & END_OF_BLOCK) !== 0) {
      bit = behind;
      run.ended = true;
      break;
    }
    const extra =
      (word >> ((entry >> CODE_BITS_SHIFT) & CODE_BITS_MASK)) & (entry >> EXTRA_SHIFT) & EXTRA_MASK;
    const distanceWord = view.getInt32(behind >> 3, true) >> (behind & 7);
    let distance = distances.table[distanceWord & (distances.table.length - 1)]!;
    if ((distance & NONE) !== 0) distance = decode(distances, distanceWord);
    right = (distance & NONE) === 0;
    if (right && textBytes < WINDOW_BYTES) right = distanceAt(view, behind, distance) <= textBytes;
    if (!right) break;
    bit = behind + (distance & SKIP_MASK);
    textBytes += (entry >> BYTES_SHIFT) + extra;
  }
  reader.bit = bit;
  run.textBytes = textBytes;
  return right;
}

/** `bit`: where its code begins. */
function distanceAt(view: DataView, bit: number, entry: number): number {
  const symbol = entry >> SYMBOL_SHIFT;
  const extraBit = bit + ((entry >> CODE_BITS_SHIFT) & CODE_BITS_MASK);
  const extra = (view.getInt32(extraBit >> 3, true) >> (extraBit & 7)) & ((1 << DISTANCE_EXTRA[symbol]!) - 1);
  return DISTANCE_BASE[symbol]! + extra;
}
