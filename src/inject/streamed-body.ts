import type { RawHeaders } from '../http/raw-headers.ts';
import { GuardedText } from './guarded-text.ts';
import type { Outcome } from './outcome.ts';
import type { Page } from './page.ts';
import { type PageBody, streamTrailers } from './page-body.ts';

/** An identity page edited as it passes: a chunk goes out at once, but for what the page may end in. */
export class StreamedBody implements PageBody {
  readonly #page: Page;
  readonly #text: GuardedText;

  constructor(page: Page) {
    this.#page = page;
    this.#text = new GuardedText(page, 'inserted');
  }

  get outcome(): Outcome {
    return this.#text.outcome;
  }

  data(chunk: Buffer): boolean {
    const released = this.#text.write(chunk);
    return released.length === 0 || this.#page.delivery.data(released);
  }

  end(trailers: RawHeaders): void {
    const left = this.#text.end();
    if (left.length > 0) this.#page.delivery.data(left);
    this.#page.delivery.end(streamTrailers(this.#page, trailers, this.outcome), this.outcome);
  }

  /** What it keeps itself is a copy. */
  isHolding(): boolean {
    return this.#page.delivery.isHolding();
  }

  drained(): void {
    this.#page.resume();
  }

  cancel(): void {}
}
