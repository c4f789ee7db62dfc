/** Where a reader of a deflate stream (RFC 1951 §3.1.1: lowest bit first) is. */
export type BitReader = {
  readonly view: DataView;
  /** The next bit, from the start of the bytes. */
  bit: number;
  /** Where the stream must have ended; GUARD_BYTES more can be looked at. */
  readonly endBit: number;
};

/** A look from the stream's end goes no further than this: as long as the trailer of a gzip member. */
export const GUARD_BYTES = 8;

/** `bytes`: a stream with GUARD_BYTES behind it. */
export function readBits(bytes: Buffer): BitReader {
  return {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    bit: 0,
    endBit: (bytes.length - GUARD_BYTES) * 8,
  };
}

/** At least 25 bits from here; behind the end zeros, and whoever asks notices the end by `bit`. */
export function peekBits({ view, bit, endBit }: BitReader): number {
  return bit > endBit ? 0 : view.getInt32(bit >> 3, true) >> (bit & 7);
}

/** Up to 16 bits. */
export function takeBits(reader: BitReader, count: number): number {
  const value = peekBits(reader) & ((1 << count) - 1);
  reader.bit += count;
  return value;
}
