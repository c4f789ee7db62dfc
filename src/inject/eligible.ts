/**
 * Which responses get the snippet, as far as request and head tell: the contract's table, a rule a line, in its
 * order. The first rule that does not hold is the outcome; null: all hold.
 */
import { pathOf } from '../http/path-of.ts';
import { headerList, headerValue, isName, type RawHeaders } from '../http/raw-headers.ts';
import { type Globs, matchesAny } from '../lib/glob.ts';
import { hasDirective, parseCacheControl } from './cache-control.ts';
import type { Consent } from './consent.ts';
import { editableEncoding } from './encoding.ts';
import type { HeadOutcome, RequestOutcome } from './outcome.ts';
import type { PageRequest } from './page-request.ts';

export type RequestRules = {
  /** TRACKING: the one switch that turns everything off. */
  readonly tracking: boolean;
  /** INJECT_PATHS; empty means all. */
  readonly paths: Globs;
  /** INJECT_EXCLUDE. */
  readonly exclude: Globs;
  /** INJECT_FRAMES. */
  readonly frames: boolean;
};

export function requestOutcome(
  rules: RequestRules,
  request: PageRequest,
  consent: Consent,
): RequestOutcome | null {
  if (!rules.tracking) return 'off';
  if (consent === 'denied') return 'off';
  if (isPathExcluded(rules, request.target)) return 'excluded';
  if (!isNavigation(request)) return 'not-navigation';
  if (isFrame(request) && !rules.frames) return 'frame';
  if (hasDirective(parseCacheControl(request.cacheControl), 'no-transform')) return 'no-transform';
  return null;
}

function isPathExcluded({ paths, exclude }: RequestRules, target: string): boolean {
  if (paths.length === 0 && exclude.length === 0) return false;
  const path = pathOf(target);
  return (paths.length > 0 && !matchesAny(paths, path)) || matchesAny(exclude, path);
}

/** A document that a browser is about to show, in a window or in a frame. HEAD is judged as the GET it stands for. */
export function isNavigation({ method, fetchMode, fetchDest, fragment }: PageRequest): boolean {
  if (method !== 'GET' && method !== 'POST' && method !== 'HEAD') return false;
  if (fetchMode !== null && fetchMode !== 'navigate') return false;
  if (fetchDest === 'embed' || fetchDest === 'object') return false;
  return !fragment;
}

export function isFrame({ fetchDest }: PageRequest): boolean {
  return fetchDest === 'iframe' || fetchDest === 'frame';
}

/** What the head of a response says by itself; the policy (`csp`) is asked last, in `csp.ts`. */
export function headOutcome(status: number, headers: RawHeaders): Exclude<HeadOutcome, 'csp'> | null {
  if (forbidsTransform(headerList(headers, 'cache-control'))) return 'no-transform';
  if (headerValue(headers, 'x-gotrack-inject')?.trim().toLowerCase() === 'off') return 'excluded';
  if (!isPageStatus(status, headers)) return 'status';
  if (!isHtml(headers) || isAttachment(headers)) return 'type';
  if (editableEncoding(headers) === null) return 'encoding';
  return null;
}

/** Most do not so much as name it, so that they need not be parsed. */
function forbidsTransform(cacheControl: string | undefined): boolean {
  if (cacheControl === undefined || !/no-transform/i.test(cacheControl)) return false;
  return hasDirective(parseCacheControl(cacheControl), 'no-transform');
}

/**
 * Error pages are pages too. A redirect's body is not: no browser shows it, so a snippet in it never runs and
 * a document event of it would look like a client that renders nothing.
 */
export function isPageStatus(status: number, headers: RawHeaders): boolean {
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return false;
  return status < 300 || status > 399 || headerValue(headers, 'location') === undefined;
}

/** `text/html` once; with two types that differ nobody knows what a browser takes it for. */
export function isHtml(headers: RawHeaders): boolean {
  let found = false;
  for (let i = 0; i < headers.length; i += 2) {
    if (!isName(headers[i]!, 'content-type')) continue;
    if (!HTML.test(headers[i + 1]!)) return false;
    found = true;
  }
  return found;
}

const HTML = /^\s*text\/html\s*(?:;|$)/i;

/** RFC 6266 §4.2: any type but inline is to be saved, not shown. */
export function isAttachment(headers: RawHeaders): boolean {
  const disposition = headerValue(headers, 'content-disposition');
  return disposition !== undefined && !/^\s*(?:inline\s*)?(?:;|$)/i.test(disposition);
}
