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

/** A body's bytes in memory that goes on for so many bytes; it may be the body's own, and is written to. */
export type Grow = (more: number) => Buffer;

/** `body` has been proved to be gzip; `start` is not empty. Returns the new body, in what `grow` gave. */
export type Splicer = (body: Buffer, splice: { place: SplicePlace; start: Buffer }, grow?: Grow) => Buffer;

export function createSplicer({ withRest }: Tails): Splicer {
  return (body, { place: { finalBit, endBit }, start }, grow = (more) => copied(body, more)) => {
    const tail = withRest(start);
    const trailer = Buffer.from(body.subarray(-TRAILER_BYTES)); // a copy: the tail is written over it
    const spliced = grow(tailBytes(tail));
    spliced[finalBit >> 3]! &= ~(1 << (finalBit & 7));
    return spliced.subarray(0, writeTail(spliced, endBit, { tail, trailer }));
  };
}

function copied(body: Buffer, more: number): Buffer {
  const memory = Buffer.allocUnsafe(body.length + more);
  body.copy(memory);
  return memory;
}
