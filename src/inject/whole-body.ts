import type { RawHeaders } from '../http/raw-headers.ts';
import type { ResponseHead } from '../http/response-writer.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { Arrival, Arrivals, Waiter } from './arrival.ts';
import type { ByteBudget } from './byte-budget.ts';
import { codecOf } from './codec.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import { measureText } from './measure-text.ts';
import type { Done, Outcome } from './outcome.ts';
import type { Page } from './page.ts';
import type { PageBody } from './page-body.ts';
import { editedTrailers } from './page-head.ts';
import type { PageMemory } from './page-memory.ts';
import { recodeWhole } from './recode-whole.ts';
import type { GzipEditor } from './whole-gzip.ts';
import { carryOut, type FindPlace, planText, type WholeEdit } from './whole-text.ts';

type WholeResponse = {
  readonly head: ResponseHead;
  readonly body: Buffer;
  readonly trailers: RawHeaders;
  readonly outcome: Outcome;
};

/** A body that took over; `ready` false: pause until the page's `resume`. */
export type OpenedBody = { readonly body: PageBody; readonly ready: boolean };

/** What it needs of the room, and its way out. */
export type WholeDeps = {
  readonly maxBytes: number;
  /** Null: the origin did not say. */
  readonly announcedBytes: number | null;
  /** Of all pages that are gathered at a time. */
  readonly budget: ByteBudget;
  readonly memory: PageMemory;
  readonly arrivals: Arrivals;
  readonly editGzip: GzipEditor;
  readonly findPlace: FindPlace;
  /** The page is too slow or too large: goes on as a stream, with what was gathered. */
  stream(chunks: readonly Buffer[]): OpenedBody;
};

/**
 * Gathers a page to edit it whole, so that its head can say its exact length. Nothing has gone out yet, so
 * whatever goes wrong, the page can still pass as it came.
 */
export class WholeBody implements PageBody, Waiter {
  /** Until it has ended. */
  readonly outcome: Outcome = 'cut';
  readonly #page: Page;
  readonly #deps: WholeDeps;
  readonly #gathered: GatheredBytes;
  readonly #arrival: Arrival;
  #bytes = 0;
  #measuring: { destroy(): void } | null = null;

  constructor(page: Page, deps: WholeDeps) {
    this.#page = page;
    this.#deps = deps;
    this.#gathered = new GatheredBytes(deps.announcedBytes, deps.memory);
    this.#arrival = deps.arrivals.expect(this, deps.announcedBytes !== null);
  }

  data(chunk: Buffer): boolean {
    const fits = this.#bytes + chunk.length <= this.#deps.maxBytes && this.#deps.budget.take(chunk.length);
    this.#gathered.add(chunk);
    if (!fits) return this.#toStream().ready;
    this.#bytes += chunk.length;
    this.#deps.arrivals.came(this.#arrival);
    return true;
  }

  tooLate(): void {
    this.#toStream();
  }

  end(trailers: RawHeaders): void {
    const body = this.#gathered.bytes;
    const response = this.#edit(body, trailers);
    if (response === null) this.#measure(body, trailers);
    else this.#send(response);
  }

  #send(response: WholeResponse): void {
    this.#settle();
    const { delivery } = this.#page;
    delivery.head(response.head);
    if (response.body.length > 0) delivery.data(response.body);
    delivery.end(response.trailers, response.outcome);
    this.#giveBack();
  }

  /** Null: it is too much to be edited at once. */
  #edit(body: Buffer, trailers: RawHeaders): WholeResponse | null {
    try {
      const edit = this.#editBody(body);
      switch (edit.kind) {
        case 'edited':
          return this.#edited(edit, trailers);
        case 'plain':
          return this.#plain(body, trailers, edit.outcome);
        case 'streamed':
          return null;
        default:
          return assertNever(edit);
      }
    } catch (error) {
      this.#page.fault(error);
      return this.#plain(this.#gathered.bytes, trailers, 'failed'); // it may have moved
    }
  }

  #editBody(body: Buffer): WholeEdit {
    const page = this.#page;
    if (page.encoding === 'identity') return this.#editText(body);
    if (page.encoding === 'gzip') return this.#deps.editGzip(body, page, (more) => this.#gathered.grow(more));
    const codec = codecOf(page.encoding, body);
    return codec === null ? { kind: 'plain', outcome: 'encoding' } : recodeWhole(codec, body, page);
  }

  /** A page without a content coding. */
  #editText(text: Buffer): WholeEdit {
    const page = this.#page;
    const plan = planText(text, page, this.#deps.findPlace);
    if (plan.kind === 'plain') return { kind: 'plain', outcome: plan.outcome };
    const inPlace = plan.changes.length === 0;
    const body = inPlace
      ? this.#gathered.insert(plan.at, page.snippetPieces())
      : carryOut(text, plan, page.snippet());
    return { kind: 'edited', body, outcome: 'inserted' };
  }

  /** It is all here, so it need not be begun before it is known that it can be ended. */
  #measure(body: Buffer, trailers: RawHeaders): void {
    this.#deps.arrivals.over(this.#arrival);
    const coding = this.#page.encoding;
    const codec = coding === 'identity' ? null : codecOf(coding, body);
    this.#measuring =
      codec === null
        ? null
        : measureText(codec, body, (fits) => {
            if (fits) this.#toStream().body.end(trailers);
            else this.#send(this.#plain(body, trailers, 'encoding'));
          });
  }

  #plain(body: Buffer, trailers: RawHeaders, outcome: Outcome): WholeResponse {
    return { head: this.#page.passedHead(outcome), body, trailers, outcome };
  }

  /** With trailers the body has to be chunked: Content-Length and trailers exclude each other. */
  #edited({ body, outcome }: { body: Buffer; outcome: Done }, trailers: RawHeaders): WholeResponse {
    const kept = editedTrailers(trailers);
    const head = this.#page.editedHead(kept.length === 0 ? body.length : null, outcome);
    return { head, body, trailers: kept, outcome };
  }

  #toStream(): OpenedBody {
    this.#settle();
    const { bytes } = this.#gathered;
    this.#gathered.leave();
    return this.#deps.stream(bytes.length === 0 ? [] : [bytes]);
  }

  /** What it is given it copies. */
  isHolding(): boolean {
    return false;
  }

  drained(): void {
    this.#page.resume();
  }

  /**
   * What is still on its way to a client that has gone may be read once more (HTTP/2 sends the rest of a frame that it
   * has begun), and must not be another visitor's page: this memory is left.
   */
  cancel(): void {
    this.#settle();
    this.#gathered.leave();
  }

  #settle(): void {
    this.#deps.arrivals.over(this.#arrival);
    this.#measuring?.destroy();
    this.#deps.budget.release(this.#bytes);
    this.#bytes = 0;
  }

  /** Only what the system took at once. A thread of zlib's may still be at it where the text was measured. */
  #giveBack(): void {
    if (this.#measuring !== null) this.#gathered.leave();
    else if (this.#page.delivery.isHolding()) this.#gathered.leave();
    else this.#gathered.giveBack();
  }
}
