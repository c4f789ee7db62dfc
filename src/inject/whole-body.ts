import type { RawHeaders } from '../http/raw-headers.ts';
import type { ResponseHead } from '../http/response-writer.ts';
import { assertNever } from '../lib/assert-never.ts';
import type { Done, Outcome } from './outcome.ts';
import type { Page, PageBody } from './page-body.ts';
import { editedTrailers } from './page-head.ts';
import { placeInPage } from './page-text.ts';
import type { WholeBudget } from './whole-budget.ts';
import type { GzipEditor, WholeEdit } from './whole-gzip.ts';

/** A body that is all here this soon after its head is edited whole. */
const WAIT_MS = 10;

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
  /** Of all pages that are gathered at a time. */
  readonly budget: WholeBudget;
  readonly editGzip: GzipEditor;
  /** The page is too slow or too large: goes on as a stream, with what was gathered. */
  stream(chunks: readonly Buffer[]): OpenedBody;
};

/**
 * Gathers a page to edit it whole, so that its head can say its exact length. Nothing has gone out yet, so
 * whatever goes wrong, the page can still pass as it came.
 */
export class WholeBody implements PageBody {
  readonly outcome: Outcome = 'unclosed';
  readonly #page: Page;
  readonly #deps: WholeDeps;
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

  constructor(page: Page, deps: WholeDeps) {
    this.#page = page;
    this.#deps = deps;
    this.#timer = setTimeout(() => this.#toStream(), WAIT_MS);
  }

  data(chunk: Buffer): boolean {
    const fits = this.#bytes + chunk.length <= this.#deps.maxBytes && this.#deps.budget.take(chunk.length);
    this.#chunks.push(chunk);
    if (!fits) return this.#toStream().ready;
    this.#bytes += chunk.length;
    return true;
  }

  end(trailers: RawHeaders): void {
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const response = this.#edit(body, trailers);
    if (response === null) {
      this.#toStream().body.end(trailers);
      return;
    }
    this.cancel();
    const { delivery } = this.#page;
    delivery.head(response.head);
    if (response.body.length > 0) delivery.data(response.body);
    delivery.end(response.trailers, response.outcome);
  }

  /** Null: it is too much to be edited at once. */
  #edit(body: Buffer, trailers: RawHeaders): WholeResponse | null {
    try {
      const edit =
        this.#page.encoding === 'gzip' ? this.#deps.editGzip(body, this.#page) : this.#editIdentity(body);
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
      return this.#plain(body, trailers, 'failed');
    }
  }

  #editIdentity(body: Buffer): WholeEdit {
    const placed = placeInPage(body, this.#page.facts);
    if (!('at' in placed)) return { kind: 'plain', outcome: placed.outcome };
    const parts = [body.subarray(0, placed.at), this.#page.snippet(), body.subarray(placed.at)];
    return { kind: 'edited', body: Buffer.concat(parts), outcome: 'inserted' };
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
    this.cancel();
    return this.#deps.stream(this.#chunks);
  }

  drained(): void {
    this.#page.resume();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#deps.budget.release(this.#bytes);
    this.#bytes = 0;
  }
}
