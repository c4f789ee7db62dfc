/**
 * The HTML tokenizer (HTML standard §13.2.5) over Latin-1 text, in pieces of any size: every encoding that
 * contains ASCII keeps `<`, `>`, quotes, dashes and white space as single bytes of their own. It tells the
 * tree of tags, comments and, where the tree asks for it, text; values of attributes it does not keep. Plain tags
 * never come this far (plain-tags.ts), unless a chunk ends in one.
 */
import {
  BANG,
  DOUBLE_QUOTE,
  EQUALS,
  endsName,
  GREATER,
  isLetter,
  isSpace,
  QUESTION,
  QUOTE,
  SLASH,
} from './characters.ts';
import { Declaration } from './declaration.ts';
import { isAmp, isPolicy } from './page-marks.ts';
import { RawText } from './raw-text.ts';
import { type Tag, tagOf } from './tags.ts';
import type { Tree } from './tree.ts';

// States; plain numbers because this switch runs for each character of a tag.
const DATA = 0;
const DECLARATION = 1;
const RAW = 2;
const TAG_OPEN = 3;
const END_TAG_OPEN = 4;
const TAG_NAME = 5;
/** From here on states of a tag's attributes. */
const BEFORE_NAME = 6;
const NAME = 7;
const AFTER_NAME = 8;
const BEFORE_VALUE = 9;
const VALUE = 10;
const UNQUOTED = 11;
const AFTER_VALUE = 12;
const SELF_CLOSING = 13;

/** A longer name is no element that anybody made on purpose. */
const MAX_NAME = 128;
/** Of html and meta, whose attributes are kept as text while their tag is read. */
const MAX_ATTRIBUTES = 16_384;

/** A class, because one is made for each page that is looked at, and it keeps its state between chunks. */
export class Tokenizer {
  /** `<html amp>` or its kin was there. */
  amp = false;
  /** A content security policy in a meta was there. */
  metaPolicy = false;
  readonly #tree: Tree;
  readonly #declaration: Declaration;
  readonly #rawText = new RawText();
  #state = DATA;
  /** Of the tag that is being read; `#from` is where its rest begins in the piece at hand. */
  #name = '';
  #attributes: string | null = null;
  #from = 0;
  /** Null: the end tag of raw text, which opens and closes nothing that the tree knows of. */
  #tag: Tag | null = null;
  #isEnd = false;
  #quote = '"';

  constructor(tree: Tree) {
    this.#tree = tree;
    this.#declaration = new Declaration(tree);
  }

  /** Whether what was written ends between tags. */
  inData(): boolean {
    return this.#state === DATA;
  }

  /**
   * Takes the next text up to where the state is that of data again, or to its end, and returns how much; one
   * character is one byte. After a doubt it reads no further.
   */
  read(text: string): number {
    let i = 0;
    do i = this.#step(text, i);
    while (i < text.length && this.#state !== DATA && !this.#tree.doubt);
    this.#keep(text, i);
    return i;
  }

  /** What follows is the content of this element, up to its own end tag. In data. */
  openRaw(element: string): void {
    this.#state = RAW;
    this.#rawText.open(element);
  }

  /** Consumes at least one character, or changes the state. Returns where the next one is. */
  #step(text: string, i: number): number {
    switch (this.#state) {
      case DATA:
        return this.#data(text, i);
      case DECLARATION: {
        const next = this.#declaration.step(text, i);
        if (this.#declaration.ended) this.#state = DATA;
        return next;
      }
      case RAW:
        return this.#raw(text, i);
      case TAG_OPEN:
        return this.#tagOpen(text.charCodeAt(i), i);
      case END_TAG_OPEN:
        return this.#endTagOpen(text.charCodeAt(i), i);
      case TAG_NAME:
        return this.#tagName(text, i);
      default:
        return this.#attributesAndEnd(text, i);
    }
  }

  #data(text: string, i: number): number {
    const less = text.indexOf('<', i);
    const end = less === -1 ? text.length : less;
    if (end > i && this.#tree.readsText()) this.#tree.text(text.slice(i, end));
    if (less === -1) return end;
    this.#state = TAG_OPEN;
    return less + 1;
  }

  #raw(text: string, i: number): number {
    const next = this.#rawText.step(text, i);
    if (!this.#rawText.ended) return next;
    this.#tag = null;
    this.#isEnd = true;
    return this.#afterTagName(text.charCodeAt(next), next);
  }

  #tagOpen(code: number, i: number): number {
    if (isLetter(code)) return this.#startTagName(i, false);
    if (code === SLASH) this.#state = END_TAG_OPEN;
    else if (code === BANG || code === QUESTION) {
      this.#state = DECLARATION;
      if (code === BANG) this.#declaration.open();
      else this.#declaration.openBogus();
    } else {
      this.#state = DATA;
      if (this.#tree.readsText()) this.#tree.text('<');
      return i;
    }
    return i + 1;
  }

  #endTagOpen(code: number, i: number): number {
    if (isLetter(code)) return this.#startTagName(i, true);
    if (code === GREATER) {
      this.#state = DATA;
      return i + 1;
    }
    this.#state = DECLARATION;
    this.#declaration.openBogus();
    return i;
  }

  #startTagName(i: number, isEnd: boolean): number {
    this.#state = TAG_NAME;
    this.#isEnd = isEnd;
    this.#name = '';
    this.#from = i;
    return i;
  }

  #tagName(text: string, start: number): number {
    for (let i = start; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) this.#tree.giveUp();
      if (!endsName(code)) continue;
      this.#keep(text, i);
      this.#tag = tagOf(this.#name.toLowerCase());
      this.#attributes = this.#tag.marks && !this.#isEnd ? '' : null;
      return this.#afterTagName(code, i);
    }
    return text.length;
  }

  #afterTagName(code: number, i: number): number {
    this.#from = i;
    this.#state = code === SLASH ? SELF_CLOSING : BEFORE_NAME;
    return code === SLASH ? i + 1 : i;
  }

  /** The attributes of a tag, up to its `>` or the end of the piece. */
  #attributesAndEnd(text: string, start: number): number {
    let state = this.#state;
    for (let i = start; i < text.length; i++) {
      if (state === VALUE) {
        i = text.indexOf(this.#quote, i);
        if (i === -1) break;
        state = AFTER_VALUE;
        continue;
      }
      const code = text.charCodeAt(i);
      if (code === GREATER) {
        this.#state = state;
        return this.#endTag(text, i);
      }
      state = this.#nextState(state, code);
    }
    this.#state = state;
    return text.length;
  }

  /** The state after a character of a tag that is neither its `>` nor within a quoted value. */
  #nextState(state: number, code: number): number {
    if (state === UNQUOTED) return isSpace(code) ? BEFORE_NAME : UNQUOTED;
    if (state === BEFORE_VALUE) {
      if (isSpace(code)) return BEFORE_VALUE;
      if (code !== DOUBLE_QUOTE && code !== QUOTE) return UNQUOTED;
      this.#quote = code === QUOTE ? "'" : '"';
      return VALUE;
    }
    const inName = state === NAME || state === AFTER_NAME;
    if (code === SLASH) return SELF_CLOSING;
    if (isSpace(code)) return inName ? AFTER_NAME : BEFORE_NAME;
    return code === EQUALS && inName ? BEFORE_VALUE : NAME;
  }

  /** The `>` of a tag, at i. */
  #endTag(text: string, i: number): number {
    const selfClosing = this.#state === SELF_CLOSING;
    this.#keep(text, i);
    this.#state = DATA;
    const tag = this.#tag;
    if (tag === null) return i + 1;
    if (this.#attributes !== null) this.#readMarks(tag, this.#attributes);
    if (this.#isEnd) this.#tree.endTag(tag);
    else {
      const content = this.#tree.startTag({ tag, selfClosing });
      if (content !== 'data') this.openRaw(tag.name);
    }
    return i + 1;
  }

  #readMarks(tag: Tag, attributes: string): void {
    this.#attributes = null;
    if (tag.name === 'html') this.amp ||= isAmp(attributes);
    else if (attributes.length >= MAX_ATTRIBUTES || isPolicy(attributes)) this.metaPolicy = true;
  }

  /** Keeps what is being read of a name or of attributes, up to but without `end`. */
  #keep(text: string, end: number): void {
    const from = this.#from;
    this.#from = 0;
    if (this.#state === TAG_NAME) {
      this.#name += text.slice(from, Math.min(end, from + MAX_NAME + 1));
      if (this.#name.length > MAX_NAME) this.#tree.giveUp();
    } else if (this.#attributes !== null && this.#state >= BEFORE_NAME) {
      const room = MAX_ATTRIBUTES - this.#attributes.length;
      if (room > 0) this.#attributes += text.slice(from, Math.min(end, from + room));
    }
  }
}
