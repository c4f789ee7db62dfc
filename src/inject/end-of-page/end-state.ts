/**
 * Whether the end of what a page has said so far is text between elements, so that a snippet put there is
 * neither shown, nor swallowed, nor closes what the page left open (proxy: "The end of the page").
 *
 * It answers from our own tokenizer, whose oracle is parse5. A cheaper filter in front of it belongs here: it
 * may answer `takesSnippet` itself where parse5 would agree, and hands what it saw to the tokenizer when in
 * doubt.
 */
import { Tokenizer } from './tokenizer.ts';
import { Tree } from './tree.ts';

export type EndState = {
  /** Takes the next piece of the page; one Latin-1 character is one byte. */
  write(text: string): void;
  /** Whether a snippet may stand at the end of what was written. */
  takesSnippet(): boolean;
  /** The page is AMP, where no script but AMP's may stand. */
  isAmp(): boolean;
  /** The page holds a content security policy in a meta. */
  hasMetaPolicy(): boolean;
};

/** UTF-8's byte order mark, which decoders do not pass on. */
const MARK = '\u00ef\u00bb\u00bf';

export function createEndState(): EndState {
  const tree = new Tree();
  const tokenizer = new Tokenizer(tree);
  /** The first bytes while they may still be a mark; null once that is known. */
  let start: string | null = '';

  function write(text: string): void {
    if (start === null) {
      tokenizer.write(text);
      return;
    }
    start += text;
    if (MARK.startsWith(start)) return;
    tokenizer.write(start.startsWith(MARK) ? start.slice(MARK.length) : start);
    start = null;
  }

  return {
    write,
    takesSnippet: () => tokenizer.inData() && tree.takesSnippet(),
    isAmp: () => tokenizer.amp,
    hasMetaPolicy: () => tokenizer.metaPolicy,
  };
}
