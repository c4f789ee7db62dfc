/**
 * Whether the end of what a page has said so far is text between elements, so that a snippet put there is
 * neither shown, nor swallowed, nor closes what the page left open (proxy: "The end of the page").
 *
 * Plain tags are read straight from bytes; every doubt goes to our own tokenizer, for as long as it lasts. Both
 * feed one tree, whose oracle is parse5.
 */
import { PlainTags } from './plain-tags.ts';
import { Tokenizer } from './tokenizer.ts';
import { Tree } from './tree.ts';

export type EndState = {
  /** Takes the next piece of the page. */
  write(bytes: Buffer): void;
  /** Whether a snippet may stand at the end of what was written. */
  takesSnippet(): boolean;
  /** The page is AMP, where no script but AMP's may stand. */
  isAmp(): boolean;
  /** The page holds a content security policy in a meta. */
  hasMetaPolicy(): boolean;
};

/** UTF-8's byte order mark, which decoders do not pass on. */
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** The tokenizer mostly needs little: it gets more each time that this was not enough. */
const FIRST_BYTES = 128;
const MAX_BYTES = 64 << 10;

export function createEndState(): EndState {
  const tree = new Tree();
  const tokenizer = new Tokenizer(tree);
  const plainTags = new PlainTags(tree);
  /** The first bytes while they may still be a mark; null once that is known. */
  let start: Buffer | null = Buffer.alloc(0);

  function read(bytes: Buffer, from: number): void {
    plainTags.leaveWindow();
    let next = from;
    let share = FIRST_BYTES;
    while (next < bytes.length && !tree.doubt) {
      if (tokenizer.inData()) {
        next = plainTags.read(bytes, next);
        if (plainTags.content !== 'data') tokenizer.openRaw(plainTags.element);
        share = FIRST_BYTES;
        if (next === bytes.length) return;
      }
      next += tokenizer.read(bytes.toString('latin1', next, Math.min(bytes.length, next + share)));
      share = Math.min(4 * share, MAX_BYTES);
    }
  }

  function write(bytes: Buffer): void {
    if (start === null) {
      read(bytes, 0);
      return;
    }
    start = start.length === 0 ? bytes : Buffer.concat([start, bytes]);
    const marked = start.subarray(0, MARK.length).equals(MARK.subarray(0, start.length));
    if (marked && start.length < MARK.length) {
      // A copy: it is kept, and the caller's bytes are the caller's.
      start = Buffer.from(start);
      return;
    }
    const all = start;
    start = null;
    read(all, marked ? MARK.length : 0);
  }

  return {
    write,
    takesSnippet: () => tokenizer.inData() && tree.takesSnippet(),
    isAmp: () => tokenizer.amp,
    hasMetaPolicy: () => tokenizer.metaPolicy,
  };
}
