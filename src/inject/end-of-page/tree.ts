/**
 * Tree construction without a tree (HTML standard §13.2.6): fed with tags, it knows which elements are open,
 * and so what a snippet at this place would become. It follows the rules wherever ordinary pages go; what is
 * rare, differs between parsers, or depends on attributes that nobody keeps, is a doubt for good.
 *
 * Invariant, held to parse5 by a property test: where `takesSnippet` is true, an img and a script at this
 * place become two neighbours in the body and change nothing else.
 */
import { cdataRule, foreignEndTag, foreignStartTag, isForeign } from './foreign.ts';
import { countFormatting, hasLostFormatting, reconstruct } from './formatting.ts';
import { bodyEndTag, bodyStartTag } from './in-body.ts';
import { selectEndTag, selectStartTag } from './in-select.ts';
import { tableEndTag, tableStartTag, templateStartTag } from './in-table.ts';
import { MAX_OPEN_ELEMENTS } from './open-elements.ts';
import { SECTIONS } from './table-scope.ts';
import { BUTTON_SCOPE, FOREIGN, SCOPE, type Tag } from './tags.ts';
import {
  type Content,
  closeTemplate,
  createTreeState,
  openBody,
  type StartTag,
  type TreeState,
} from './tree-state.ts';

export type { Content } from './tree-state.ts';

/** A class, because one is made for each page that is looked at, and its methods run for each tag. */
export class Tree {
  readonly #state: TreeState = createTreeState();
  #doctypeAllowed = true;
  #skipsLineFeed = false;

  /** True for good once something came that is not followed. */
  get doubt(): boolean {
    return this.#state.doubt;
  }

  giveUp(): void {
    this.#state.doubt = true;
  }

  /** True if an img and a script, here, would be two neighbours in the body and change nothing else. */
  takesSnippet(): boolean {
    const { doubt, mode, elements } = this.#state;
    return !doubt && mode === 'body' && elements.unsafe === 0 && !hasLostFormatting(elements);
  }

  /** What stands between `<!doctype` and `>`. */
  doctype(text: string): void {
    if (!this.#doctypeAllowed) return;
    this.#doctypeAllowed = false;
    this.#state.quirks = /^\s+html\s*$/i.test(text) ? false : null;
  }

  comment(): void {
    this.#skipsLineFeed = false;
  }

  /** Whether `<![CDATA[` opens a section here; else it is a comment. */
  cdata(): boolean {
    this.#skipsLineFeed = false;
    const rule = cdataRule(this.#state);
    if (rule === 'doubt') this.#state.doubt = true;
    return rule === 'section';
  }

  startTag(start: StartTag): Exclude<Content, 'again'> {
    const tree = this.#state;
    this.#doctypeAllowed = false;
    this.#skipsLineFeed = start.tag.start === 'pre';
    if (tree.elements.stack.length >= MAX_OPEN_ELEMENTS) tree.doubt = true;
    let content: Content = 'again';
    while (content === 'again') {
      content = isForeign(tree, start.tag) ? foreignStartTag(tree, start) : htmlStartTag(tree, start);
    }
    return content;
  }

  /** The innermost open element. */
  get top(): Tag | undefined {
    return this.#state.elements.top()?.tag;
  }

  /**
   * How many elements may still open where all is quiet: a tag does what it does in a body, or in a table's own part,
   * and neither it nor text opens again what lost its place. 0 where that is not so.
   */
  quietRoom(): number {
    const { elements, doubt } = this.#state;
    if (doubt || hasLostFormatting(elements) || !isOrdinary(this.#state)) return 0;
    return Math.max(0, MAX_OPEN_ELEMENTS - elements.stack.length);
  }

  /** Formatting elements since the last marker. */
  formattingCount(): number {
    return countFormatting(this.#state.elements);
  }

  /** Whether a block would close a paragraph. */
  inParagraph(): boolean {
    return this.#state.elements.indexInScope('p', SCOPE | BUTTON_SCOPE) !== -1;
  }

  endTag(tag: Tag): void {
    const tree = this.#state;
    this.#doctypeAllowed = false;
    this.#skipsLineFeed = false;
    const inForeign = ((tree.elements.top()?.tag.flags ?? 0) & FOREIGN) !== 0;
    if (inForeign && foreignEndTag(tree, tag)) return;
    while (htmlEndTag(tree, tag));
  }

  /** Whether `text` would learn anything: most text changes nothing and need not be read. */
  readsText(): boolean {
    const { mode, elements } = this.#state;
    return mode === 'head' || mode === 'column-group' || hasLostFormatting(elements);
  }

  /** A run of text, or a part of one; character references are not decoded. */
  text(run: string): void {
    const tree = this.#state;
    if (tree.mode === 'select' || isForeign(tree, null)) return;
    if (tree.mode === 'head') this.#headText(run);
    else if (tree.mode === 'column-group') tree.doubt ||= firstNonSpace(run) !== undefined;
    else if (hasLostFormatting(tree.elements)) this.#bodyText(run);
    this.#skipsLineFeed = false;
  }

  /** White space belongs to the head, anything else opens the body; a reference might be either. */
  #headText(run: string): void {
    const first = firstNonSpace(run);
    if (first === undefined) return;
    this.#doctypeAllowed = false;
    if (first === '&') this.#state.doubt = true;
    openBody(this.#state);
  }

  /**
   * Reopens lost formatting elements, unless this text is none: a swallowed line feed, NUL, table space. Only what
   * it begins with counts, so that it does not matter where a run is cut.
   */
  #bodyText(run: string): void {
    const tree = this.#state;
    const top = tree.elements.top()?.tag;
    const inTable = top !== undefined && TABLE_NODES.has(top.name);
    const first = inTable ? firstNonSpace(run) : run[0];
    if (first === undefined) return;
    const swallowed = this.#skipsLineFeed && /[\r\n&]/.test(first);
    if (first === '\0' || swallowed || (inTable && first === '&')) tree.doubt = true;
    reconstruct(tree.elements);
  }
}

/** Whether tags of a body do here what they do there, or tags of a table what they do in that part of one. */
function isOrdinary({ mode, elements }: TreeState): boolean {
  const top = elements.top()?.tag;
  switch (mode) {
    case 'body':
    case 'cell':
      return ((top?.flags ?? 0) & FOREIGN) === 0;
    case 'row':
      return top?.name === 'tr';
    case 'table-body':
      return top !== undefined && SECTIONS.includes(top.name);
    default:
      return false;
  }
}

/** Directly in these, white space is put as it is, other text before the table. */
const TABLE_NODES = new Set(['table', 'tbody', 'tfoot', 'thead', 'tr']);

function firstNonSpace(text: string): string | undefined {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 0x20 && (code < 0x09 || code > 0x0d || code === 0x0b)) return text[i];
  }
  return undefined;
}

/** A start tag by the rules of the current insertion mode. */
function htmlStartTag(tree: TreeState, start: StartTag): Content {
  switch (tree.mode) {
    case 'head':
      if (start.tag.name === 'html' || start.tag.name === 'head') return 'data';
      if (!start.tag.head) openBody(tree);
      return bodyStartTag(tree, start);
    case 'body':
      return bodyStartTag(tree, start);
    case 'select':
      return selectStartTag(tree, start);
    case 'template':
      return templateStartTag(tree, start);
    default:
      return tableStartTag(tree, start);
  }
}

/** An end tag by the rules of the current insertion mode; true: again, by those of the mode that is now current. */
function htmlEndTag(tree: TreeState, tag: Tag): boolean {
  switch (tree.mode) {
    case 'head':
      if (tag.end === 'template') closeTemplate(tree);
      else if (tag.end === 'page' || tag.end === 'br') openBody(tree);
      return false;
    case 'body':
      bodyEndTag(tree, tag);
      return false;
    case 'select':
      selectEndTag(tree, tag);
      return false;
    case 'template':
      if (tag.end === 'template') closeTemplate(tree);
      return false;
    default:
      return tableEndTag(tree, tag);
  }
}
