/**
 * The end of a gzip member (RFC 1952) from behind its last block on, which is the last no more: a stored block of what
 * varies, then the constant rest, deflated once, then the trailer. A stored block ends at a byte, so that the rest can
 * be copied as it is, wherever in a byte the origin's stream has ended.
 */
import { crc32, deflateRawSync } from 'node:zlib';
import { createCrcAppend } from './crc-append.ts';

export const TRAILER_BYTES = 8;
/** A last block, fixed, with nothing in it: three bits, and the seven of its end. */
const EMPTY_BLOCK = 0b011;
const EMPTY_BLOCK_BITS = 10;
const LENGTHS_BYTES = 4;
const MAX_STORED_BYTES = 0xffff;
/** Of a stored block, at most: three bits that reach into the next byte, and its length twice. */
const STORED_HEAD_BYTES = 2 + LENGTHS_BYTES;

/** Text behind a member, by what its blocks are. */
export type Tail = {
  /** Varies; may be empty. */
  readonly start: Buffer;
  /** As the blocks that end the stream. */
  readonly blocks: Buffer;
  readonly textBytes: number;
  /** From the checksum of any text to that of the text with what `blocks` are of behind it. */
  appendCrc(crc: number): number;
};

export type Tails = {
  /** `start` and the rest of every snippet with a script. */
  withRest(start: Buffer): Tail;
  alone(text: Buffer): Tail;
};

/** How a member ended: nothing that has to be sent was, from the byte on that its last block ends in. */
export type MemberEnd = {
  /** How many bits of that byte are the block's, and what they say; none where the block ended with a byte. */
  readonly bits: number;
  readonly partial: number;
  /** As it came. Shorter than TRAILER_BYTES where the member was cut. */
  readonly trailer: Buffer;
};

const NO_BLOCKS: Omit<Tail, 'start'> = {
  // Behind a stored block, which has ended with a byte.
  blocks: Buffer.from([EMPTY_BLOCK, 0]),
  textBytes: 0,
  appendCrc: (crc) => crc,
};

/** `rest`: what every page with a script gets, behind what varies. */
export function createTails(rest: Buffer): Tails {
  const blocks = deflateRawSync(rest, { level: 9 });
  const appendCrc = createCrcAppend(rest);
  return {
    withRest: (start) => ({ start, blocks, textBytes: rest.length, appendCrc }),
    alone: (start) => ({ start, ...NO_BLOCKS }),
  };
}

/** At most so many bytes more than the member's trailer. */
export function tailBytes({ start, blocks }: Tail): number {
  const stored = Math.max(1, Math.ceil(start.length / MAX_STORED_BYTES));
  return stored * STORED_HEAD_BYTES + start.length + blocks.length;
}

/** Writes a tail and the trailer behind it; returns the byte behind that. `trailer`: that of the member, whole. */
export function writeTail(
  into: Buffer,
  endBit: number,
  { tail, trailer }: { tail: Tail; trailer: Buffer },
): number {
  const { start, blocks, textBytes, appendCrc } = tail;
  let at = writeStored(into, endBit, start);
  at += blocks.copy(into, at);
  at = into.writeUInt32LE(appendCrc(crc32(start, trailer.readUInt32LE(0))), at);
  // ISIZE is the length modulo 2^32 (RFC 1952 §2.3.1).
  return into.writeUInt32LE((trailer.readUInt32LE(4) + start.length + textBytes) >>> 0, at);
}

/** What is still to be sent of a member, with that behind its text. */
export function endWith({ bits, partial, trailer }: MemberEnd, tail: Tail): Buffer {
  const ending = Buffer.allocUnsafe(1 + tailBytes(tail) + TRAILER_BYTES);
  ending[0] = partial;
  return ending.subarray(0, writeTail(ending, bits, { tail, trailer }));
}

/** The same with nothing behind its text: an empty block, and the trailer as it came. */
export function endPlainly({ bits, partial, trailer }: MemberEnd): Buffer {
  const block = Buffer.alloc(Math.ceil((bits + EMPTY_BLOCK_BITS) / 8));
  block.writeUInt16LE((EMPTY_BLOCK << bits) | partial);
  return Buffer.concat([block, trailer]);
}

/**
 * As stored blocks from that bit on (RFC 1951 §3.2.4), none of them the last, one at least; returns the byte behind
 * them.
 */
function writeStored(into: Buffer, firstBit: number, bytes: Buffer): number {
  let bit = firstBit;
  let from = 0;
  do {
    const piece = bytes.subarray(from, from + MAX_STORED_BYTES);
    // Three zero bits, not final and stored, then zeros up to the next byte.
    const at = (bit + 3 + 7) >> 3;
    into[bit >> 3] = (bit & 7) === 0 ? 0 : into[bit >> 3]! & ((1 << (bit & 7)) - 1);
    if (at - 1 > bit >> 3) into[at - 1] = 0;
    into.writeUInt16LE(piece.length, at);
    into.writeUInt16LE(piece.length ^ 0xffff, at + 2);
    bit = (at + LENGTHS_BYTES + piece.copy(into, at + LENGTHS_BYTES)) * 8;
    from += piece.length;
  } while (from < bytes.length);
  return bit >> 3;
}
