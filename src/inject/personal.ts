/**
 * Personal page or shared page (protocol: "Getting a token"): a token, a session and a document id may
 * stand only in a page that no shared cache may store. Where there is doubt, it is shared: a token in a
 * cache's copy would be everybody's.
 */
import { headerList, headerValue, type RawHeaders } from '../http/raw-headers.ts';
import { type Directive, hasDirective, parseCacheControl } from './cache-control.ts';

/**
 * `personal`: the origin says so. `unmarked`: no shared cache may keep the page, but the origin does not say it in
 * so many words; it is personal once we add `Cache-Control: private`. `shared`: everyone must get the same bytes.
 */
export type Audience = 'personal' | 'unmarked' | 'shared';

/** Headers by which CDNs and proxies are told to store what Cache-Control may forbid (RFC 9213 and their makers). */
const CDN_HEADERS = [
  'cdn-cache-control',
  'surrogate-control',
  'cloudflare-cdn-cache-control',
  'vercel-cdn-cache-control',
  'netlify-cdn-cache-control',
  'akamai-cache-control',
  'edge-control',
  'x-accel-expires',
];

/** `authorized`: the request carried Authorization (RFC 9111 §3.5). */
export function audienceOf(headers: RawHeaders, authorized: boolean): Audience {
  if (CDN_HEADERS.some((name) => headerValue(headers, name) !== undefined)) return 'shared';
  const directives = parseCacheControl(headerList(headers, 'cache-control'));
  const offered = hasDirective(directives, 'public') || hasDirective(directives, 's-maxage');
  if (isPrivate(directives)) return offered ? 'shared' : 'personal';
  // RFC 9111 §3.5 forbids a cache to keep it, and nginx does all the same where nobody says private.
  if (authorized && !offered && !hasDirective(directives, 'must-revalidate')) return 'unmarked';
  return saysNothing(directives, headers) ? 'unmarked' : 'shared';
}

/** `private="field"` speaks of that field only. */
function isPrivate(directives: readonly Directive[]): boolean {
  return directives.some(({ name, value }) => name === 'no-store' || (name === 'private' && value === null));
}

/** No freshness, no validator; a lone `no-cache` without fields counts as nothing. */
function saysNothing(directives: readonly Directive[], headers: RawHeaders): boolean {
  return (
    directives.every(({ name, value }) => name === 'no-cache' && value === null) &&
    headerValue(headers, 'expires') === undefined &&
    headerValue(headers, 'last-modified') === undefined &&
    headerValue(headers, 'etag') === undefined
  );
}
