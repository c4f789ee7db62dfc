/**
 * Text behind the text of a gzip member (RFC 1952), without inflating it: the member's last block stops being the
 * last, a stored block of what varies follows, then the constant rest, deflated once. A stored block ends at a
 * byte, so that the rest can be copied as it is, wherever in a byte the origin's stream has ended.
 */
import { crc32, deflateRawSync } from 'node:zlib';
import { headerLength } from '../gzip-header.ts';
import { createCrcAppend } from './crc-append.ts';
import type { DeflateWalker } from './deflate-walk.ts';

/** Where a body takes more, in bits from its start. */
export type SplicePlace = {
  /** BFINAL of the last block. */
  readonly finalBit: number;
  /** Behind the last bit of the last block. */
  readonly endBit: number;
};

/** `body` has been proved to be gzip; `start` is not empty. Returns a new body. */
export type Splicer = (body: Buffer, place: SplicePlace, start: Buffer) => Buffer;

const TRAILER_BYTES = 8;
const LENGTHS_BYTES = 4;
const MAX_STORED_BYTES = 0xffff;
/** Of a stored block, at most: three bits that reach into the next byte, and its length twice. */
const STORED_HEAD_BYTES = 2 + LENGTHS_BYTES;

/**
 * The place in a body that inflates to `textBytes`. Null: several members, something behind the stream, or the
 * walker has read something else than zlib.
 */
export function findSplicePlace(walk: DeflateWalker, body: Buffer, textBytes: number): SplicePlace | null {
  const start = headerLength(body);
  if (typeof start !== 'number') return null;
  const end = walk(body.subarray(start));
  if (end === null || end.textBytes !== textBytes) return null;
  const firstBit = start * 8;
  const endBit = firstBit + end.endBit;
  if (Math.ceil(endBit / 8) !== body.length - TRAILER_BYTES) return null;
  return { finalBit: firstBit + end.finalBit, endBit };
}

/** `rest`: what every page gets, behind what varies. */
export function createSplicer(rest: Buffer): Splicer {
  const deflated = deflateRawSync(rest, { level: 9 });
  const appendRest = createCrcAppend(rest);
  return (body, place, start) => {
    const blocks = Math.ceil(start.length / MAX_STORED_BYTES);
    const added = blocks * STORED_HEAD_BYTES + start.length + deflated.length;
    const spliced = Buffer.allocUnsafe(body.length + added);
    const trailer = body.length - TRAILER_BYTES;
    body.copy(spliced, 0, 0, trailer);
    spliced[place.finalBit >> 3]! &= ~(1 << (place.finalBit & 7));
    let at = writeStored(spliced, place.endBit, start);
    at += deflated.copy(spliced, at);
    at = spliced.writeUInt32LE(appendRest(crc32(start, body.readUInt32LE(trailer))), at);
    // ISIZE is the length modulo 2^32 (RFC 1952 §2.3.1).
    const textBytes = body.readUInt32LE(trailer + 4) + start.length + rest.length;
    return spliced.subarray(0, spliced.writeUInt32LE(textBytes >>> 0, at));
  };
}

/** As stored blocks from that bit on (RFC 1951 §3.2.4), none of them the last; returns the byte behind them. */
function writeStored(into: Buffer, firstBit: number, bytes: Buffer): number {
  let bit = firstBit;
  for (let from = 0; from < bytes.length; from += MAX_STORED_BYTES) {
    const piece = bytes.subarray(from, from + MAX_STORED_BYTES);
    // Three zero bits, not final and stored, then zeros up to the next byte.
    const at = (bit + 3 + 7) >> 3;
    into[bit >> 3] = (bit & 7) === 0 ? 0 : into[bit >> 3]! & ((1 << (bit & 7)) - 1);
    if (at - 1 > bit >> 3) into[at - 1] = 0;
    into.writeUInt16LE(piece.length, at);
    into.writeUInt16LE(piece.length ^ 0xffff, at + 2);
    bit = (at + LENGTHS_BYTES + piece.copy(into, at + LENGTHS_BYTES)) * 8;
  }
  return bit >> 3;
}
