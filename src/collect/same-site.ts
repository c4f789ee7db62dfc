/** Whether a page may send to us (protocol: "Checks", origin). Browsers set these headers; scripts cannot. */

import type { Exchange } from '../http/exchange.ts';
import { pathOf } from '../http/path-of.ts';

export type Origins = {
  /** CORS_ORIGINS: `https://example.com`, as browsers write them. */
  readonly corsOrigins: ReadonlySet<string>;
  /** The only path that other origins may use. */
  readonly collectPath: string;
};

/** `cors`: another origin that is allowed, whose name the answer must repeat; null: refused. */
export type Site = 'own' | { readonly cors: string } | null;

export function siteOf({ clientReq, host }: Exchange, origins: Origins): Site {
  const { origin, 'sec-fetch-site': fetchSite } = clientReq.headers;
  if (fetchSite === 'same-origin' || fetchSite === 'none') return 'own';
  if (
    fetchSite === undefined &&
    (origin === undefined || isOwnOrigin(origin, clientReq.headers.host, host))
  ) {
    return 'own';
  }
  const allowed = origin !== undefined && origins.corsOrigins.has(origin);
  return allowed && pathOf(clientReq.url!) === origins.collectPath ? { cors: origin } : null;
}

/**
 * Whether an Origin has the host and port of Host, or of a trusted X-Forwarded-Host. The scheme is left
 * aside: before a TLS terminator ours is http and the page's is https.
 */
function isOwnOrigin(origin: string, host: string | undefined, forwardedHost: string): boolean {
  const start = origin.indexOf('://');
  if (start === -1) return false;
  const authority = origin.slice(start + 3).toLowerCase();
  return [host, forwardedHost].some(
    (own) => own !== undefined && own !== '' && isSameHost(authority, own.toLowerCase()),
  );
}

/** Browsers leave a default port out of Origin; Host may bear it. */
function isSameHost(authority: string, host: string): boolean {
  return authority === host || authority === host.replace(/:(80|443)$/, '');
}
