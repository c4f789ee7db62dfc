/**
 * Elements that were opened in this call, one in another, and what a tag does to them: where it closes some of them and
 * opens its own, and nothing else, nobody else need know of it.
 */
import {
  ANCHOR,
  BLOCK,
  CELL,
  ENDS_ITEMS,
  FORMAT,
  HEADING,
  INLINE,
  ITEM,
  KIND_MASK,
  NOAHS_ARK,
  PARAGRAPH,
  ROW,
  RULE,
  SECTION,
  TERM,
  VOID,
} from './tag-numbers';

@unmanaged
export class Open {
  number: i32;
  kind: i32;
  /** In bytes from the start of the window. */
  nameAt: i32;
  nameEnd: i32;
  /** Its name, masked; no name that is masked so is 1. */
  key: u64;
  mask: u64;
  /** Of a cell: what was open around it. */
  outside: i32;
  anchorsOutside: i32;
}

/** What all of them stand in: it has no end tag. Behind it there is room for MAX_OPEN. */
export const ground = changetype<Open>(memory.data(20520, 16));
ground.number = -1;
ground.key = 1;

/** Formatting elements since the last marker, anchors among them, and how many of them were open before. */
let formats = 0;
let anchors = 0;
let before = 0;
/** The next block would close a paragraph. */
let inParagraph = false;

export function begin(below: i32, formatsBefore: i32, isInParagraph: bool): void {
  ground.kind = below;
  formats = formatsBefore;
  anchors = formatsBefore;
  before = formatsBefore;
  inParagraph = isInParagraph;
}

export function outer(open: Open): Open {
  return changetype<Open>(changetype<usize>(open) - offsetof<Open>());
}

export function inner(open: Open): Open {
  return changetype<Open>(changetype<usize>(open) + offsetof<Open>());
}

export function kindOf(open: Open): i32 {
  return open.kind & KIND_MASK;
}

/** What an element of that kind will stand in, when all is closed that its start tag closes. 0: it does more. */
export function standsIn(kind: i32, number: i32, top: Open): usize {
  const below = kindOf(top);
  if (kind === CELL) return cellStandsIn(top);
  if (kind === ROW) return rowStandsIn(top);
  if (below === ROW || below === SECTION) return 0;
  switch (kind) {
    case INLINE:
    case VOID:
      return changetype<usize>(top);
    case FORMAT:
      return formats < NOAHS_ARK || before + countOf(number, top) < NOAHS_ARK ? changetype<usize>(top) : 0;
    case ANCHOR:
      return anchors === 0 ? changetype<usize>(top) : 0;
    case BLOCK:
    case PARAGRAPH:
    case RULE:
    case ITEM:
    case TERM:
    case HEADING:
      return blockStandsIn(kind, top);
    default:
      return 0;
  }
}

/** Of formatting elements of that name; a cell ends the search. */
function countOf(number: i32, top: Open): i32 {
  let count = 0;
  for (let open = top; open !== ground && kindOf(open) !== CELL; open = outer(open)) {
    if (open.number === number) count++;
  }
  return count;
}

function blockStandsIn(kind: i32, innermost: Open): usize {
  let top = innermost;
  if (inParagraph) {
    if (kindOf(top) !== PARAGRAPH || top === ground) return 0;
    inParagraph = false;
    top = outer(top);
  }
  if (kind === HEADING && kindOf(top) === HEADING) return 0;
  if (kind === ITEM || kind === TERM) {
    if (kindOf(top) === kind && top !== ground) top = outer(top);
    else if ((top.kind & ENDS_ITEMS) === 0) return 0;
  }
  return changetype<usize>(top);
}

function cellStandsIn(innermost: Open): usize {
  const top = closeCell(innermost);
  return kindOf(top) === ROW ? changetype<usize>(top) : 0;
}

function rowStandsIn(innermost: Open): usize {
  let top = closeCell(innermost);
  if (kindOf(top) === ROW && top !== ground) top = outer(top);
  return kindOf(top) === SECTION ? changetype<usize>(top) : 0;
}

/** What is open when a cell is closed in which nothing is open that needs an end tag of its own. */
function closeCell(innermost: Open): Open {
  const top = closeImplied(innermost);
  if (kindOf(top) !== CELL || top === ground) return top;
  forget(top);
  return outer(top);
}

/** Without paragraphs and items, which many an end tag closes too. */
function closeImplied(innermost: Open): Open {
  let top = innermost;
  for (; top !== ground; top = outer(top)) {
    const kind = kindOf(top);
    if (kind === PARAGRAPH) inParagraph = false;
    else if (kind !== ITEM && kind !== TERM) break;
  }
  return top;
}

/** Which element an end tag of that kind may be of. */
export function closesUpTo(kind: i32, top: Open): Open {
  if (kind === ROW) return closeCell(top);
  return kind === BLOCK || kind === ITEM || kind === TERM || kind === CELL ? closeUpToItem(kind, top) : top;
}

/** An element of the kind itself is not passed over. */
function closeUpToItem(kind: i32, innermost: Open): Open {
  let top = innermost;
  for (; top !== ground && kindOf(top) !== kind; top = outer(top)) {
    const own = kindOf(top);
    if (own === PARAGRAPH) inParagraph = false;
    else if (own !== ITEM && own !== TERM) break;
  }
  return top;
}

/** It was opened. */
export function remember(open: Open): void {
  switch (kindOf(open)) {
    case ANCHOR:
      anchors++;
      formats++;
      return;
    case FORMAT:
      formats++;
      return;
    case PARAGRAPH:
      inParagraph = true;
      return;
    case CELL:
      open.outside = formats | (before << 16);
      open.anchorsOutside = anchors;
      formats = 0;
      anchors = 0;
      before = 0;
      return;
    default:
  }
}

/** It is closed. */
export function forget(open: Open): void {
  switch (kindOf(open)) {
    case ANCHOR:
      anchors--;
      formats--;
      return;
    case FORMAT:
      formats--;
      return;
    case PARAGRAPH:
      inParagraph = false;
      return;
    case CELL:
      formats = open.outside & 0xffff;
      before = open.outside >> 16;
      anchors = open.anchorsOutside;
      return;
    default:
  }
}
