import type { RawHeaders } from '../http/raw-headers.ts';
import { type Codec, codecOf } from './codec.ts';
import { GuardedText } from './guarded-text.ts';
import type { Outcome } from './outcome.ts';
import type { Page } from './page.ts';
import { type PageBody, PassedBody, streamTrailers } from './page-body.ts';
import { createRecoder, type Recoder } from './recode-stream.ts';

type State =
  /** Nothing has come of it; the recoder is there before the head goes out, should it not be to be had. */
  | { readonly kind: 'new'; readonly recoder: Recoder }
  | { readonly kind: 'recoding'; readonly recoder: Recoder }
  /** Not what it is called, so that its bytes pass. */
  | { readonly kind: 'passing'; readonly body: PassedBody }
  | { readonly kind: 'recoded' }
  | { readonly kind: 'over' };

/** A zlib header; of the other codings, too, a single byte tells nothing. */
const MIN_START_BYTES = 2;
const OVER: State = { kind: 'over' };

/** A compressed page edited as it passes. It ends when both the origin and the recoder have. */
export class RecodedBody implements PageBody {
  readonly #page: Page;
  readonly #codec: Codec;
  readonly #text: GuardedText;
  #trailers: RawHeaders | null = null;
  #state: State;
  /** What came while it was too little to be told what it is. */
  #start: Buffer = Buffer.alloc(0);

  /** `codec`: what its beginning, as far as it is here, looks like; its `memoryBytes` were taken. */
  constructor(page: Page, codec: Codec) {
    this.#page = page;
    this.#codec = codec;
    this.#text = new GuardedText(page, 'recoded');
    this.#state = { kind: 'new', recoder: this.#createRecoder(codec) };
  }

  get outcome(): Outcome {
    return this.#text.outcome;
  }

  data(chunk: Buffer): boolean {
    if (this.#state.kind !== 'new') return this.#pass(chunk);
    this.#start = Buffer.concat([this.#start, chunk]);
    if (this.#start.length < MIN_START_BYTES) return true;
    this.#state = this.#open(this.#start, this.#state.recoder);
    return this.#pass(this.#start);
  }

  #pass(chunk: Buffer): boolean {
    switch (this.#state.kind) {
      case 'recoding':
        return this.#state.recoder.write(chunk);
      case 'passing':
        return this.#state.body.data(chunk);
      default:
        return true; // behind the end of the stream: rubbish, and no part of the page
    }
  }

  #open(start: Buffer, recoder: Recoder): State {
    try {
      const codec = codecOf(this.#codec.coding, start);
      if (codec === this.#codec) return { kind: 'recoding', recoder };
      recoder.destroy();
      if (codec !== null) return { kind: 'recoding', recoder: this.#createRecoder(codec) };
      return this.#openPassing('encoding');
    } catch (error) {
      this.#page.fault(error);
      return this.#openPassing('failed');
    }
  }

  #openPassing(outcome: 'encoding' | 'failed'): State {
    this.#text.giveUp(outcome);
    const { delivery, resume } = this.#page;
    return { kind: 'passing', body: new PassedBody(outcome, delivery, resume) };
  }

  /** Nothing is an empty page, a single byte is none in any coding. */
  #endUnopened(): void {
    if (this.#start.length === 0) {
      this.#text.end();
      return;
    }
    if (this.#state.kind === 'new') this.#state.recoder.destroy();
    this.#state = this.#openPassing('encoding');
    this.#page.delivery.data(this.#start);
  }

  #createRecoder(codec: Codec): Recoder {
    const { delivery, resume } = this.#page;
    return createRecoder(codec, {
      edit: (text) => this.#text.write(text),
      giveUp: () => this.#text.giveUp('encoding'),
      finish: () => this.#text.end(),
      out: (chunk) => delivery.data(chunk),
      drained: () => resume(),
      ended: () => this.#onRecoded(),
      broken: () => this.#onBroken(),
    });
  }

  end(trailers: RawHeaders): void {
    this.#trailers = trailers;
    if (this.#state.kind === 'new') this.#endUnopened();
    if (this.#state.kind === 'recoding') this.#state.recoder.end();
    else this.#finish(trailers);
  }

  /** In zlib. */
  isHolding(): boolean {
    return true;
  }

  drained(): void {
    if (this.#state.kind === 'recoding') this.#state.recoder.resume();
    else this.#page.resume();
  }

  cancel(): void {
    if (this.#state.kind === 'over') return;
    if ('recoder' in this.#state) this.#state.recoder.destroy();
    this.#page.releaseRecoder(this.#codec.memoryBytes);
    this.#state = OVER;
  }

  #onRecoded(): void {
    if (this.#state.kind === 'over') return;
    if (this.#state.kind === 'recoding') this.#state.recoder.destroy();
    this.#state = { kind: 'recoded' };
    if (this.#trailers !== null) this.#finish(this.#trailers);
  }

  #finish(trailers: RawHeaders): void {
    this.cancel();
    this.#page.delivery.end(streamTrailers(this.#page, trailers, this.outcome), this.outcome);
  }

  /** What has gone out cannot be taken back, and what follows cannot be read: it must not look whole. */
  #onBroken(): void {
    if (this.#state.kind === 'over') return;
    this.cancel();
    this.#text.giveUp('encoding');
    this.#page.delivery.abort('encoding');
  }
}
