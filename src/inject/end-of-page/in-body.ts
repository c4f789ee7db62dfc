/** Start and end tags by the rules of "in body" and, for what may stand there, "in head" (§13.2.6.4.4, .7). */
import { adopt, findFormatting, forget, openFormatting, reconstruct } from './formatting.ts';
import { BUTTON_SCOPE, foreignTagOf, ITEM_STOP, MATHML, SCOPE, type Tag } from './tags.ts';
import { type Content, closeTemplate, openTemplate, type StartTag, type TreeState } from './tree-state.ts';

export function bodyStartTag(tree: TreeState, { tag, selfClosing }: StartTag): Content {
  const { elements } = tree;
  switch (tag.start) {
    case 'other':
      reconstruct(elements);
      elements.push(tag);
      return 'data';
    case 'block':
    case 'pre':
      elements.closeParagraph();
      elements.push(tag);
      return 'data';
    case 'void':
    case 'html':
    case 'ignored':
      return 'data';
    case 'void-inline':
    case 'input':
      reconstruct(elements);
      return 'data';
    case 'rawtext':
      return 'rawtext';
    case 'rcdata':
      return 'rcdata';
    case 'script':
      return 'script';
    case 'xmp':
      elements.closeParagraph();
      reconstruct(elements);
      return 'rawtext';
    case 'svg':
    case 'math':
      reconstruct(elements);
      if (!selfClosing) elements.push(foreignTagOf(tag.name, tag.start === 'math' ? MATHML : 0));
      return 'data';
    case 'template':
      openTemplate(tree, tag);
      return 'data';
    case 'doubt':
      tree.doubt = true;
      return 'data';
    default:
      nestingStartTag(tree, tag);
      return 'data';
  }
}

/** Start tags that close something first, or open more than an element. */
function nestingStartTag(tree: TreeState, tag: Tag): void {
  const { elements } = tree;
  switch (tag.start) {
    case 'heading':
      elements.closeParagraph();
      if (elements.top()?.tag.start === 'heading') elements.popTo(elements.stack.length - 1);
      elements.push(tag);
      return;
    case 'hr':
      elements.closeParagraph();
      return;
    case 'item':
      closeItem(tree, tag);
      elements.closeParagraph();
      elements.push(tag);
      return;
    case 'form':
      openForm(tree, tag);
      return;
    case 'button':
      closeInScope(tree, tag.name);
      reconstruct(elements);
      elements.push(tag);
      return;
    case 'option':
      if (elements.top()?.tag.name === 'option') elements.popTo(elements.stack.length - 1);
      reconstruct(elements);
      elements.push(tag);
      return;
    case 'ruby-base':
    case 'ruby-text':
      if (elements.indexInScope('ruby') !== -1) elements.popImplied(tag.start === 'ruby-text' ? 'rtc' : null);
      elements.push(tag);
      return;
    case 'object':
      reconstruct(elements);
      elements.push(tag);
      elements.formatting.push(null);
      return;
    case 'select':
      reconstruct(elements);
      elements.push(tag);
      tree.mode = 'select';
      return;
    case 'table':
      openTable(tree, tag);
      return;
    default:
      formattingStartTag(tree, tag);
  }
}

function formattingStartTag(tree: TreeState, tag: Tag): void {
  const { elements } = tree;
  if (tag.start === 'a') {
    const earlier = findFormatting(elements, 'a');
    if (earlier !== undefined) {
      adopt(elements, 'a');
      forget(elements, earlier);
      elements.remove(earlier);
    }
  }
  reconstruct(elements);
  if (tag.start === 'nobr' && elements.indexInScope('nobr') !== -1) {
    adopt(elements, 'nobr');
    reconstruct(elements);
  }
  if (!openFormatting(elements, tag)) tree.doubt = true;
}

/** An open li, or dd or dt, up to the next special element that is not address, div or p. */
function closeItem({ elements }: TreeState, { name }: Tag): void {
  for (let i = elements.stack.length - 1; i >= 0; i--) {
    const { tag } = elements.stack[i]!;
    if (tag.start === 'item' && (tag.name === 'li') === (name === 'li')) {
      elements.popTo(i);
      return;
    }
    if ((tag.flags & ITEM_STOP) !== 0) return;
  }
}

function openForm(tree: TreeState, tag: Tag): void {
  if (tree.form !== null && tree.elements.templates === 0) return;
  tree.elements.closeParagraph();
  const form = tree.elements.push(tag);
  if (tree.elements.templates === 0) tree.form = form;
}

/** Only outside quirks mode a table closes a paragraph; where we cannot tell and it matters, it is a doubt. */
function openTable(tree: TreeState, tag: Tag): void {
  const { elements } = tree;
  if (tree.quirks === false) elements.closeParagraph();
  else if (tree.quirks === null && elements.indexInScope('p', SCOPE | BUTTON_SCOPE) !== -1) tree.doubt = true;
  elements.push(tag);
  tree.mode = 'table';
}

export function bodyEndTag(tree: TreeState, tag: Tag): void {
  const { elements } = tree;
  switch (tag.end) {
    case 'other':
      elements.closeOther(tag.name);
      return;
    case 'block':
      closeInScope(tree, tag.name);
      return;
    case 'p':
      // Without an open p the end tag makes an empty one, which leaves nothing open.
      elements.closeParagraph();
      return;
    case 'item':
      if (tag.name === 'li') elements.closeListItem();
      else closeInScope(tree, tag.name);
      return;
    case 'heading': {
      const index = elements.headingIndexInScope();
      if (index !== -1) elements.popTo(index);
      return;
    }
    case 'form':
      closeForm(tree);
      return;
    case 'format':
      adopt(elements, tag.name);
      return;
    case 'object':
      if (closeInScope(tree, tag.name)) elements.clearToMarker();
      return;
    case 'br':
      reconstruct(elements);
      return;
    case 'template':
      closeTemplate(tree);
      return;
    case 'page':
      return;
  }
}

function closeInScope({ elements }: TreeState, name: string): boolean {
  const index = elements.indexInScope(name);
  if (index !== -1) elements.popTo(index);
  return index !== -1;
}

/** Outside templates it is the form that the pointer names that goes, wherever it stands in the stack. */
function closeForm(tree: TreeState): void {
  const { elements } = tree;
  if (elements.templates > 0) {
    closeInScope(tree, 'form');
    return;
  }
  const { form } = tree;
  tree.form = null;
  if (form === null || elements.indexInScope('form') === -1) return;
  elements.popImplied(null);
  elements.remove(form);
}
