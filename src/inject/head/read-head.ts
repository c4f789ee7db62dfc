/**
 * The head of a page, read by parse5 as a browser reads it: which content security policies stand in it, and
 * where in it a script may go. It reads no further than to where the body begins.
 */
import { type DefaultTreeAdapterMap, type DefaultTreeAdapterTypes, html, Parser, type Token } from 'parse5';
import { isAmp } from '../end-of-page/page-marks.ts';

/** A meta whose policy the page is under (HTML standard §4.2.5.3); offsets are into the page's text. */
export type MetaPolicy = {
  /** Of its `content`, with character references decoded. */
  readonly value: string;
  /** The whole attribute, from its name on. */
  readonly start: number;
  readonly end: number;
};

export type PageHead = {
  readonly amp: boolean;
  readonly policies: readonly MetaPolicy[];
  /**
   * Where a script goes that is to run early: behind the declaration of the encoding, which has to stay within
   * the first 1,024 bytes, and behind every policy, which binds our script like the page's own; else where the
   * head begins. Null: the page has no more than its beginning, and what stands last may not have ended.
   */
  readonly scriptAt: number | null;
  /** The last place where a script is still in the head. */
  readonly endAt: number;
};

/**
 * `text`: Latin-1, one character is one byte. `whole`: no more will come; if more may, an explicit end of the head is
 * one, though a meta between it and the body would belong to the head. Null: the head may go on behind the text.
 */
export function readHead(text: string, whole: boolean): PageHead | null {
  // A byte order mark is no part of what a parser sees.
  const mark = text.startsWith(MARK) ? MARK.length : 0;
  const parser = new HeadParser({ sourceCodeLocationInfo: true });
  parser.tokenizer.write(text.slice(mark), whole);
  const { bodyAt, headElement: head } = parser;
  const endAt = bodyAt ?? head?.sourceCodeLocation?.endTag?.endOffset;
  if (endAt === undefined || head === null) return null;
  return describe(parser, { bodyAt: endAt, head, mark });
}

const MARK = '\u00ef\u00bb\u00bf';

type Element = DefaultTreeAdapterTypes.Element;

/** A class, because parse5 tells only its heirs where it is. */
class HeadParser extends Parser<DefaultTreeAdapterMap> {
  /** Where what opened the body stands. */
  bodyAt: number | null = null;
  rootAttributes = '';
  /** The end of the page opened the body. */
  ended = false;
  #at = 0;

  override onStartTag(token: Token.TagToken): void {
    this.#at = token.location!.startOffset;
    super.onStartTag(token);
  }

  override onEndTag(token: Token.TagToken): void {
    this.#at = token.location!.startOffset;
    super.onEndTag(token);
  }

  override onCharacter(token: Token.CharacterToken): void {
    this.#at = token.location!.startOffset;
    super.onCharacter(token);
  }

  override onEof(token: Token.EOFToken): void {
    this.#at = token.location!.startOffset;
    if (this.bodyAt === null) this.ended = true;
    super.onEof(token);
  }

  override onItemPush(node: DefaultTreeAdapterTypes.ParentNode, id: number, isTop: boolean): void {
    super.onItemPush(node, id, isTop);
    if (id === html.TAG_ID.HTML && 'attrs' in node) this.rootAttributes = namesOf(node);
    if (this.bodyAt !== null || (id !== html.TAG_ID.BODY && id !== html.TAG_ID.FRAMESET)) return;
    this.bodyAt = this.#at;
    this.tokenizer.pause();
  }
}

const namesOf = ({ attrs }: Element) => attrs.map(({ name }) => ` ${name}`).join('');

type Found = { readonly bodyAt: number; readonly head: Element; readonly mark: number };

function describe({ rootAttributes, ended }: HeadParser, { bodyAt, head, mark }: Found): PageHead {
  const metas = head.childNodes.filter((node): node is Element => node.nodeName === 'meta');
  const policies = metas.filter(isPolicy);
  const anchors = [...metas.filter(declaresEncoding).slice(0, 1), ...policies];
  const own = head.sourceCodeLocation;
  const first = head.childNodes[0]?.sourceCodeLocation;
  const start = own?.startTag?.endOffset ?? first?.startOffset ?? (ended ? null : bodyAt);
  return {
    amp: isAmp(rootAttributes),
    policies: policies.map((meta) => {
      const { startOffset, endOffset } = meta.sourceCodeLocation!.attrs!.content!;
      return { value: attribute(meta, 'content')!, start: startOffset + mark, end: endOffset + mark };
    }),
    scriptAt:
      start === null
        ? null
        : Math.max(start, ...anchors.map((meta) => meta.sourceCodeLocation!.endOffset)) + mark,
    endAt: (own?.endTag?.startOffset ?? bodyAt) + mark,
  };
}

function attribute({ attrs }: Element, name: string): string | undefined {
  return attrs.find((one) => one.name === name)?.value;
}

/** In a meta a policy is never report-only, and without content it is none. */
function isPolicy(meta: Element): boolean {
  if (attribute(meta, 'http-equiv')?.toLowerCase() !== 'content-security-policy') return false;
  return (attribute(meta, 'content') ?? '') !== '';
}

function declaresEncoding(meta: Element): boolean {
  if (attribute(meta, 'charset') !== undefined) return true;
  if (attribute(meta, 'http-equiv')?.toLowerCase() !== 'content-type') return false;
  return /charset/i.test(attribute(meta, 'content') ?? '');
}
