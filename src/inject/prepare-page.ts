/** From the head of a response to what the writer does with it; nothing goes out here. */
import type { Exchange } from '../http/exchange.ts';
import { headerValue, removeHeader } from '../http/raw-headers.ts';
import type { ResponseHead } from '../http/response-writer.ts';
import { isHtml } from './eligible.ts';
import type { Outcome } from './outcome.ts';
import type { DocumentPlan } from './page-delivery.ts';
import { editedHead, pass304, passHead, sayOutcome } from './page-head.ts';
import {
  type EditPlan,
  isDocument,
  isEditedDocument,
  type PageAsk,
  planPage,
  type Response,
} from './page-plan.ts';
import type { Room } from './room.ts';

export type Prepared =
  /** The writer steps aside: no page, or HEAD. */
  | { readonly kind: 'aside'; readonly outcome: Outcome; readonly head: ResponseHead }
  /** A page that passes as it came, for which a document event is due. */
  | { readonly kind: 'pass'; readonly outcome: Outcome; readonly document: DocumentPlan }
  | {
      readonly kind: 'edit';
      readonly plan: EditPlan;
      readonly ids: DocumentPlan;
      /** Null: no document event is due. */
      readonly document: DocumentPlan | null;
    };

/** `ask` null: something failed before the request went out. The head is changed in place. */
export function preparePage(
  room: Room,
  exchange: Exchange,
  { ask, head }: { ask: PageAsk | null; head: ResponseHead },
): Prepared {
  if (ask === null) {
    removeHeader(head.headers, 'x-gotrack-inject');
    return { kind: 'aside', outcome: 'failed', head };
  }
  const response: Response = { ask, head };
  const plan = planPage(room, exchange, response);
  const isPage = plan.kind === 'edit' || (room.requestRules.tracking && isHtml(head.headers));
  passHead(head, isPage, room.headRules);
  if (head.status === 304 && ask.outcome === null) pass304(head, ask.marked, room.headRules);
  if (plan.kind === 'edit') return prepareEdit(room, exchange, { response, plan });
  if (room.headRules.debug) sayOutcome(head, plan.outcome);
  if (!isDocument(room, response)) return { kind: 'aside', outcome: plan.outcome, head };
  return { kind: 'pass', outcome: plan.outcome, document: planDocument(room, exchange, response) };
}

function prepareEdit(
  room: Room,
  exchange: Exchange,
  { response, plan }: { response: Response; plan: EditPlan },
): Prepared {
  if (response.ask.request.method === 'HEAD') {
    const outcome = 'not-navigation';
    const head = editedHead(response.head, { ...plan, length: null, outcome }, room.headRules);
    return { kind: 'aside', outcome, head };
  }
  const known = planDocument(room, exchange, response);
  const speaks = plan.script !== null && plan.personal && response.ask.consent === 'granted';
  const mint = speaks && known.knownSession === null;
  const ids = mint ? { ...known, pageSession: room.deps.newSessionId() } : known;
  return { kind: 'edit', plan, ids, document: isEditedDocument(room, response.ask) ? ids : null };
}

function planDocument(room: Room, exchange: Exchange, { ask, head }: Response): DocumentPlan {
  const { deps } = room;
  // A session is analytics: where only security was granted, nobody may have one.
  const knownSession = ask.consent === 'granted' ? deps.sessionOf(exchange) : null;
  return {
    documentId: deps.newDocumentId(),
    knownSession,
    pageSession: knownSession,
    status: head.status,
    originMs: deps.clock.monotonic() - ask.startedAt,
    prefetch: ask.request.prefetch,
  };
}

export function contentTypeOf(head: ResponseHead): string {
  return headerValue(head.headers, 'content-type') ?? '';
}
