/** What is to be done with a response, decided from its head alone. */
import type { Exchange } from '../http/exchange.ts';
import type { ResponseHead } from '../http/response-writer.ts';
import type { Consent } from './consent.ts';
import { judgeHeaders } from './csp.ts';
import { headOutcome, isAttachment, isFrame, isHtml, isNavigation, isPageStatus } from './eligible.ts';
import { type Editable, editableEncoding } from './encoding.ts';
import type { Outcome, RequestOutcome } from './outcome.ts';
import type { PageRequest } from './page-request.ts';
import { audienceOf } from './personal.ts';
import type { Room } from './room.ts';

/** What was found out when the request went to the origin. */
export type PageAsk = {
  readonly request: PageRequest;
  readonly consent: Consent;
  /** The first rule of the request that did not hold. */
  readonly outcome: RequestOutcome | null;
  /** A suffix of ours was taken off If-None-Match: a 304 stands for an edited page. */
  readonly marked: boolean;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
};

export type Response = { readonly ask: PageAsk; readonly head: ResponseHead };

/** How a page is to be edited. */
export type EditPlan = {
  readonly kind: 'edit';
  readonly encoding: Editable;
  readonly nonce: string | null;
  /** A token, and perhaps a session, may stand in the page. */
  readonly personal: boolean;
  /** ... once we have said that no shared cache may store it. */
  readonly addPrivate: boolean;
  readonly pixel: boolean;
};

export type PagePlan = { readonly kind: 'pass'; readonly outcome: Outcome } | EditPlan;

export function planPage(room: Room, exchange: Exchange, { ask, head }: Response): PagePlan {
  const outcome = ask.outcome ?? headOutcome(head.status, head.headers);
  if (outcome !== null) return { kind: 'pass', outcome };
  const verdict = judgeHeaders(head.headers, exchange, room.snippet);
  if (verdict.kind === 'forbidden') return { kind: 'pass', outcome: 'csp' };
  const audience = audienceOf(head.headers, ask.request.authorized);
  const personal = audience !== 'shared' && ask.consent !== 'dormant';
  return {
    kind: 'edit',
    encoding: editableEncoding(head.headers) ?? 'identity',
    nonce: verdict.nonce,
    personal,
    addPrivate: personal && audience === 'unmarked',
    // Without consent to analytics a pixel's event would be dropped; prerendered, it would lie.
    pixel: personal && verdict.pixel && ask.consent === 'granted' && !ask.request.prefetch,
  };
}

/** Whether this response is a page that a document event is due for, whatever becomes of the snippet. */
export function isDocument(room: Room, { ask: { request, consent }, head }: Response): boolean {
  if (!room.requestRules.tracking || room.documentEvents === 'off') return false;
  if (consent === 'denied' || consent === 'dormant') return false;
  if (request.method === 'HEAD' || !isNavigation(request)) return false;
  if (isFrame(request) && !room.requestRules.frames) return false;
  return isPageStatus(head.status, head.headers) && isHtml(head.headers) && !isAttachment(head.headers);
}
