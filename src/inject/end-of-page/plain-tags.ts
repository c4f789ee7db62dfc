/**
 * The fast lane in front of the tokenizer: tags that are here from `<` to `>`, read straight from bytes by a loop in
 * WebAssembly (../loops/plain-tags.as.ts). That is nearly everything that pages are made of. Whatever else comes
 * (declarations, raw text, the html and meta tags, whose attributes count, a tag that the next chunk ends, strange names)
 * it leaves to the tokenizer, untouched: both feed the same tree, so which of the two has read a tag makes no difference.
 *
 * Of most elements not even the tree hears. Where it is quiet, an element that closes nothing and is closed by its own
 * end tag leaves everything as it was, with all that stands in it, if that does the same.
 */
import { plainTagLoop } from '../loops/loops.ts';
import {
  ANCHOR,
  AT_CUT,
  AT_END,
  AT_OTHER,
  BEHIND_END,
  BLOCK,
  CELL,
  ENDS_ITEMS,
  FORMAT,
  HEADING,
  INLINE,
  ITEM,
  LESS,
  MARKS,
  NAME_AT,
  NAME_END,
  NEXT,
  NUMBER,
  OPEN,
  OPEN_FIELDS,
  OPEN_NAME_AT,
  OPEN_NAME_END,
  OPEN_NUMBER,
  PARAGRAPH,
  ROW,
  RULE,
  SECTION,
  SELF_CLOSING,
  TERM,
  TOLD,
  VOID,
} from '../loops/tag-numbers.ts';
import { SECTIONS } from './table-scope.ts';
import { ITEM_STOP, TAG_NAMES, type Tag, tagOf } from './tags.ts';
import type { Content, Tree } from './tree.ts';

const { window, said, open, readTags, addTag } = plainTagLoop;
const TAGS: readonly Tag[] = TAG_NAMES.map(tagOf);
for (const [at, tag] of TAGS.entries()) addTag(tag.name, at + 1, kindOf(tag));

/** A class, because one is made for each page that is looked at, and its methods run for each tag. */
export class PlainTags {
  readonly #tree: Tree;
  /** How the text goes on behind the last tag that was read, and the name of its element. */
  content: Exclude<Content, 'again'> = 'data';
  element = '';
  /** Which bytes are in the window. */
  #from = 0;
  #to = 0;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** What is in the window is none of the bytes that follow. */
  leaveWindow(): void {
    this.#from = 0;
    this.#to = 0;
  }

  /**
   * Reads from `from`, where the state is that of data. Returns where the tokenizer has to go on: at a `<`, behind a start
   * tag whose `content` is none, or at the end. The same bytes may follow; before others do, or another page, they are to
   * leave the window.
   */
  read(bytes: Buffer, from: number): number {
    const tree = this.#tree;
    const { length } = bytes;
    this.content = 'data';
    let i = from;
    while (!tree.doubt && i < length) {
      if (i < this.#from || i >= this.#to) this.#fill(bytes, i);
      const outcome = this.#readTags(bytes, i);
      const less = this.#from + said[LESS]!;
      i = this.#from + said[NEXT]!;
      if (outcome === AT_END) continue;
      if (outcome === AT_CUT && this.#to < length && less > this.#from) {
        this.#fill(bytes, less);
        i = less;
        continue;
      }
      if (outcome === AT_OTHER || outcome === AT_CUT) return less;
      this.#tell(outcome);
      if (this.content !== 'data') return i;
    }
    return length;
  }

  #fill(bytes: Buffer, from: number): void {
    this.#from = from;
    this.#to = from + bytes.copy(window, 0, from);
  }

  /** Tells the tree of text before the tag that ends the call, where it asks for it, and of elements that are open there. */
  #readTags(bytes: Buffer, from: number): number {
    const tree = this.#tree;
    const [start, end] = [from - this.#from, this.#to - this.#from];
    const room = tree.quietRoom();
    if (room === 0) {
      const outcome = readTags(start, end, 0, TOLD, 0, 0);
      const less = this.#from + said[LESS]!;
      if (less > from && tree.readsText()) tree.text(bytes.toString('latin1', from, less));
      return outcome;
    }
    const below = tree.top === undefined ? TOLD : kindOf(tree.top);
    const outcome = readTags(start, end, room, below, tree.formattingCount(), tree.inParagraph() ? 1 : 0);
    const last = said[OPEN]! * OPEN_FIELDS;
    for (let at = OPEN_FIELDS; at <= last; at += OPEN_FIELDS) {
      const tag = this.#tagOf(open[at + OPEN_NUMBER]!, open[at + OPEN_NAME_AT]!, open[at + OPEN_NAME_END]!);
      tree.startTag({ tag, selfClosing: false });
    }
    return outcome;
  }

  /** Of the tag behind which the call has ended. */
  #tell(outcome: number): void {
    const tag = this.#tagOf(said[NUMBER]!, said[NAME_AT]!, said[NAME_END]!);
    if (outcome === BEHIND_END) {
      this.#tree.endTag(tag);
      return;
    }
    this.content = this.#tree.startTag({ tag, selfClosing: said[SELF_CLOSING] === 1 });
    this.element = tag.name;
  }

  #tagOf(number: number, nameAt: number, nameEnd: number): Tag {
    if (number > 0) return TAGS[number - 1]!;
    return tagOf(window.toString('latin1', nameAt, nameEnd).toLowerCase());
  }
}

/** What the loop has to know of a tag. */
function kindOf(tag: Tag): number {
  const endsItems = (tag.flags & ITEM_STOP) !== 0 && tag.start !== 'item' ? ENDS_ITEMS : 0;
  return (tag.marks ? MARKS : quietKind(tag)) | endsItems;
}

function quietKind({ name, start, end }: Tag): number {
  switch (start) {
    case 'other':
      return end === 'other' ? INLINE : TOLD;
    case 'format':
      return FORMAT;
    case 'a':
      return ANCHOR;
    case 'block':
    case 'pre':
      return name === 'p' ? PARAGRAPH : BLOCK;
    case 'item':
      return name === 'li' ? ITEM : TERM;
    case 'heading':
      return HEADING;
    case 'void':
    case 'void-inline':
    case 'input':
      return VOID;
    case 'hr':
      return RULE;
    default:
      return tableKind(name);
  }
}

function tableKind(name: string): number {
  if (name === 'td' || name === 'th') return CELL;
  if (name === 'tr') return ROW;
  return SECTIONS.includes(name) ? SECTION : TOLD;
}
