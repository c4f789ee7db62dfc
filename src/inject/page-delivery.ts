/** The way of one page to its client: counts its bytes, and says once what became of it. */
import type { Exchange } from '../http/exchange.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import type { ResponseHead, ResponseWriter } from '../http/response-writer.ts';
import { isInjected, type Outcome } from './outcome.ts';
import { type Room, reportFault } from './room.ts';

/** What is known of a document before its page has gone out. */
export type DocumentPlan = {
  readonly documentId: string;
  /** Of our cookie. */
  readonly knownSession: string | null;
  /** What the snippet hands over; the page knows it only if it got the snippet. */
  readonly pageSession: string | null;
  readonly status: number;
  readonly originMs: number;
  readonly prefetch: boolean;
};

/** A class, because one is made for each page. */
export class PageDelivery {
  readonly #room: Room;
  readonly #exchange: Exchange;
  readonly #next: ResponseWriter;
  /** Null: no document event is due, or it was recorded. */
  #document: DocumentPlan | null;
  #bytes = 0;
  #settled = false;

  constructor(room: Room, exchange: Exchange, to: { next: ResponseWriter; document: DocumentPlan | null }) {
    this.#room = room;
    this.#exchange = exchange;
    this.#next = to.next;
    this.#document = to.document;
  }

  head(head: ResponseHead): void {
    this.#next.head(head);
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    return this.#next.data(chunk);
  }

  /** The page got no script after all, so that nobody knows the session that was made for it. */
  forgetPageSession(): void {
    const document = this.#document;
    if (document !== null) this.#document = { ...document, pageSession: document.knownSession };
  }

  isHolding(): boolean {
    return this.#next.isHolding();
  }

  end(trailers: RawHeaders, outcome: Outcome): void {
    this.#next.end(trailers);
    this.settle(outcome);
  }

  abort(outcome: Outcome): void {
    this.#next.abort();
    this.settle(outcome);
  }

  /** Counts the outcome and records the document, once: at the end, or when the client has gone before it. */
  settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#room.deps.metrics.injections.inc({ outcome });
    const document = this.#document;
    if (document === null || (this.#room.documentEvents === 'injected' && !isInjected(outcome))) return;
    try {
      this.#record(document, outcome);
    } catch (error) {
      reportFault(this.#room, this.#exchange, error);
    }
  }

  #record(document: DocumentPlan, outcome: Outcome): void {
    this.#room.deps.recordDocument({
      exchange: this.#exchange,
      documentId: document.documentId,
      sessionId: isInjected(outcome) ? document.pageSession : document.knownSession,
      status: document.status,
      bytes: this.#bytes,
      originMs: document.originMs,
      injection: outcome,
      prefetch: document.prefetch,
    });
  }
}
