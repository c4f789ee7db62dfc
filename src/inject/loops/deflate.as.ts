/**
 * The loop over the symbols of a deflate block (RFC 1951 §3.2.3), with the text that they stand for or only its length
 * (../splice/deflate-follow.ts says what for). At least as strict as zlib.
 *
 * A position is one number, a bit of the window; each look takes a word from there. So there is no bit buffer to keep
 * filled. Nothing is remembered between two calls but the codes that were built last, and the text where it is written.
 * All its memory is set aside beforehand.
 */
import { bitsAt, say, streamAt } from './bits.as';
import {
  DISTANCE_MASK,
  DISTANCE_SHIFT,
  distances,
  EXTRA_BITS_MASK,
  EXTRA_BITS_SHIFT,
  EXTRA_MASK,
  EXTRA_SHIFT,
  LENGTH_SHIFT,
  LITERAL_MASK,
  LITERAL_SHIFT,
  literals,
  PAIR_SHIFT,
} from './block-codes.as';
import { BIT, ENDED, TEXT } from './deflate-numbers';
import {
  CODE_BITS_MASK,
  CODE_BITS_SHIFT,
  decode,
  END_OF_BLOCK,
  NO_LITERAL,
  NONE,
  SKIP_MASK,
} from './huffman.as';

export { deflateSaidAt, STREAM_BYTES, streamAt } from './bits.as';
export { buildCodes, codeLengthsAt, dynamicCodes, fixedCodes } from './block-codes.as';

/** More text is not written, but for what the last symbols give. */
export const MAX_TEXT: i32 = 1048576;
export const textAt: usize = memory.data(1049088, 16);

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
