/** Character codes and classes of the tokenizer. */
export const SPACE = 0x20;
export const BANG = 0x21;
export const DOUBLE_QUOTE = 0x22;
export const QUOTE = 0x27;
export const DASH = 0x2d;
export const SLASH = 0x2f;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const QUESTION = 0x3f;
export const CLOSING_BRACKET = 0x5d;

export function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** White space of HTML: tab, line feed, form feed, carriage return, space. */
export function isSpace(code: number): boolean {
  return code === SPACE || (code >= 0x09 && code <= 0x0d && code !== 0x0b);
}

/** Of each byte what ends the name of a tag; a table, because nearly each byte of a tag is asked about. */
const ENDS_NAME = Uint8Array.from({ length: 256 }, (_, code) =>
  code === GREATER || code === SLASH || isSpace(code) ? 1 : 0,
);

/** What ends the name of a tag; `code` is a byte. */
export function endsName(code: number): boolean {
  return ENDS_NAME[code] === 1;
}
