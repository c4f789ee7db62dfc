/** What injection wants to know of a request, read in one pass over its raw headers. */
import type { RawHeaders } from '../http/raw-headers.ts';

export type PageRequest = {
  readonly method: string;
  /** Path and query, as on the wire. */
  readonly target: string;
  /** Values of Sec-Fetch-Mode and -Dest; null where the client sends none (old browsers, plain http, curl). */
  fetchMode: string | null;
  fetchDest: string | null;
  /** One of the headers by which scripts ask for a part of a page. */
  fragment: boolean;
  cacheControl: string | undefined;
  authorized: boolean;
  /** Sec-Purpose: fetched for later, perhaps never seen. */
  prefetch: boolean;
};

/** htmx, Turbo, jQuery and Axios, pjax, Inertia, Unpoly: the answer goes into a page that is there already. */
const FRAGMENT_HEADERS = new Set([
  'hx-request',
  'turbo-frame',
  'x-requested-with',
  'x-pjax',
  'x-inertia',
  'x-up-version',
]);

export function readPageRequest(method: string, target: string, headers: RawHeaders): PageRequest {
  const request: PageRequest = {
    method,
    target,
    fetchMode: null,
    fetchDest: null,
    fragment: false,
    cacheControl: undefined,
    authorized: false,
    prefetch: false,
  };
  for (let i = 0; i < headers.length; i += 2) {
    readHeader(request, headers[i]!.toLowerCase(), headers[i + 1]!);
  }
  return request;
}

function readHeader(request: PageRequest, name: string, value: string): void {
  switch (name) {
    case 'sec-fetch-mode':
      request.fetchMode ??= value.trim().toLowerCase();
      return;
    case 'sec-fetch-dest':
      request.fetchDest ??= value.trim().toLowerCase();
      return;
    case 'cache-control':
      request.cacheControl = request.cacheControl === undefined ? value : `${request.cacheControl}, ${value}`;
      return;
    case 'authorization':
      request.authorized = true;
      return;
    case 'sec-purpose':
      request.prefetch ||= /^\s*prefetch(?![\w-])/i.test(value);
      return;
    default:
      if (FRAGMENT_HEADERS.has(name)) request.fragment = true;
  }
}
