/** A piece of a deflate stream, bit by bit (RFC 1951 §3.1.1: lowest bit first), and what a call says of it. */

export const STREAM_BYTES: i32 = 65536;
/** With as much behind it as the header of a dynamic block may reach past its end; what stands there does not matter. */
export const streamAt: usize = memory.data(66560, 16);
export const deflateSaidAt: usize = memory.data(24, 4);

export function say(field: i32, value: i32): void {
  store<i32>(deflateSaidAt + (field << 2), value);
}

export function said(field: i32): i32 {
  return load<i32>(deflateSaidAt + (field << 2));
}

/** At least 57 bits from here. */
export function bitsAt(bit: i32): u64 {
  return load<u64>(streamAt + (<u32>bit >> 3)) >> (bit & 7);
}

export function take(bit: i32, count: i32): i32 {
  return <i32>bitsAt(bit) & ((1 << count) - 1);
}
