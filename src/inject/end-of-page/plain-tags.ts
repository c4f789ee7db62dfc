/**
 * The fast lane in front of the tokenizer: tags that are here from `<` to `>`, read straight from bytes. That is
 * nearly everything that pages are made of. Whatever else comes (declarations, raw text, the html and meta tags,
 * whose attributes count, a tag that the next chunk ends, strange names) it leaves to the tokenizer, untouched:
 * both feed the same tree, so which of the two has read a tag makes no difference.
 *
 * Each byte is looked at once, but for those of a tag that is left to the tokenizer.
 */
import { DOUBLE_QUOTE, EQUALS, endsName, GREATER, isLetter, LESS, QUOTE, SLASH } from './characters.ts';
import { TagReader } from './tag-names.ts';
import type { Content, Tree } from './tree.ts';

/** Longer text without a tag is searched by the platform, which is slow to begin and then fast. */
const NEAR_BYTES = 48;
const LEFT = -1;

/** A class, because one is made for each page that is looked at, and its methods run for each tag. */
export class PlainTags {
  readonly #tree: Tree;
  /** How the text goes on behind the last tag that was read, and the name of its element. */
  content: Exclude<Content, 'again'> = 'data';
  element = '';
  readonly #names = new TagReader();
  #selfClosing = false;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /**
   * Reads from `i`, where the state is that of data. Returns where the tokenizer has to go on: at a `<`, behind
   * a start tag whose `content` is none, or at the end.
   */
  read(bytes: Buffer, from: number): number {
    const tree = this.#tree;
    this.content = 'data';
    let i = from;
    while (!tree.doubt) {
      const less = nextLess(bytes, i);
      if (less > i && tree.readsText()) tree.text(bytes.toString('latin1', i, less));
      if (less === bytes.length) return less;
      i = this.#tag(bytes, less);
      if (i === LEFT) return less;
      if (this.content !== 'data') return i;
    }
    return bytes.length;
  }

  /** Behind the tag that begins there, or LEFT. */
  #tag(bytes: Buffer, less: number): number {
    const isEnd = bytes[less + 1] === SLASH;
    const from = less + (isEnd ? '</' : '<').length;
    if (from >= bytes.length || !isLetter(bytes[from]!)) return LEFT;
    const to = this.#names.read(bytes, from);
    const { tag } = this.#names;
    if (to === bytes.length || tag === null || (tag.marks && !isEnd)) return LEFT;
    const end = bytes[to] === GREATER ? this.#bare(to) : this.#attributes(bytes, to);
    if (end === LEFT) return LEFT;
    if (isEnd) {
      this.#tree.endTag(tag);
      return end;
    }
    const leafEnd = afterLeaf(bytes, end, from);
    if (leafEnd !== LEFT && this.#tree.passLeaf(tag)) return leafEnd;
    this.content = this.#tree.startTag({ tag, selfClosing: this.#selfClosing });
    this.element = tag.name;
    return end;
  }

  #bare(greater: number): number {
    this.#selfClosing = false;
    return greater + 1;
  }

  /** From behind the name of a tag to behind its `>`; LEFT where these bytes do not have it. */
  #attributes(bytes: Buffer, from: number): number {
    this.#selfClosing = false;
    let i = from;
    while (i < bytes.length) {
      const code = bytes[i]!;
      if (code === GREATER) return i + 1;
      if (code === SLASH) {
        this.#selfClosing = bytes[i + 1] === GREATER;
        i++;
      } else if (endsName(code)) i++;
      else i = afterAttribute(bytes, i);
    }
    return LEFT;
  }
}

/** Of a `<`, or the end. */
function nextLess(bytes: Buffer, from: number): number {
  const near = nearLess(bytes, from);
  if (near === bytes.length || bytes[near] === LESS) return near;
  const less = bytes.indexOf(LESS, near);
  return less === -1 ? bytes.length : less;
}

/** Of a `<` that is near; else how far was looked. */
function nearLess(bytes: Buffer, from: number): number {
  const near = Math.min(bytes.length, from + NEAR_BYTES);
  let i = from;
  while (i < near && bytes[i] !== LESS) i++;
  return i;
}

/** Behind the end tag of the name at `name`, where it comes soon, with nothing but text before it. */
function afterLeaf(bytes: Buffer, from: number, name: number): number {
  const less = nearLess(bytes, from);
  const own = less + '</'.length;
  if (own >= bytes.length || bytes[less] !== LESS || bytes[less + 1] !== SLASH) return LEFT;
  let i = 0;
  while (bytes[name + i] === bytes[own + i] && !endsName(bytes[own + i]!)) i++;
  return bytes[own + i] === GREATER && endsName(bytes[name + i]!) ? own + i + 1 : LEFT;
}

/** Behind the attribute that begins there; `/`, `>` and white space may follow, or another attribute. */
function afterAttribute(bytes: Buffer, from: number): number {
  const { length } = bytes;
  // The first character is one of the name, whatever it is: `=` too.
  let i = from + 1;
  while (i < length && bytes[i] !== EQUALS && !endsName(bytes[i]!)) i++;
  i = afterSpace(bytes, i);
  if (bytes[i] !== EQUALS) return i;
  i = afterSpace(bytes, i + 1);
  const quote = bytes[i];
  if (quote === DOUBLE_QUOTE || quote === QUOTE) {
    i++;
    while (i < length && bytes[i] !== quote) i++;
    return i + 1;
  }
  // A slash in a value without quotes is one of the value.
  while (i < length && bytes[i] !== GREATER && (bytes[i] === SLASH || !endsName(bytes[i]!))) i++;
  return i;
}

function afterSpace(bytes: Buffer, from: number): number {
  let i = from;
  while (i < bytes.length && bytes[i] !== GREATER && bytes[i] !== SLASH && endsName(bytes[i]!)) i++;
  return i;
}
