/** The checksum of a text that always gets the same bytes behind it, without reading these each time. */
import { crc32 } from 'node:zlib';

const BITS = 32;

/**
 * From the CRC-32 of any text to that of the text with `rest` behind it. For a fixed rest this is linear over
 * bits, but for the constant that an empty text gives; so each bit's share is asked of zlib once.
 */
export function createCrcAppend(rest: Buffer): (crc: number) => number {
  const constant = crc32(rest, 0);
  const shares = Uint32Array.from({ length: BITS }, (_, bit) => crc32(rest, (1 << bit) >>> 0) ^ constant);
  return (crc) => {
    let sum = constant;
    for (let bit = 0; bit < BITS; bit++) {
      if (((crc >>> bit) & 1) === 1) sum ^= shares[bit]!;
    }
    return sum >>> 0;
  };
}
