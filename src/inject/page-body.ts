/** What the ways of a page's body have in common, and the simplest of them: as it is. */
import type { RawHeaders } from '../http/raw-headers.ts';
import type { ResponseHead } from '../http/response-writer.ts';
import type { Editable } from './encoding.ts';
import type { Done, Outcome } from './outcome.ts';
import type { PageDelivery } from './page-delivery.ts';
import { editedTrailers, OUTCOME_HEADER } from './page-head.ts';
import type { PageFacts } from './page-text.ts';

/** One page that may get the snippet. */
export type Page = {
  readonly encoding: Editable;
  readonly facts: PageFacts;
  readonly delivery: PageDelivery;
  /** The head of the page if it passes as it came. */
  passedHead(outcome: Outcome): ResponseHead;
  /** The head of the edited page; `length` null: streamed. */
  editedHead(length: number | null, outcome: Done | null): ResponseHead;
  /** May throw: it asks other rooms. */
  snippet(): Buffer;
  /** The snippet without the end that all scripts share; null where no script is in it. May throw likewise. */
  readonly snippetStart: (() => Buffer) | null;
  /** Says in a trailer what the head of a streamed page could not know. */
  readonly debug: boolean;
  fault(error: unknown): void;
  /** Lets the origin go on. */
  resume(): void;
};

/** What stands between the origin's bytes and the client, once the head is decided. */
export type PageBody = {
  /** False: pause until the page's `resume`. */
  data(chunk: Buffer): boolean;
  end(trailers: RawHeaders): void;
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

  drained(): void {
    this.#resume();
  }

  cancel(): void {}
}
