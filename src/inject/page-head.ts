/** The head that goes to the client: of a response that passes, and of an edited page. */
import { headerList, headerValue, type RawHeaders, removeHeader, setHeader } from '../http/raw-headers.ts';
import type { ResponseHead } from '../http/response-writer.ts';
import { removePolicyLines, writePolicyLines } from './csp/policy.ts';
import type { Outcome } from './outcome.ts';
import { markResponse, markTag, withoutDigests } from './validators.ts';
import { addVary } from './vary.ts';

export type HeadRules = {
  readonly version: string;
  /** VARY. */
  readonly vary: boolean;
  /** DEBUG_HEADERS. */
  readonly debug: boolean;
  /** CSP=edit. */
  readonly mayEditPolicies: boolean;
};

export type EditedHead = {
  /** Bytes of the whole body; null: streamed, or HEAD. */
  readonly length: number | null;
  /** A shared cache must not store it, and the origin did not say so. */
  readonly addPrivate: boolean;
  /** New values of the policy headers, line by line; null: they stay. */
  readonly policyLines: readonly string[] | null;
  /** Null where it is not known yet. */
  readonly outcome: Outcome | null;
};

/**
 * In place: what every response loses and HTML gains, injected or not. `html`: it is `text/html`, and
 * tracking is on.
 */
export function passHead({ headers }: ResponseHead, html: boolean, rules: HeadRules): void {
  removeHeader(headers, 'x-gotrack-inject');
  if (html && rules.vary) addVary(headers);
}

/**
 * In place: the 304 that stands for an edited page. The stored page keeps the policy that it came with, which
 * may have been edited: a new one would take its place (RFC 9111 §3.2).
 */
export function pass304({ headers }: ResponseHead, marked: boolean, rules: HeadRules): void {
  if (rules.mayEditPolicies) removePolicyLines(headers);
  if (!marked) return;
  markTag(headers, rules.version);
  if (rules.vary) addVary(headers);
}

/** In place: says in a header what was done. */
export function sayOutcome({ headers }: ResponseHead, outcome: Outcome): void {
  setHeader(headers, OUTCOME_HEADER, outcome);
}

export const OUTCOME_HEADER = 'X-GoTrack-Outcome';

/** A copy, edited: the head before stays what it was, should the page pass as it came after all. */
export function editedHead(head: ResponseHead, edit: EditedHead, rules: HeadRules): ResponseHead {
  const headers = withoutDigests(head.headers);
  markResponse(headers, rules.version);
  if (edit.length === null) removeHeader(headers, 'content-length');
  else setHeader(headers, 'Content-Length', String(edit.length));
  if (edit.addPrivate) addPrivate(headers);
  if (edit.policyLines !== null) writePolicyLines(headers, edit.policyLines);
  if (rules.debug && edit.outcome !== null) setHeader(headers, OUTCOME_HEADER, edit.outcome);
  return { status: head.status, reason: head.reason, headers };
}

function addPrivate(headers: RawHeaders): void {
  const present = headerList(headers, 'cache-control');
  setHeader(headers, 'Cache-Control', present === undefined ? 'private' : `${present}, private`);
}

/** Trailer fields of an edited body. */
export function editedTrailers(trailers: RawHeaders): RawHeaders {
  return withoutDigests(trailers);
}

/** The announced length of a body, or null. */
export function announcedLength({ headers }: ResponseHead): number | null {
  const value = headerValue(headers, 'content-length');
  return value === undefined ? null : Number(value);
}
