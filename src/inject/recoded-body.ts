import type { RawHeaders } from '../http/raw-headers.ts';
import { GuardedText } from './guarded-text.ts';
import { looksLikeGzip } from './gzip-header.ts';
import type { Outcome } from './outcome.ts';
import { type Page, type PageBody, PassedBody, streamTrailers } from './page-body.ts';
import { createRecoder, type Recoder } from './recode-stream.ts';

/** A gzip page edited as it passes. It ends when both the origin and the recoder have. */
export class RecodedBody implements PageBody {
  readonly #page: Page;
  readonly #text: GuardedText;
  readonly #recoder: Recoder;
  #trailers: RawHeaders | null = null;
  #state: 'new' | 'recoding' | 'recoded' | 'over' = 'new';
  /** Not null: this is no gzip after all, and its bytes pass. */
  #passed: PassedBody | null = null;

  constructor(page: Page) {
    this.#page = page;
    this.#text = new GuardedText(page, 'recoded');
    this.#recoder = createRecoder({
      edit: (text) => this.#text.write(text),
      giveUp: () => this.#text.giveUp('encoding'),
      finish: () => this.#text.end(),
      out: (chunk) => page.delivery.data(chunk),
      drained: () => page.resume(),
      ended: () => this.#onRecoded(),
      broken: () => this.#onBroken(),
    });
  }

  get outcome(): Outcome {
    return this.#text.outcome;
  }

  data(chunk: Buffer): boolean {
    if (this.#state === 'new') this.#open(chunk);
    return this.#passed === null ? this.#recoder.write(chunk) : this.#passed.data(chunk);
  }

  #open(chunk: Buffer): void {
    this.#state = 'recoding';
    if (looksLikeGzip(chunk)) return;
    this.#text.giveUp('encoding');
    this.#recoder.destroy();
    this.#passed = new PassedBody('encoding', this.#page.delivery, this.#page.resume);
  }

  end(trailers: RawHeaders): void {
    this.#trailers = trailers;
    if (this.#passed !== null || this.#state === 'new' || this.#state === 'recoded') this.#finish(trailers);
    else this.#recoder.end();
  }

  drained(): void {
    if (this.#passed === null) this.#recoder.resume();
    else this.#passed.drained();
  }

  cancel(): void {
    this.#state = 'over';
    this.#recoder.destroy();
  }

  #onRecoded(): void {
    if (this.#state === 'over') return;
    this.#state = 'recoded';
    if (this.#trailers !== null) this.#finish(this.#trailers);
  }

  #finish(trailers: RawHeaders): void {
    this.cancel();
    this.#page.delivery.end(streamTrailers(this.#page, trailers, this.outcome), this.outcome);
  }

  /** What has gone out cannot be taken back, and what follows cannot be read: it must not look whole. */
  #onBroken(): void {
    this.#state = 'over';
    this.#text.giveUp('encoding');
    this.#page.delivery.abort('encoding');
  }
}
