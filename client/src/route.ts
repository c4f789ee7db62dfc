import type { RouteFacts } from '../../src/event/client-event.ts';

/** A longer address or title is of no use to anybody. */
export const clip = (text: string): string => text.slice(0, 2048);

/**
 * Where the page is now: on every event, since one batch may tell of several pages. `domain` bears the
 * port where it is not the scheme's own, so that the address can be put together again; what else is in the
 * address (hash, campaign, click ids) the server reads from `fullPath`.
 */
export const readRoute = (): RouteFacts => {
  const { protocol, host: domain, pathname, search, hash } = location;
  return { protocol, domain, path: clip(pathname), fullPath: clip(pathname + search + hash) };
};
