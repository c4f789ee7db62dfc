/**
 * Text behind the text of a whole gzip body, without inflating it: its last block stops being the last, and a tail
 * follows it.
 */
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
