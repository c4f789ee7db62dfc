/** Tags in SVG and MathML (§13.2.6.5), and which of them are HTML all the same (§13.2.6). */
import { BREAKOUT, FOREIGN, foreignTagOf, HTML_POINT, MATH_POINT, MATHML, type Tag } from './tags.ts';
import type { Content, StartTag, TreeState } from './tree-state.ts';

/** Whether a start tag, or with null text, falls under the rules for foreign content. */
export function isForeign({ elements }: TreeState, tag: Tag | null): boolean {
  const flags = elements.top()?.tag.flags ?? 0;
  if ((flags & FOREIGN) === 0 || (flags & HTML_POINT) !== 0) return false;
  if ((flags & MATH_POINT) === 0) return true;
  return tag?.name === 'mglyph' || tag?.name === 'malignmark';
}

/** Whether `<![CDATA[` opens a section here. Parsers differ inside an integration point. */
export function cdataRule({ elements }: TreeState): 'section' | 'comment' | 'doubt' {
  const flags = elements.top()?.tag.flags ?? 0;
  if ((flags & FOREIGN) === 0) return 'comment';
  return (flags & (HTML_POINT | MATH_POINT)) === 0 ? 'section' : 'doubt';
}

export function foreignStartTag(tree: TreeState, { tag, selfClosing }: StartTag): Content {
  if ((tag.flags & BREAKOUT) !== 0) {
    tree.elements.leaveForeign();
    return 'again';
  }
  // The first leaves if it has certain attributes, the second is an integration point if it has another.
  if (tag.name === 'font' || tag.name === 'annotation-xml') tree.doubt = true;
  const math = (tree.elements.top()?.tag.flags ?? 0) & MATHML;
  if (!selfClosing) tree.elements.push(foreignTagOf(tag.name, math));
  return 'data';
}

/** False: the tag falls under the rules of the insertion mode. */
export function foreignEndTag({ elements }: TreeState, tag: Tag): boolean {
  if (tag.name === 'p' || tag.name === 'br') {
    elements.leaveForeign();
    return false;
  }
  const name = `:${tag.name}`;
  for (let i = elements.stack.length - 1; i >= 0; i--) {
    const open = elements.stack[i]!.tag;
    if ((open.flags & FOREIGN) === 0) return false;
    if (open.name !== name) continue;
    elements.popTo(i);
    return true;
  }
  return false;
}
