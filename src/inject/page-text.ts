/**
 * A page's text as it passes, decoded from its content coding: judges what the body rules ask, and holds back
 * what the snippet may have to stand before.
 */
import { containsAscii } from './charset.ts';
import { createEndState, type EndState } from './end-of-page/end-state.ts';
import type { BodyOutcome } from './outcome.ts';
import { isPage, PREFIX_BYTES } from './page-prefix.ts';
import { HELD_BYTES, heldFrom, placeIn } from './placement.ts';

/** What is known of a page before its first byte. */
export type PageFacts = {
  readonly contentType: string;
  /** The browser said that it shows this as a document (`Sec-Fetch-Dest: document`). */
  readonly shown: boolean;
};

/** Rules of the text that did not hold. */
export type TextOutcome = Exclude<BodyOutcome, 'csp-meta'>;

/**
 * Where the snippet goes, as an offset into the text, whether it could go behind all of it just as well, and
 * whether the page may hold a policy in a meta, which is to be asked then; or which rule did not hold.
 */
export type Placement =
  | { readonly at: number; readonly atEnd: boolean; readonly metaPolicy: boolean }
  | { readonly outcome: TextOutcome };

/** The place in a page that is all here. */
export function placeInPage(text: Buffer, facts: PageFacts): Placement {
  const outcome = prefixOutcome(text.subarray(0, PREFIX_BYTES), facts);
  if (outcome !== null) return { outcome };
  const tailStart = Math.max(0, text.length - HELD_BYTES);
  const endState = createEndState();
  endState.write(text.subarray(0, tailStart));
  const placed = placeAtEnd(endState, text.subarray(tailStart));
  return 'at' in placed ? { ...placed, at: tailStart + placed.at } : placed;
}

/** What the first PREFIX_BYTES say by themselves. */
export function prefixOutcome(prefix: Buffer, facts: PageFacts): 'charset' | 'not-page' | null {
  if (!containsAscii(prefix, facts.contentType)) return 'charset';
  return isPage(prefix.toString('latin1'), facts.shown) ? null : 'not-page';
}

/** The place in the tail of a page whose text before it `endState` has seen. */
function placeAtEnd(endState: EndState, tail: Buffer): Placement {
  const at = placeIn(tail.toString('latin1'));
  endState.write(tail.subarray(0, at));
  const before = judgeEnd(endState);
  if (at === tail.length) return before === null ? placed(endState, at, true) : { outcome: before };
  // What looked like the end of the page may stand in something open; past it, all may be closed.
  endState.write(tail.subarray(at));
  const after = judgeEnd(endState);
  if (before === null) return placed(endState, at, after === null);
  return after === null ? placed(endState, tail.length, true) : { outcome: after };
}

function placed(endState: EndState, at: number, atEnd: boolean): Placement {
  return { at, atEnd, metaPolicy: endState.hasMetaPolicy() };
}

function judgeEnd(endState: EndState): 'amp' | 'unclosed' | null {
  if (endState.isAmp()) return 'amp';
  return endState.takesSnippet() ? null : 'unclosed';
}

/** What is left when a stream has ended: where the snippet goes is between the two. */
export type StreamEnd = {
  readonly outcome: TextOutcome | null;
  /** It may hold a policy in a meta, which is to be asked then. */
  readonly metaPolicy: boolean;
  /** The snippet could stand behind all of the page just as well. */
  readonly atEnd: boolean;
  readonly before: Buffer;
  readonly after: Buffer;
};

const NOTHING = Buffer.alloc(0);
const NO_PLACE = { metaPolicy: false, atEnd: false } as const;

/** A class, because one is made for each streamed page, and it keeps its state between chunks. */
export class StreamedText {
  readonly #facts: PageFacts;
  readonly #endState = createEndState();
  /** The first PREFIX_BYTES while they are gathered; null once they are judged. */
  #prefix: Buffer | null = NOTHING;
  #outcome: TextOutcome | null = null;
  #held: Buffer = NOTHING;
  #scanning = true;

  constructor(facts: PageFacts) {
    this.#facts = facts;
  }

  /** What is held back; at most HELD_BYTES. */
  get held(): Buffer {
    return this.#held;
  }

  /** False: what comes changes nothing any more. */
  get isScanning(): boolean {
    return this.#scanning;
  }

  /**
   * Takes the next chunk and returns what may go out. Should looking at it fail, it throws, and `giveUp` has
   * what was held with the chunk behind it: no byte is lost.
   */
  write(chunk: Buffer): Buffer {
    if (!this.#scanning) return chunk;
    const all = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = all;
    this.#gatherPrefix(chunk);
    const tailStart = Math.max(0, all.length - HELD_BYTES);
    const from =
      this.#outcome === null ? tailStart + heldFrom(all.toString('latin1', tailStart)) : all.length;
    const released = all.subarray(0, from);
    if (this.#outcome === null) this.#endState.write(released);
    else this.#scanning = false;
    // A copy: a view would keep the whole chunk in memory while the origin thinks.
    this.#held = from === all.length ? NOTHING : Buffer.from(all.subarray(from));
    return released;
  }

  #gatherPrefix(chunk: Buffer): void {
    if (this.#prefix === null) return;
    const room = PREFIX_BYTES - this.#prefix.length;
    this.#prefix = Buffer.concat([this.#prefix, chunk.subarray(0, room)]);
    if (this.#prefix.length === PREFIX_BYTES) this.#judgePrefix();
  }

  #judgePrefix(): void {
    if (this.#prefix === null) return;
    this.#outcome = prefixOutcome(this.#prefix, this.#facts);
    this.#prefix = null;
  }

  /** The end of the page; may throw like `write`. */
  end(): StreamEnd {
    const held = this.#held;
    this.#judgePrefix();
    const outcome = this.#outcome;
    if (outcome !== null) return { outcome, ...NO_PLACE, before: held, after: NOTHING };
    const placed = placeAtEnd(this.#endState, held);
    if (!('at' in placed)) return { ...placed, ...NO_PLACE, before: held, after: NOTHING };
    const { at, atEnd, metaPolicy } = placed;
    return { outcome: null, metaPolicy, atEnd, before: held.subarray(0, at), after: held.subarray(at) };
  }

  /** Stops looking: returns what is held; from now on `write` passes everything on. */
  giveUp(): Buffer {
    const held = this.#held;
    this.#held = NOTHING;
    this.#scanning = false;
    return held;
  }
}
