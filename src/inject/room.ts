/** What the room is given, and what all of its exchanges share. */
import type { Exchange } from '../http/exchange.ts';
import type { Clock } from '../lib/clock.ts';
import type { Arrivals } from './arrival.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { ConsentChoices } from './consent.ts';
import type { RequestRules } from './eligible.ts';
import type { Negotiation } from './encoding.ts';
import type { PlaceFinder } from './known-places.ts';
import type { Outcome } from './outcome.ts';
import type { HeadRules } from './page-head.ts';
import type { PageMemory } from './page-memory.ts';
import type { Snippet } from './snippet.ts';
import type { Tails } from './splice/ending.ts';
import type { GzipEditor } from './whole-gzip.ts';

/** One HTML page that was served to a navigation, when its response has ended or its client has gone. */
export type ServedDocument = {
  readonly exchange: Exchange;
  /** UUIDv7: the `event_id` of the document event, and the tid of the page's token where it has one. */
  readonly documentId: string;
  /** Of our cookie, else the one that the page was given; null where it has none or nobody may know. */
  readonly sessionId: string | null;
  readonly status: number;
  /** Body bytes that were handed to the client's socket. */
  readonly bytes: number;
  /** Milliseconds from the request to the head of the origin's response. */
  readonly originMs: number;
  readonly injection: Outcome;
  /** Fetched for later, perhaps never seen. */
  readonly prefetch: boolean;
};

export type IssuedToken = {
  readonly token: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Seconds. */
  readonly ttl: number;
};

export type InjectDeps = {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** For secrets. */
  randomBytes(length: number): Buffer;
  /** A UUIDv7. */
  newDocumentId(): string;
  newSessionId(): string;
  mintPage(ipKey: string, documentId: string): IssuedToken;
  /** `DOCID.MAC` for the pixel. */
  documentProof(documentId: string, ipKey: string): string;
  /** The session of our own cookie, if it verifies. */
  sessionOf(exchange: Exchange): string | null;
  consentOf(exchange: Exchange): ConsentChoices;
  /** Must not wait: it is called when a response has ended. */
  recordDocument(document: ServedDocument): void;
  readonly metrics: {
    readonly injections: { inc(labels: { outcome: string }): void };
    readonly faults: { inc(labels: { room: string }): void };
  };
  readonly log: { error(fields: object, message: string): void };
};

export type Room = {
  readonly deps: InjectDeps;
  readonly snippet: Snippet;
  readonly requestRules: RequestRules;
  readonly headRules: HeadRules;
  readonly negotiate: Negotiation;
  readonly consentRequired: boolean;
  readonly documentEvents: 'all' | 'injected' | 'off';
  /** A page up to this size that arrives at once is edited whole. */
  readonly bufferBytes: number;
  readonly budget: ByteBudget;
  /** What pages are gathered in. */
  readonly memory: PageMemory;
  readonly arrivals: Arrivals;
  /** What the recoders of streamed pages may hold at a time. */
  readonly recoderBudget: ByteBudget;
  /** INJECT_AT. */
  readonly place: 'head' | 'tail';
  readonly editGzip: GzipEditor;
  /** What may stand behind the text of a gzip page. */
  readonly tails: Tails;
  readonly findPlace: PlaceFinder;
};

/** A fault of ours: the site is served all the same, but somebody should know. */
export function reportFault({ deps }: Room, exchange: Exchange, error: unknown): void {
  deps.metrics.faults.inc({ room: 'inject' });
  deps.log.error(
    { err: error, requestId: exchange.requestId },
    'a page was left as it came: injection failed',
  );
}
