/** The attributes of a tag, passed over. */
import {
  at,
  DOUBLE_QUOTE,
  EQUALS,
  endsName,
  every,
  GREATER,
  indexOf,
  isSpace,
  QUOTE,
  SLASH,
} from './bytes.as';

/** Of the tag that was passed over last. */
export let selfClosing = false;

/** From behind the name of a tag to behind its `>`; 0 where that is not here. */
export function afterAttributes(from: usize, end: usize): usize {
  selfClosing = false;
  if (at(from) === GREATER) return from + 1;
  let start = from;
  let i = from;
  while (i < end) {
    const bytes = v128.load(i);
    const marks = v128.or(i8x16.eq(bytes, every(EQUALS)), i8x16.eq(bytes, every(GREATER)));
    const quotes = v128.or(i8x16.eq(bytes, every(DOUBLE_QUOTE)), i8x16.eq(bytes, every(QUOTE)));
    const found = i8x16.bitmask(v128.or(marks, quotes));
    if (found === 0) {
      i += 16;
      continue;
    }
    i += ctz(found);
    if (i >= end) return 0;
    const code = at(i);
    if (code === GREATER) {
      selfClosing = i > start && at(i - 1) === SLASH;
      return i + 1;
    }
    const quote = at(i + 1);
    if (code === EQUALS && i > start && !endsName(at(i - 1)) && (quote === DOUBLE_QUOTE || quote === QUOTE)) {
      i = indexOf(quote, i + 2, end) + 1;
      if (i < end && at(i) === GREATER) return i + 1;
    } else i = afterOddAttributes(start, i, end);
    start = i;
  }
  return 0;
}

/** What few write, byte by byte: behind the attribute that `past` is in or before. */
function afterOddAttributes(from: usize, past: usize, end: usize): usize {
  let i = from;
  while (i <= past && i < end) i = afterOddAttribute(i, end);
  return i;
}

/** Behind white space, slashes and then an attribute; or at the `>`. */
function afterOddAttribute(from: usize, end: usize): usize {
  let i = from;
  while (i < end && at(i) !== GREATER && endsName(at(i))) i++;
  if (i >= end || at(i) === GREATER) return i;
  // The first character is one of the name, whatever it is: `=` too.
  i++;
  while (i < end && at(i) !== EQUALS && !endsName(at(i))) i++;
  i = afterSpace(i, end);
  if (i >= end || at(i) !== EQUALS) return i;
  i = afterSpace(i + 1, end);
  if (i >= end) return i;
  const quote = at(i);
  if (quote === DOUBLE_QUOTE || quote === QUOTE) return indexOf(quote, i + 1, end) + 1;
  // A slash in a value without quotes is one of the value.
  while (i < end && at(i) !== GREATER && !isSpace(at(i))) i++;
  return i;
}

function afterSpace(from: usize, end: usize): usize {
  let i = from;
  while (i < end && isSpace(at(i))) i++;
  return i;
}
