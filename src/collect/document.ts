/** The proxy's own event: one for each page that it served (events: `document`). */
import type { DocumentFacts, Envelope } from '../event/envelope.ts';
import { MAX_STRING, MAX_URL } from '../event/limits.ts';
import type { RequestSide } from '../http/exchange.ts';
import { type BatchDeps, keep } from './batch.ts';
import type { Rate } from './rate.ts';
import { type RecordDeps, record, refusalToRecord } from './record.ts';
import { readSender, type Sender, type SenderDeps } from './sender.ts';
import { assemble } from './to-envelope.ts';

/** A page that a document event is due for (injection decides by DOCUMENT_EVENTS), told once its response has ended or its client has gone. */
export type ServedDocument = {
  readonly exchange: RequestSide;
  /** UUIDv7: the event's id. */
  readonly documentId: string;
  readonly sessionId: string | null;
  readonly status: number;
  /** Body bytes written to the client. */
  readonly bytes: number;
  /** Milliseconds to the origin's first byte. */
  readonly originMs: number;
  /** The outcome label of `gotrack_injections_total`. */
  readonly injection: string;
  readonly prefetch: boolean;
};

export type DocumentDeps = SenderDeps &
  BatchDeps &
  RecordDeps & {
    readonly documentRate: Rate;
  };

/** Nobody claims anything: there is no signature, and the document is the event itself. */
const OWN_EVENT = { documentId: null, auth: undefined, idSource: null, signedAt: null } as const;

/** Nobody waits for it; the promise is for tests, and never rejects. */
export async function recordDocument(served: ServedDocument, deps: DocumentDeps): Promise<void> {
  const limit = { rate: deps.documentRate, reason: 'document-rate' } as const;
  const refusal = refusalToRecord(served.exchange.address.ipKey, limit, deps);
  if (refusal !== null) return deps.onDropped(refusal, 1);
  const sender = readSender(served.exchange, OWN_EVENT, deps);
  const consent = deps.privacy.decideConsent(sender.consent);
  const kept = keep(toDocument(served, { ...sender, consent: consent.recorded }, deps), consent, deps);
  if (typeof kept === 'string') deps.onDropped(kept, 1);
  else await record(kept, deps);
}

function toDocument(served: ServedDocument, sender: Sender, { privacy, enrich }: DocumentDeps): Envelope {
  const { status, bytes, originMs, injection, prefetch, sessionId } = served;
  const document: DocumentFacts = { status, bytes, origin_ms: round(originMs), injection };
  if (prefetch) document.prefetch = true;
  const { host, scheme, target } = sender;
  const whole = (host === '' ? target : `${scheme}://${host}${target}`).slice(0, MAX_STRING);
  const url = privacy.scrub.url(whole).slice(0, MAX_URL);
  return assemble(sender, {
    event_id: served.documentId,
    timestamp: sender.receivedAtText,
    type: 'document',
    url,
    payload: enrich(sessionId === null ? {} : { session: { session_id: sessionId } }, url),
    server: {
      received_at: sender.receivedAtText,
      request_id: sender.requestId,
      document,
      consent: sender.consent,
      http: { ...sender.http, status },
    },
  });
}

/** To a tenth of a millisecond. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
