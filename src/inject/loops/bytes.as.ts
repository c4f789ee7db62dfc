/** Bytes of a page, one by one and sixteen at a time. */

export const SPACE = 0x20;
export const DOUBLE_QUOTE = 0x22;
export const QUOTE = 0x27;
export const SLASH = 0x2f;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;

export function at(i: usize): i32 {
  return load<u8>(i);
}

export function isLetter(code: i32): bool {
  return <u32>((code | 0x20) - 0x61) < 26;
}

/** White space of HTML: tab, line feed, form feed, carriage return, space. */
export function isSpace(code: i32): bool {
  return code === SPACE || (<u32>(code - 0x09) < 5 && code !== 0x0b);
}

export function endsName(code: i32): bool {
  return code === GREATER || code === SLASH || isSpace(code);
}

export function every(code: i32): v128 {
  return i8x16.splat(<i8>code);
}

/** Of the next such byte, or `end`. */
export function indexOf(code: i32, from: usize, end: usize): usize {
  const wanted = every(code);
  for (let i = from; i < end; i += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(i), wanted));
    if (found !== 0) return min(i + ctz(found), end);
  }
  return end;
}
