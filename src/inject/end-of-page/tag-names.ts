/**
 * The tag that a name in bytes stands for. A name of up to ten letters and digits is a key of two numbers, so that
 * no string is made for the tags that pages are made of.
 */
import { endsName } from './characters.ts';
import { TAG_NAMES, type Tag, tagOf } from './tags.ts';

const CHARACTER_BITS = 6;
const HALF_BITS = 30;
const HALF_MASK = (1 << HALF_BITS) - 1;
const MAX_PACKED = 10;
/** More than six slots a name: nearly each is found at once. */
const SLOT_BITS = 10;
const SLOTS = 1 << SLOT_BITS;

/** Letters in either case and digits as numbers from 1 to 36; what ends a name as 0; anything else is STRANGE. */
const STRANGE = 1 << CHARACTER_BITS;
const CHARACTERS = Uint8Array.from({ length: 256 }, (_, code) => {
  if (endsName(code)) return 0;
  const digit = '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(String.fromCharCode(code).toLowerCase());
  return code > 0x7f || digit === -1 ? STRANGE : digit + 1;
});

const lows = new Int32Array(SLOTS);
const highs = new Int32Array(SLOTS);
const tags = new Array<Tag | null>(SLOTS).fill(null);

for (const name of TAG_NAMES) {
  if (name.length <= MAX_PACKED) addTag(Buffer.from(name), tagOf(name));
}

function addTag(name: Buffer, tag: Tag): void {
  let low = 0;
  let high = 0;
  for (const code of name) {
    high = ((high << CHARACTER_BITS) | (low >>> (HALF_BITS - CHARACTER_BITS))) & HALF_MASK;
    low = ((low << CHARACTER_BITS) | CHARACTERS[code]!) & HALF_MASK;
  }
  let slot = slotOf(low, high);
  while (tags[slot] !== null) slot = (slot + 1) & (SLOTS - 1);
  lows[slot] = low;
  highs[slot] = high;
  tags[slot] = tag;
}

function slotOf(low: number, high: number): number {
  return Math.imul(low ^ Math.imul(high, 0x9e37_79b1), 0x85eb_ca6b) >>> (32 - SLOT_BITS);
}

/** A class, because its two results are needed for each tag of a page. */
export class TagReader {
  /** Null: a name with bytes over ASCII or a NUL, or a very long one. */
  tag: Tag | null = null;

  /** The name that begins there, with a letter; returns where it ends, which may be the end of the bytes. */
  read(bytes: Buffer, from: number): number {
    let low = 0;
    let high = 0;
    let seen = 0;
    let i = from;
    for (; i < bytes.length; i++) {
      const character = CHARACTERS[bytes[i]!]!;
      if (character === 0) break;
      seen |= character;
      high = ((high << CHARACTER_BITS) | (low >>> (HALF_BITS - CHARACTER_BITS))) & HALF_MASK;
      low = ((low << CHARACTER_BITS) | (character & (STRANGE - 1))) & HALF_MASK;
    }
    const packed = seen < STRANGE && i - from <= MAX_PACKED;
    this.tag = (packed ? commonTag(low, high) : null) ?? rareTag(bytes, from, i);
    return i;
  }
}

function commonTag(low: number, high: number): Tag | null {
  let slot = slotOf(low, high);
  while (lows[slot] !== low || highs[slot] !== high) {
    if (lows[slot] === 0) return null;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return tags[slot]!;
}

const MAX_RARE = 64;

function rareTag(bytes: Buffer, from: number, to: number): Tag | null {
  const name = bytes.toString('latin1', from, Math.min(to, from + MAX_RARE + 1));
  return name.length <= MAX_RARE && /^[\x01-\x7f]*$/.test(name) ? tagOf(name.toLowerCase()) : null;
}
