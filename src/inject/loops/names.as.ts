/** Names of tags: those in the table, each known by its number, and others. */
import { at, endsName, every, GREATER, isLetter, SLASH, SPACE } from './bytes.as';

/** Bit 5 of each of eight bytes, which a capital letter has not. */
export const LOWER: u64 = ((<u64>0x20202020) << 32) | 0x20202020;
/** The longest that is read. */
const MAX_RARE = 64;

/** A name of the table in lower case: its first eight bytes, and those behind them. */
@unmanaged
export class Row {
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

function slotOf(low: u64, high: u64): i32 {
  return <i32>(((low + high) * 0x1e3779b97f4a7d) >> (64 - SLOT_BITS));
}

function rowAt(slot: i32): Row {
  return changetype<Row>(rows + <usize>slot * offsetof<Row>());
}

/** Of that name; or a free one. */
export function find(low: u64, high: u64): Row {
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

/** Up to `>`, `/`, white space or what is no letter at all; 16 where it is longer than 15. */
export function nameLength(name: usize): i32 {
  const bytes = v128.load(name);
  const marks = v128.or(i8x16.eq(bytes, every(GREATER)), i8x16.eq(bytes, every(SLASH)));
  return ctz(i8x16.bitmask(v128.or(marks, i8x16.lt_u(bytes, every(SPACE + 1)))) | 0x10000);
}

/** Where a name ends that is not in the table; 0 where it is none that we read. */
export function afterRareName(name: usize, end: usize): usize {
  let i = name;
  for (; i < end && !endsName(at(i)); i++) {
    if (at(i) === 0 || at(i) > 0x7f) return 0;
  }
  return i < end && i > name + MAX_RARE ? 0 : i;
}

/** In letters of either case. */
export function isSameName(a: usize, b: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i++) {
    const one = at(a + i);
    const other = at(b + i);
    if (one !== other && (!isLetter(one) || (one | 0x20) !== (other | 0x20))) return false;
  }
  return true;
}
