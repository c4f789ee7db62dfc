/**
 * Plain tags, read from bytes: the loop of the fast lane (../end-of-page/plain-tags.ts says what it is for). Elements that
 * open and close here, one in another, and leave everything as it was, it passes over; it stops behind the first tag that
 * does more, and tells of that and of the elements that are still open there.
 *
 * It remembers nothing between two calls but its table of names. All its memory is set aside beforehand.
 */
import {
  ANCHOR,
  AT_CUT,
  AT_END,
  AT_OTHER,
  BEHIND_END,
  BEHIND_START,
  BLOCK,
  ENDS_ITEMS,
  FORMAT,
  HEADING,
  INLINE,
  ITEM,
  KIND_MASK,
  MARKS,
  NOAHS_ARK,
  PARAGRAPH,
  RULE,
  TOLD,
  VOID,
} from './tag-numbers';

export const WINDOW_BYTES: i32 = 65536;
/** With as much behind it as one look may reach past its end. */
export const windowAt: usize = memory.data(65568, 16);

const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const QUOTE = 0x27;
const SLASH = 0x2f;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;

/** Bit 5 of each of eight bytes, which a capital letter has not. */
const LOWER: u64 = ((<u64>0x20202020) << 32) | 0x20202020;
/** Names in the table are shorter; the longest that is read at all. */
const MAX_COMMON = 15;
const MAX_RARE = 64;

/** A name of the table in lower case: its first eight bytes, and those behind them. */
@unmanaged
class Row {
  low: u64;
  high: u64;
  /** 0: the row is free. */
  number: i32;
  kind: i32;
}

const SLOT_BITS = 10;
const SLOTS = 1 << SLOT_BITS;
/** More than six a name: nearly each is found at once. */
const rows: usize = memory.data(24576, 16);

@unmanaged
class Said {
  next: i32;
  less: i32;
  number: i32;
  nameAt: i32;
  nameEnd: i32;
  selfClosing: i32;
  open: i32;
  unused: i32;
}

@unmanaged
class Open {
  number: i32;
  kind: i32;
  nameAt: i32;
  nameEnd: i32;
  /** Its name, masked; no name that is masked so is 1. */
  key: u64;
  mask: u64;
}

export const tagsSaidAt: usize = memory.data(16448, 16);
const said = changetype<Said>(tagsSaidAt);
/** What all stands in: it has no end tag. */
const ground = changetype<Open>(tagsSaidAt + offsetof<Said>());
ground.number = -1;
ground.key = 1;

/** Of what is open here and before: formatting elements, anchors, a paragraph that the next block would close. */
let formats = 0;
let anchors = 0;
let inParagraph = false;
/** Of the last tag. */
let selfClosing = false;

function slotOf(low: u64, high: u64): i32 {
  return <i32>(((low + high) * 0x1e3779b97f4a7d) >> (64 - SLOT_BITS));
}

function rowAt(slot: i32): Row {
  return changetype<Row>(rows + <usize>slot * offsetof<Row>());
}

/** Of that name; or a free one. */
function find(low: u64, high: u64): Row {
  let slot = slotOf(low, high);
  let row = rowAt(slot);
  while ((row.low !== low || row.high !== high) && row.number !== 0) {
    slot = (slot + 1) & (SLOTS - 1);
    row = rowAt(slot);
  }
  return row;
}

/** A name shorter than MAX_COMMON, in lower case; `number` from 1. */
export function addTag(low: u64, high: u64, number: i32, kind: i32): void {
  const row = find(low, high);
  row.low = low;
  row.high = high;
  row.number = number;
  row.kind = kind;
}

/**
 * Reads on at `from`, where the state is that of data, to `to` at most; both are bytes of the window. `room`: so many
 * elements may open; 0: every tag is told, and text before it counts. `below`: the kind of the innermost open element.
 * `before`: formatting elements since the last marker. `isIn`: a paragraph is open in button scope.
 */
export function readTags(from: i32, to: i32, room: i32, below: i32, before: i32, isIn: bool): i32 {
  const end = windowAt + to;
  const full = changetype<usize>(ground) + <usize>room * offsetof<Open>();
  let top = ground;
  ground.kind = below;
  formats = before;
  anchors = before;
  inParagraph = isIn;
  let outcome = AT_END;
  let number = 0;
  let name: usize = 0;
  let nameEnd: usize = 0;
  let i = windowAt + from;
  let less = i;
  for (;;) {
    less = indexOf(LESS, i, end);
    outcome = AT_END;
    if (less === end) break;
    outcome = AT_CUT;
    name = less + 1;
    const isEnd = at(name) === SLASH;
    if (isEnd) {
      name++;
      // Mostly it is that of the element that was opened last, and no more than its name.
      nameEnd = name + (top.nameEnd - top.nameAt);
      if (((load<u64>(name) | LOWER) & top.mask) === top.key && at(nameEnd) === GREATER && nameEnd < end) {
        i = nameEnd + 1;
        forget(top.kind & KIND_MASK);
        top = outer(top);
        continue;
      }
    }
    if (name >= end) break;
    if (!isLetter(at(name))) {
      outcome = AT_OTHER;
      break;
    }

    const length = nameLength(name);
    nameEnd = name + length;
    let kind = INLINE;
    let key: u64 = 1;
    let mask: u64 = 0;
    let row: Row;
    if (length <= 8) {
      mask = u64.MAX_VALUE >> (64 - (length << 3));
      key = (load<u64>(name) | LOWER) & mask;
      row = find(key, 0);
    } else {
      const restMask = u64.MAX_VALUE >> (128 - (min(length, MAX_COMMON) << 3));
      row = find(load<u64>(name) | LOWER, (load<u64>(name, 8) | LOWER) & restMask);
    }
    number = row.number;
    if (number !== 0 && endsName(at(nameEnd))) kind = row.kind;
    else {
      number = 0;
      key = 1;
      mask = 0;
      nameEnd = afterRareName(name, end);
      if (nameEnd === 0) {
        outcome = AT_OTHER;
        break;
      }
    }
    if (nameEnd >= end) break;
    const own = kind & KIND_MASK;
    if (own === MARKS && !isEnd) {
      outcome = AT_OTHER;
      break;
    }

    if (at(nameEnd) === GREATER) {
      selfClosing = false;
      i = nameEnd + 1;
    } else {
      const behind = afterAttributes(nameEnd, end);
      if (behind === 0) break;
      i = behind;
    }
    if (isEnd) {
      outcome = BEHIND_END;
      if (top.number !== number || (number === 0 && !isNamed(top, name, nameEnd))) break;
      forget(own);
      top = outer(top);
      continue;
    }
    outcome = BEHIND_START;
    if (changetype<usize>(top) >= full) break;
    if (own === VOID) continue;
    if (own !== INLINE) {
      if (!isQuiet(own, top.kind)) break;
      if (own === RULE) continue;
      remember(own);
    }
    top = changetype<Open>(changetype<usize>(top) + offsetof<Open>());
    top.number = number;
    top.kind = kind;
    top.nameAt = <i32>(name - windowAt);
    top.nameEnd = <i32>(nameEnd - windowAt);
    top.key = key;
    top.mask = mask;
  }
  said.next = <i32>(outcome === AT_END ? end - windowAt : i - windowAt);
  said.less = <i32>(less - windowAt);
  said.number = number;
  said.nameAt = <i32>(name - windowAt);
  said.nameEnd = <i32>(nameEnd - windowAt);
  said.selfClosing = selfClosing ? 1 : 0;
  said.open = <i32>((changetype<usize>(top) - changetype<usize>(ground)) / offsetof<Open>());
  return outcome;
}

function outer(open: Open): Open {
  return changetype<Open>(changetype<usize>(open) - offsetof<Open>());
}

/** Whether a start tag of that kind closes nothing and opens no more than its element. */
function isQuiet(kind: i32, below: i32): bool {
  switch (kind) {
    case FORMAT:
      return formats < NOAHS_ARK;
    case ANCHOR:
      return anchors === 0 && formats < NOAHS_ARK;
    case BLOCK:
    case PARAGRAPH:
    case RULE:
      return !inParagraph;
    case ITEM:
      return !inParagraph && (below & ENDS_ITEMS) !== 0;
    case HEADING:
      return !inParagraph && (below & KIND_MASK) !== HEADING;
    default:
      return kind !== TOLD && kind !== MARKS;
  }
}

function remember(kind: i32): void {
  if (kind === FORMAT) formats++;
  else if (kind === ANCHOR) {
    formats++;
    anchors++;
  } else if (kind === PARAGRAPH) inParagraph = true;
}

function forget(kind: i32): void {
  if (kind === INLINE) return;
  if (kind === FORMAT) formats--;
  else if (kind === ANCHOR) {
    formats--;
    anchors--;
  } else if (kind === PARAGRAPH) inParagraph = false;
}

function at(i: usize): i32 {
  return load<u8>(i);
}

function isLetter(code: i32): bool {
  return <u32>((code | 0x20) - 0x61) < 26;
}

/** White space of HTML: tab, line feed, form feed, carriage return, space. */
function isSpace(code: i32): bool {
  return code === SPACE || (<u32>(code - 0x09) < 5 && code !== 0x0b);
}

function endsName(code: i32): bool {
  return code === GREATER || code === SLASH || isSpace(code);
}

function every(code: i32): v128 {
  return i8x16.splat(<i8>code);
}

/** Of the next such byte, or `end`. */
function indexOf(code: i32, from: usize, end: usize): usize {
  const wanted = every(code);
  for (let i = from; i < end; i += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(i), wanted));
    if (found !== 0) return min(i + ctz(found), end);
  }
  return end;
}

/** Up to `>`, `/`, white space or what is no letter at all; 16 where it is longer than 15. */
function nameLength(name: usize): i32 {
  const bytes = v128.load(name);
  const marks = v128.or(i8x16.eq(bytes, every(GREATER)), i8x16.eq(bytes, every(SLASH)));
  return ctz(i8x16.bitmask(v128.or(marks, i8x16.lt_u(bytes, every(SPACE + 1)))) | 0x10000);
}

/** Where a name ends that is not in the table; 0 where it is none that we read. */
function afterRareName(name: usize, end: usize): usize {
  let i = name;
  for (; i < end && !endsName(at(i)); i++) {
    if (at(i) === 0 || at(i) > 0x7f) return 0;
  }
  return i < end && i > name + MAX_RARE ? 0 : i;
}

function isNamed(open: Open, name: usize, nameEnd: usize): bool {
  if (nameEnd - name !== <usize>(open.nameEnd - open.nameAt)) return false;
  let i = windowAt + open.nameAt;
  for (let j = name; j < nameEnd; i++, j++) {
    if (at(i) !== at(j) && (!isLetter(at(i)) || (at(i) | 0x20) !== (at(j) | 0x20))) return false;
  }
  return true;
}

/** From behind the name of a tag to behind its `>`; 0 where that is not here. */
function afterAttributes(from: usize, end: usize): usize {
  selfClosing = false;
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
