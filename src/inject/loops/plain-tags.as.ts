/**
 * Plain tags, read from bytes: the loop of the fast lane (../end-of-page/plain-tags.ts says what it is for). Elements that
 * open and close here, one in another, and leave everything as it was, it passes over; it stops behind the first tag that
 * does more, and tells of that and of the elements that are still open there.
 *
 * It remembers nothing between two calls but its table of names. All its memory is set aside beforehand.
 */
import { afterAttributes, selfClosing } from './attributes.as';
import { at, endsName, GREATER, indexOf, isLetter, LESS, SLASH } from './bytes.as';
import { afterRareName, find, isSameName, LOWER, nameLength, Row } from './names.as';
import {
  begin,
  closesUpTo,
  forget,
  ground,
  inner,
  kindOf,
  Open,
  outer,
  remember,
  standsIn,
} from './open-elements.as';
import {
  AT_CUT,
  AT_END,
  AT_OTHER,
  BEHIND_END,
  BEHIND_START,
  INLINE,
  KIND_MASK,
  MARKS,
  MAX_COMMON,
  ROW,
  RULE,
  VOID,
} from './tag-numbers';

export { addTag } from './names.as';

export const WINDOW_BYTES: i32 = 65536;
/** With as much behind it as one look may reach past its end. */
export const windowAt: usize = memory.data(65568, 16);

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

export const tagsSaidAt: usize = memory.data(32, 16);
export const openAt: usize = changetype<usize>(ground);
const said = changetype<Said>(tagsSaidAt);

/**
 * Reads on at `from`, where the state is that of data, to `to` at most; both are bytes of the window. `room`: so many
 * elements may open; 0: every tag is told, and text before it counts. `below`: the kind of the innermost open element.
 * `before`: formatting elements since the last marker. `isIn`: a paragraph is open in button scope.
 *
 * Long, because it is the hot loop: its state stays in local variables.
 */
export function readTags(from: i32, to: i32, room: i32, below: i32, before: i32, isIn: bool): i32 {
  const end = windowAt + to;
  const full = changetype<usize>(ground) + <usize>room * offsetof<Open>();
  let top = ground;
  begin(below, before, isIn);
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
        forget(top);
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

    const behind = afterAttributes(nameEnd, end);
    if (behind === 0) break;
    i = behind;
    if (isEnd) {
      outcome = BEHIND_END;
      const closed = closesUpTo(own, top);
      if (closed.number !== number || (number === 0 && !isNamed(closed, name, nameEnd))) break;
      forget(closed);
      top = outer(closed);
      continue;
    }
    outcome = BEHIND_START;
    if (changetype<usize>(top) >= full) break;
    if (own === INLINE && kindOf(top) < ROW) top = inner(top);
    else {
      const parent = standsIn(own, number, top);
      if (parent === 0) break;
      top = changetype<Open>(parent);
      if (own === VOID || own === RULE) continue;
      top = inner(top);
    }
    top.number = number;
    top.kind = kind;
    top.nameAt = <i32>(name - windowAt);
    top.nameEnd = <i32>(nameEnd - windowAt);
    top.key = key;
    top.mask = mask;
    if (own !== INLINE) remember(top);
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

function isNamed(open: Open, name: usize, nameEnd: usize): bool {
  const length = nameEnd - name;
  return <usize>(open.nameEnd - open.nameAt) === length && isSameName(windowAt + open.nameAt, name, length);
}
