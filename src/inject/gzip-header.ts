/** The header of a gzip member (RFC 1952 §2.3), read from its first bytes. */

const FLAG_CRC = 0x02;
const FLAG_EXTRA = 0x04;
const FLAG_NAME = 0x08;
const FLAG_COMMENT = 0x10;
const RESERVED_FLAGS = 0xe0;
const FIXED_BYTES = 10;

/** No server writes a longer one; what is longer is no page. */
export const MAX_HEADER_BYTES = 4096;

/** Whether these are the first bytes of a gzip stream, as far as they go. */
export function looksLikeGzip(start: Buffer): boolean {
  return [0x1f, 0x8b, 0x08].every((byte, i) => i >= start.length || start[i] === byte);
}

/** Length of the header in bytes; `more`: it goes on beyond these bytes; `none`: this is no gzip header. */
export function headerLength(bytes: Buffer): number | 'more' | 'none' {
  if (!looksLikeGzip(bytes)) return 'none';
  if (bytes.length < FIXED_BYTES) return 'more';
  const flags = bytes[3]!;
  if ((flags & RESERVED_FLAGS) !== 0) return 'none';
  let at = FIXED_BYTES;
  if ((flags & FLAG_EXTRA) !== 0)
    at += 2 + (at + 2 <= bytes.length ? bytes.readUInt16LE(at) : MAX_HEADER_BYTES);
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) !== 0) at = afterZero(bytes, at);
  }
  if ((flags & FLAG_CRC) !== 0) at += 2;
  if (at <= bytes.length) return at;
  return bytes.length < MAX_HEADER_BYTES ? 'more' : 'none';
}

/** Behind the text that begins there; beyond the bytes where it does not end in them. */
function afterZero(bytes: Buffer, at: number): number {
  const zero = at < bytes.length ? bytes.indexOf(0, at) : -1;
  return zero === -1 ? bytes.length + 1 : zero + 1;
}
