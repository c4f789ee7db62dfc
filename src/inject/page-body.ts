/** What the ways of a page's body have in common, and the simplest of them: as it is. */
import type { RawHeaders } from '../http/raw-headers.ts';
import type { Outcome } from './outcome.ts';
import type { Page } from './page.ts';
import type { PageDelivery } from './page-delivery.ts';
import { editedTrailers, OUTCOME_HEADER } from './page-head.ts';

/** What stands between the origin's bytes and the client, once the head is decided. */
export type PageBody = {
  /** False: pause until the page's `resume`. */
  data(chunk: Buffer): boolean;
  end(trailers: RawHeaders): void;
  /** Whether bytes that came by `data` are still needed, here or further on. */
  isHolding(): boolean;
  /** The client's socket takes bytes again. */
  drained(): void;
  /** The origin or the client has gone: nothing may go out any more. */
  cancel(): void;
  /** What it was, should it end here. */
  readonly outcome: Outcome;
};

/** Trailers of a streamed page that was edited in its head. */
export function streamTrailers(page: Page, trailers: RawHeaders, outcome: Outcome): RawHeaders {
  const edited = editedTrailers(trailers);
  if (page.debug) edited.push(OUTCOME_HEADER, outcome);
  return edited;
}

/** Bytes as they come; only counted. */
export class PassedBody implements PageBody {
  readonly outcome: Outcome;
  readonly #delivery: PageDelivery;
  readonly #resume: () => void;

  constructor(outcome: Outcome, delivery: PageDelivery, resume: () => void) {
    this.outcome = outcome;
    this.#delivery = delivery;
    this.#resume = resume;
  }

  data(chunk: Buffer): boolean {
    return this.#delivery.data(chunk);
  }

  end(trailers: RawHeaders): void {
    this.#delivery.end(trailers, this.outcome);
  }

  isHolding(): boolean {
    return this.#delivery.isHolding();
  }

  drained(): void {
    this.#resume();
  }

  cancel(): void {}
}
