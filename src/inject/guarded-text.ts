/**
 * A streamed page's text with the snippet in it, so guarded that a fault of ours costs the snippet and never a
 * byte of the page.
 */
import { HeadWatch, type WatchedHead } from './head/watch-head.ts';
import type { Done, Outcome } from './outcome.ts';
import type { Page } from './page.ts';
import { PREFIX_BYTES } from './page-prefix.ts';
import { prefixOutcome, type StreamEnd, StreamedText } from './page-text.ts';

const NOTHING = Buffer.alloc(0);

/** A class, because one is made for each streamed page. */
export class GuardedText {
  readonly #page: Page;
  readonly #done: Done;
  readonly #text: StreamedText;
  /** Null once the head has been read. */
  #watch: HeadWatch | null;
  #watched: WatchedHead | null = null;
  /** Bytes that had gone out. */
  #sent = 0;
  /** Until the end is known, a page that breaks off is one that was cut. */
  outcome: Outcome = 'cut';
  #state: 'looking' | 'placed' | 'given-up' = 'looking';

  /** `done`: what the outcome is where the snippet gets in. */
  constructor(page: Page, done: Done) {
    this.#page = page;
    this.#done = done;
    this.#text = new StreamedText(page.facts);
    this.#watch = new HeadWatch({ always: page.place === 'head' });
  }

  /** Takes the next text, returns what may go out. */
  write(chunk: Buffer): Buffer {
    if (this.#state !== 'looking') return chunk;
    let released: Buffer;
    try {
      released = this.#text.write(chunk);
    } catch (error) {
      return this.#fail(error);
    }
    return this.#watch === null ? released : this.#watchHead(this.#watch, released);
  }

  /** The page has ended: what is left of it, with the snippet or without. */
  end(): Buffer {
    if (this.#state !== 'looking') return this.#text.giveUp();
    try {
      const end = this.#text.end();
      const { outcome, mayStand } = this.#decide(end);
      this.outcome = outcome;
      const snippet = mayStand ? this.#page.snippet() : NOTHING;
      return Buffer.concat([end.before, snippet, end.after]);
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** The page has ended, and all of it went its way by itself: whether the snippet may stand behind it. */
  endBehind(): boolean {
    if (this.#state !== 'looking') return false;
    try {
      const end = this.#text.end();
      const { outcome, mayStand } = this.#decide(end);
      this.outcome = mayStand && !end.atEnd ? 'unclosed' : outcome;
      return mayStand && end.atEnd;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** False: what comes changes nothing any more. */
  get isLooking(): boolean {
    return this.#state === 'looking' && this.#text.isScanning;
  }

  /** No snippet, for that reason, unless it is in already; returns what was held back. */
  giveUp(outcome: Outcome): Buffer {
    if (this.#state !== 'placed') {
      this.outcome = outcome;
      this.#state = 'given-up';
    }
    this.#watch = null;
    return this.#text.giveUp();
  }

  #fail(error: unknown): Buffer {
    this.#page.fault(error);
    return this.giveUp('failed');
  }

  /** What may go out, with the snippet in it if it goes into the head, and the head is here. */
  #watchHead(watch: HeadWatch, released: Buffer): Buffer {
    try {
      this.#watched = watch.write(released);
      if (this.#watched !== null) this.#watch = null;
      const at = this.#page.place === 'head' ? this.#placeInHead(this.#watched, watch.text) : null;
      if (at === null || at - this.#sent > released.length) {
        this.#sent += released.length;
        return released;
      }
      return this.#place(released, at - this.#sent);
    } catch (error) {
      return Buffer.concat([released, this.#fail(error)]);
    }
  }

  /** Where the snippet goes: where it should, unless that is out, then as early as the head still allows. */
  #placeInHead(watched: WatchedHead | null, text: string): number | null {
    if (watched?.kind !== 'head') return null;
    const { amp, policies, scriptAt, endAt } = watched.head;
    const prefix = Buffer.from(text.slice(0, PREFIX_BYTES), 'latin1');
    if (amp || prefixOutcome(prefix, this.#page.facts) !== null) return null;
    if (!this.#page.obeyLate(policies.map(({ value }) => value)).script) return null;
    return [scriptAt, endAt].find((at) => at !== null && at >= this.#sent) ?? null;
  }

  /** From here on everything passes as it comes. */
  #place(released: Buffer, at: number): Buffer {
    const snippet = this.#page.snippet();
    this.#state = 'placed';
    this.outcome = this.#done;
    const held = this.#text.giveUp();
    return Buffer.concat([released.subarray(0, at), snippet, released.subarray(at), held]);
  }

  /** What becomes of a page that has ended, in whose head nothing was put. */
  #decide({ outcome, metaPolicy }: StreamEnd): { outcome: Outcome; mayStand: boolean } {
    if (outcome !== null) return { outcome, mayStand: false };
    if (!metaPolicy) return { outcome: this.#done, mayStand: true };
    const watched = this.#watched ?? this.#watch?.end();
    if (watched?.kind !== 'head') return { outcome: 'csp-meta', mayStand: false };
    const { script, pixel } = this.#page.obeyLate(watched.head.policies.map(({ value }) => value));
    return { outcome: script ? this.#done : 'csp-meta', mayStand: script || pixel };
  }
}
