import { headerList, type RawHeaders, setHeader } from '../http/raw-headers.ts';
import { hasDirective, parseCacheControl } from './cache-control.ts';

const FIELDS = ['Sec-Fetch-Mode', 'Sec-Fetch-Dest'];

/**
 * Tells caches that HTML depends on how it was asked for, injected or not (proxy: "Validators"), in place.
 * Nothing where no shared cache may store it, and nothing that is there already.
 */
export function addVary(headers: RawHeaders): void {
  const directives = parseCacheControl(headerList(headers, 'cache-control'));
  if (hasDirective(directives, 'private') || hasDirective(directives, 'no-store')) return;
  const vary = headerList(headers, 'vary') ?? '';
  const present = vary.split(',').map((field) => field.trim().toLowerCase());
  if (present.includes('*')) return;
  const missing = FIELDS.filter((field) => !present.includes(field.toLowerCase()));
  if (missing.length === 0) return;
  setHeader(headers, 'Vary', [vary, ...missing].filter((text) => text.trim() !== '').join(', '));
}
