/** Active formatting elements: reconstruction and the adoption agency (HTML standard §13.2.4.3, §13.2.6.4.7). */
import { NOAHS_ARK } from '../loops/tag-numbers.ts';
import type { OpenElement, OpenElements } from './open-elements.ts';
import { SCOPE, SPECIAL, type Tag } from './tags.ts';

const OUTER_LOOPS = 8;
const INNER_LOOPS = 3;

/** Whether the next text or inline element would open formatting elements that lost their place. */
export function hasLostFormatting({ formatting }: OpenElements): boolean {
  // Asked for each tag. Looking before the start of an empty array would cost more than all the rest.
  if (formatting.length === 0) return false;
  const last = formatting[formatting.length - 1]!;
  return last !== null && !last.open;
}

/** Those since the last marker. */
export function countFormatting({ formatting }: OpenElements): number {
  let i = formatting.length;
  while (i > 0 && formatting[i - 1] !== null) i--;
  return formatting.length - i;
}

/** "Reconstruct the active formatting elements". */
export function reconstruct(elements: OpenElements): void {
  if (!hasLostFormatting(elements)) return;
  const { formatting } = elements;
  let first = formatting.length - 1;
  while (first > 0 && formatting[first - 1] !== null && !formatting[first - 1]!.open) first--;
  for (let i = first; i < formatting.length; i++) formatting[i] = elements.push(formatting[i]!.tag);
}

/**
 * Opens a formatting element. False: a fourth of its name since the marker, where the attributes, which we do
 * not keep, decide which one the list forgets ("Noah's Ark clause").
 */
export function openFormatting(elements: OpenElements, tag: Tag): boolean {
  const { formatting } = elements;
  let same = 0;
  for (let i = formatting.length - 1; i >= 0 && formatting[i] !== null; i--) {
    if (formatting[i]!.tag === tag) same++;
  }
  formatting.push(elements.push(tag));
  return same < NOAHS_ARK;
}

/** The last entry of that name since the marker, or undefined. */
export function findFormatting({ formatting }: OpenElements, name: string): OpenElement | undefined {
  for (let i = formatting.length - 1; i >= 0; i--) {
    const entry = formatting[i]!;
    if (entry === null) return undefined;
    if (entry.tag.name === name) return entry;
  }
  return undefined;
}

export function forget({ formatting }: OpenElements, entry: OpenElement): void {
  if (formatting.length > 0 && formatting[formatting.length - 1] === entry) {
    formatting.pop();
    return;
  }
  const index = formatting.lastIndexOf(entry);
  if (index !== -1) formatting.splice(index, 1);
}

/** The adoption agency: what an end tag of a formatting element does. */
export function adopt(elements: OpenElements, name: string): void {
  const top = elements.top();
  if (top?.tag.name === name && !elements.formatting.includes(top)) {
    elements.popTo(elements.stack.length - 1);
    return;
  }
  for (let i = 0; i < OUTER_LOOPS; i++) {
    const entry = findFormatting(elements, name);
    if (entry === undefined) {
      elements.closeOther(name);
      return;
    }
    if (!entry.open) {
      forget(elements, entry);
      return;
    }
    if (!adoptOnce(elements, entry)) return;
  }
}

/** One round of the outer loop; false where it was the last. */
function adoptOnce(elements: OpenElements, entry: OpenElement): boolean {
  const { stack } = elements;
  const index = stack.lastIndexOf(entry);
  for (let i = stack.length - 1; i > index; i--) {
    if ((stack[i]!.tag.flags & SCOPE) !== 0) return false;
  }
  let block = index + 1;
  while (block < stack.length && (stack[block]!.tag.flags & SPECIAL) === 0) block++;
  if (block === stack.length) {
    elements.popTo(index);
    forget(elements, entry);
    return false;
  }
  moveBelowBlock(elements, entry, stack[block]!);
  return true;
}

/** The inner loop, and the new element that takes the formatting element's place below the furthest block. */
function moveBelowBlock(elements: OpenElements, entry: OpenElement, block: OpenElement): void {
  const { stack, formatting } = elements;
  let bookmark = entry;
  let bookmarkAfter = false;
  let at = stack.lastIndexOf(block) - 1;
  for (let i = 1; stack[at] !== entry; i++, at--) {
    const node = stack[at]!;
    const listed = formatting.lastIndexOf(node);
    if (listed === -1 || i > INNER_LOOPS) {
      if (listed !== -1) formatting.splice(listed, 1);
      elements.remove(node);
      continue;
    }
    const copy: OpenElement = { tag: node.tag, open: true, templateMode: null };
    node.open = false;
    formatting[listed] = copy;
    stack[at] = copy;
    if (!bookmarkAfter) {
      bookmark = copy;
      bookmarkAfter = true;
    }
  }
  const copy: OpenElement = { tag: entry.tag, open: true, templateMode: null };
  formatting.splice(formatting.lastIndexOf(bookmark) + 1, 0, copy);
  forget(elements, entry);
  elements.remove(entry);
  elements.insert(copy, stack.lastIndexOf(block) + 1);
}
