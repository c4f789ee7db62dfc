/**
 * What tags of a table close, and how far up that may reach ("in table scope", "clear the stack back to"). Each
 * `close…` returns whether there was such a thing to close, and leaves the insertion mode that is then current.
 */
import type { OpenElements } from './open-elements.ts';
import { resetMode, type TreeState } from './tree-state.ts';

export const TABLE_CONTEXT = new Set(['table', 'template']);
export const BODY_CONTEXT = new Set(['tbody', 'tfoot', 'thead', 'template']);
export const ROW_CONTEXT = new Set(['tr', 'template']);
export const SECTIONS = ['tbody', 'tfoot', 'thead'];

export function closeTable(tree: TreeState): boolean {
  const index = indexInTable(tree, ['table']);
  if (index === -1) return false;
  tree.elements.popTo(index);
  resetMode(tree);
  return true;
}

/** The caption or cell whose mode this is. */
export function closeCell(tree: TreeState): boolean {
  const inCaption = tree.mode === 'caption';
  const index = indexInTable(tree, inCaption ? ['caption'] : ['td', 'th']);
  if (index === -1) return false;
  leaveCell(tree, index, inCaption ? 'table' : 'row');
  return true;
}

export function leaveCell(tree: TreeState, index: number, mode: 'table' | 'row'): void {
  tree.elements.popTo(index);
  tree.elements.clearToMarker();
  tree.mode = mode;
}

export function closeColumnGroup(tree: TreeState): boolean {
  if (tree.elements.top()?.tag.name !== 'colgroup') {
    tree.doubt = true;
    return false;
  }
  tree.elements.popTo(tree.elements.stack.length - 1);
  tree.mode = 'table';
  return true;
}

export function closeRow(tree: TreeState): boolean {
  const index = indexInTable(tree, ['tr']);
  if (index === -1) return false;
  tree.elements.popTo(index);
  tree.mode = 'table-body';
  return true;
}

export function closeSection(tree: TreeState, names: readonly string[]): boolean {
  if (indexInTable(tree, names) === -1) return false;
  clearBack(tree.elements, BODY_CONTEXT);
  tree.elements.popTo(tree.elements.stack.length - 1);
  tree.mode = 'table';
  return true;
}

export function clearBack(elements: OpenElements, context: ReadonlySet<string>): void {
  const { stack } = elements;
  let index = stack.length;
  while (index > 0 && !context.has(stack[index - 1]!.tag.name)) index--;
  elements.popTo(index);
}

/**
 * "In table scope". Parsers disagree on what a tag inside a template may close of a table around it, so that
 * is a doubt.
 */
export function indexInTable(tree: TreeState, names: readonly string[]): number {
  const { stack } = tree.elements;
  for (let i = stack.length - 1; i >= 0; i--) {
    const { name } = stack[i]!.tag;
    if (names.includes(name)) return i;
    if (name === 'table') return -1;
    if (name !== 'template') continue;
    if (stack.some(({ tag }, at) => at < i && tag.name === 'table')) tree.doubt = true;
    return -1;
  }
  return -1;
}
