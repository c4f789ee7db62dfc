/**
 * A streamed page's text with the snippet in it, so guarded that a fault of ours costs the snippet and never a
 * byte of the page.
 */
import type { Done, Outcome } from './outcome.ts';
import type { Page } from './page-body.ts';
import { StreamedText } from './page-text.ts';

/** A class, because one is made for each streamed page. */
export class GuardedText {
  readonly #page: Page;
  readonly #done: Done;
  readonly #text: StreamedText;
  /** Until the end is known, a page that breaks off there is an unclosed one. */
  outcome: Outcome = 'unclosed';
  #givenUp = false;

  /** `done`: what the outcome is where the snippet gets in. */
  constructor(page: Page, done: Done) {
    this.#page = page;
    this.#done = done;
    this.#text = new StreamedText(page.facts);
  }

  /** Takes the next text, returns what may go out. */
  write(chunk: Buffer): Buffer {
    try {
      return this.#text.write(chunk);
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** The page has ended: what is left of it, with the snippet or without. */
  end(): Buffer {
    if (this.#givenUp) return this.#text.giveUp();
    try {
      const { outcome, before, after } = this.#text.end();
      const left = outcome === null ? Buffer.concat([before, this.#page.snippet(), after]) : before;
      this.outcome = outcome ?? this.#done;
      return left;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** No snippet, for that reason; returns what was held back. */
  giveUp(outcome: Outcome): Buffer {
    this.outcome = outcome;
    this.#givenUp = true;
    return this.#text.giveUp();
  }

  #fail(error: unknown): Buffer {
    this.#page.fault(error);
    return this.giveUp('failed');
  }
}
