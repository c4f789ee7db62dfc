/** What is to be done with a response, decided from its head alone. */
import type { Exchange } from '../http/exchange.ts';
import type { ResponseHead } from '../http/response-writer.ts';
import type { Consent } from './consent.ts';
import { type CspFacts, type CspVerdict, planPolicies } from './csp/csp.ts';
import { headOutcome, isAttachment, isFrame, isHtml, isNavigation, isPageStatus } from './eligible.ts';
import { type Editable, editableEncoding } from './encoding.ts';
import type { Outcome, RequestOutcome } from './outcome.ts';
import type { PageRequest } from './page-request.ts';
import { audienceOf } from './personal.ts';
import type { Room } from './room.ts';
import { mayCarryPixel } from './snippet.ts';

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
  /** Null: the pixel speaks alone. */
  readonly script: { readonly nonce: string | null } | null;
  /** New values of the policy headers, line by line; null: they stay. */
  readonly policyLines: readonly string[] | null;
  /** A token, a session, a document id may stand in the page. */
  readonly personal: boolean;
  /** ... once we have said that no shared cache may store it. */
  readonly addPrivate: boolean;
  readonly pixel: boolean;
  /** Where the snippet is to stand; in the head there is no pixel: an img would open the body. */
  readonly place: 'head' | 'tail';
};

export type PagePlan = { readonly kind: 'pass'; readonly outcome: Outcome } | EditPlan;

export function planPage(room: Room, exchange: Exchange, response: Response): PagePlan {
  const { ask, head } = response;
  const outcome = ask.outcome ?? headOutcome(head.status, head.headers);
  if (outcome !== null) return { kind: 'pass', outcome };
  const verdict = planPolicies(head.headers, policyFacts(room, exchange));
  return planUnder(verdict, room, { exchange, response });
}

export function policyFacts({ snippet: { hash }, headRules }: Room, exchange: Exchange): CspFacts {
  return { own: exchange, hash, mayEdit: headRules.mayEditPolicies };
}

/** What the policies, known by now, leave to be done with a page that no other rule keeps us out of. */
export function planUnder(
  verdict: CspVerdict,
  room: Room,
  { exchange, response: { ask, head } }: { exchange: Exchange; response: Response },
): PagePlan {
  if (verdict.kind === 'forbidden') return { kind: 'pass', outcome: 'csp' };
  const audience = audienceOf(head.headers, ask.request.authorized);
  const personal = audience !== 'shared' && ask.consent !== 'dormant';
  const runs = verdict.kind === 'script';
  const place = runs ? room.place : 'tail';
  const pixel = place === 'tail' && personal && mayPixel(exchange, ask, verdict);
  if (!runs && !pixel) return { kind: 'pass', outcome: 'csp' };
  return {
    kind: 'edit',
    encoding: editableEncoding(head.headers) ?? 'identity',
    script: runs ? { nonce: verdict.nonce } : null,
    policyLines: runs ? verdict.lines : null,
    personal,
    addPrivate: personal && audience === 'unmarked',
    pixel,
    place,
  };
}

/** Without consent to analytics a pixel's event would be dropped; prerendered, it would lie. */
function mayPixel({ host }: Exchange, { consent, request }: PageAsk, verdict: CspVerdict): boolean {
  if (verdict.kind === 'forbidden' || (verdict.kind === 'script' && !verdict.pixel)) return false;
  return consent === 'granted' && !request.prefetch && mayCarryPixel(host);
}

/** The same of a page that is edited, as no other is. */
export function isEditedDocument(room: Room, { consent }: PageAsk): boolean {
  return room.documentEvents !== 'off' && consent !== 'denied' && consent !== 'dormant';
}

/** Whether this response is a page that a document event is due for, whatever becomes of the snippet. */
export function isDocument(room: Room, { ask, head }: Response): boolean {
  const { request } = ask;
  if (!room.requestRules.tracking || !isEditedDocument(room, ask)) return false;
  if (request.method === 'HEAD' || !isNavigation(request)) return false;
  if (isFrame(request) && !room.requestRules.frames) return false;
  return isPageStatus(head.status, head.headers) && isHtml(head.headers) && !isAttachment(head.headers);
}
