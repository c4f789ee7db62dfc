/**
 * The writer before the client's, for one exchange. Until the head it only waits; then it steps aside, or puts
 * the body of a page between. A response that is no page costs a look at its head and a call a chunk.
 *
 * Invariant: whatever could fail for our own reasons is computed before anything goes out, so that a fault
 * leaves the origin's bytes as they are. What the next writer throws is not ours and passes.
 */
import type { Exchange } from '../http/exchange.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import type { ResponseHead, ResponseWriter } from '../http/response-writer.ts';
import { isHtml } from './eligible.ts';
import { openStream } from './open-stream.ts';
import { Page } from './page.ts';
import { type PageBody, PassedBody } from './page-body.ts';
import { PageDelivery } from './page-delivery.ts';
import { announcedLength } from './page-head.ts';
import type { PageAsk } from './page-plan.ts';
import { type Prepared, preparePage } from './prepare-page.ts';
import { type Room, reportFault } from './room.ts';
import { type OpenedBody, WholeBody } from './whole-body.ts';

/** A class, because one is made for each exchange. */
export class PageWriter implements ResponseWriter {
  readonly #room: Room;
  readonly #exchange: Exchange;
  /** Null: something failed before the request went out. */
  readonly #ask: PageAsk | null;
  #next!: ResponseWriter;
  #resume: () => void = () => {};
  #delivery: PageDelivery | null = null;
  /** Null: everything goes straight to the next writer. */
  #body: PageBody | null = null;

  constructor(room: Room, exchange: Exchange, ask: PageAsk | null) {
    this.#room = room;
    this.#exchange = exchange;
    this.#ask = ask;
  }

  /** Called once, before anything else. */
  wrap(next: ResponseWriter): ResponseWriter {
    this.#next = next;
    return this;
  }

  onDrain(resume: () => void): void {
    this.#resume = resume;
    this.#next.onDrain(() => (this.#body === null ? resume() : this.#body.drained()));
  }

  head(head: ResponseHead): void {
    const prepared = this.#prepare(head);
    if (prepared.kind === 'aside') {
      if (this.#mightHaveBeenEdited(head))
        this.#room.deps.metrics.injections.inc({ outcome: prepared.outcome });
      this.#next.head(prepared.head);
      return;
    }
    const { document } = prepared;
    const delivery = new PageDelivery(this.#room, this.#exchange, { next: this.#next, document });
    this.#delivery = delivery;
    this.#exchange.clientRes.once('close', () => this.#onClientGone());
    if (prepared.kind === 'edit') {
      const way = { response: { ask: this.#ask!, head }, delivery, resume: this.#resume };
      this.#openPage(new Page(this.#room, this.#exchange, { prepared, way }), head);
      return;
    }
    this.#body = new PassedBody(prepared.outcome, delivery, this.#resume);
    delivery.head(head);
  }

  data(chunk: Buffer): boolean {
    return this.#body === null ? this.#next.data(chunk) : this.#body.data(chunk);
  }

  isHolding(): boolean {
    return (this.#body ?? this.#next).isHolding();
  }

  end(trailers: RawHeaders): void {
    if (this.#body === null) this.#next.end(trailers);
    else this.#body.end(trailers);
  }

  abort(): void {
    if (this.#body === null || this.#delivery === null) {
      this.#next.abort();
      return;
    }
    this.#body.cancel();
    this.#delivery.abort(this.#body.outcome);
  }

  /** A script or a picture that a page fetched is not counted: nobody would ask why it has no tracker. */
  #mightHaveBeenEdited({ headers }: ResponseHead): boolean {
    return this.#ask === null || this.#ask.outcome === null || isHtml(headers);
  }

  #onClientGone(): void {
    this.#body?.cancel();
    this.#delivery?.settle(this.#body?.outcome ?? 'cut');
  }

  #prepare(head: ResponseHead): Prepared {
    try {
      return preparePage(this.#room, this.#exchange, { ask: this.#ask, head });
    } catch (error) {
      reportFault(this.#room, this.#exchange, error);
      return { kind: 'aside', outcome: 'failed', head };
    }
  }

  /** Small pages wait a moment to be edited whole; what is announced to be larger streams at once. */
  #openPage(page: Page, head: ResponseHead): void {
    const { bufferBytes, budget, memory, arrivals, editGzip, findPlace } = this.#room;
    const announcedBytes = announcedLength(head);
    if ((announcedBytes ?? 0) > bufferBytes) {
      this.#stream(page, []);
      return;
    }
    this.#body = new WholeBody(page, {
      maxBytes: bufferBytes,
      announcedBytes,
      budget,
      memory,
      arrivals,
      editGzip,
      findPlace,
      stream: (chunks) => this.#stream(page, chunks),
    });
  }

  #stream(page: Page, chunks: readonly Buffer[]): OpenedBody {
    const { head, body } = openStream(page, chunks);
    this.#body = body;
    page.delivery.head(head);
    let ready = true;
    for (const chunk of chunks) ready = body.data(chunk);
    return { body, ready };
  }
}
