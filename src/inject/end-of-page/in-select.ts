/**
 * Inside a select. Parsers are moving from "in select", where nearly every tag is ignored, to a select that
 * holds rich content: only what leaves the same elements open by both is followed, the rest is a doubt.
 */
import { TABLE_PART, type Tag } from './tags.ts';
import { type Content, resetMode, type StartTag, type TreeState } from './tree-state.ts';

/** Nothing is pushed in here: the end of the select closes whatever is open in it. */
export function selectStartTag(tree: TreeState, { tag }: StartTag): Content {
  switch (tag.start) {
    case 'script':
      return 'script';
    case 'other':
    case 'block':
    case 'button':
    case 'heading':
    case 'hr':
    case 'html':
    case 'option':
    case 'void':
    case 'void-inline':
      if (tag.name === 'keygen' || tag.name === 'ruby') tree.doubt = true;
      return 'data';
    default:
      tree.doubt = true;
      return 'data';
  }
}

export function selectEndTag(tree: TreeState, tag: Tag): void {
  if (tag.name === 'select') {
    tree.elements.popTo(tree.elements.lastIndexOf('select'));
    resetMode(tree);
    return;
  }
  const closesAround = (tag.flags & TABLE_PART) !== 0 || tag.name === 'table' || tag.end === 'template';
  if (closesAround || tag.end === 'format' || tag.end === 'object') tree.doubt = true;
}
