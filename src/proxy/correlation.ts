/** CORRELATION_HEADERS: who the visitor is by our cookie, so that the site's own logs can be joined with events. */
import type { RawHeaders } from '../http/raw-headers.ts';

/** Adds the headers for the visitor whom the client's own `raw` headers name; nothing where nobody is known. */
export type AddCorrelation = (headers: RawHeaders, raw: RawHeaders) => void;

type Identity = { readonly session: string; readonly visitor: string | null };

const NAMES = new Set(['x-session-id', 'x-distinct-id']);

/** `X_Session_ID` too: see `isReplaced`. */
export function isCorrelation(name: string): boolean {
  if (name.length !== 12 && name.length !== 13) return false;
  return NAMES.has(name.toLowerCase().replaceAll('_', '-'));
}

/** `readCookie`: whom our cookie names, null where none verifies. */
export function createCorrelation(readCookie: (headers: RawHeaders) => Identity | null): AddCorrelation {
  return function addCorrelation(headers, raw) {
    const identity = readCookie(raw);
    if (identity === null) return;
    headers.push('X-Session-ID', identity.session);
    if (identity.visitor !== null) headers.push('X-Distinct-ID', identity.visitor);
  };
}
