/**
 * Text behind the text of a whole gzip body, without inflating it: its last block stops being the last, and a tail
 * follows it.
 */
import { headerLength } from '../gzip-header.ts';
import type { DeflateWalker } from './deflate-walk.ts';
import { type Tails, TRAILER_BYTES, tailBytes, writeTail } from './ending.ts';

/** Where a body takes more, in bits from its start. */
export type SplicePlace = {
  /** BFINAL of the last block. */
  readonly finalBit: number;
  /** Behind the last bit of the last block. */
  readonly endBit: number;
};

/** `body` has been proved to be gzip; `start` is not empty. Returns a new body. */
export type Splicer = (body: Buffer, place: SplicePlace, start: Buffer) => Buffer;

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

export function createSplicer({ withRest }: Tails): Splicer {
  return (body, { finalBit, endBit }, start) => {
    const tail = withRest(start);
    const spliced = Buffer.allocUnsafe(body.length + tailBytes(tail));
    const trailerAt = body.length - TRAILER_BYTES;
    body.copy(spliced, 0, 0, trailerAt);
    spliced[finalBit >> 3]! &= ~(1 << (finalBit & 7));
    return spliced.subarray(0, writeTail(spliced, endBit, { tail, trailer: body.subarray(trailerAt) }));
  };
}
