/** Which page an event is of (events: "Limits"): the client's word, else its route, else what the request says. */
import type { RouteFacts, UrlFacts } from '../event/client-event.ts';

export type PageUrlSources = {
  /** What the client says; null where it said nothing. */
  readonly claimed: string | null;
  readonly route: RouteFacts | undefined;
  readonly url: UrlFacts | undefined;
  readonly referer: string | undefined;
  /** Of the request itself; `host` is empty where it named none. */
  readonly scheme: string;
  readonly host: string;
  /** Path and query. */
  readonly target: string;
};

export type PageUrl = {
  /** Not scrubbed, not cut. */
  readonly url: string;
  /** Whether the client named a URL that is none. */
  readonly adjusted: boolean;
};

export function pageUrlOf(sources: PageUrlSources): PageUrl {
  const claimed = sources.claimed === null ? null : absolute(sources.claimed, sources);
  const url =
    claimed ?? fromRoute(sources) ?? fromReferer(sources.referer) ?? onHost(sources.target, sources);
  return { url, adjusted: sources.claimed !== null && claimed === null };
}

/** Only what a page can be served from: `javascript:` has no business in a column that people click on. */
function absolute(text: string, sources: PageUrlSources): string | null {
  if (/^https?:\/\/./i.test(text)) return text;
  if (text.startsWith('//')) return `${sources.scheme}:${text}`;
  return text.startsWith('/') ? onHost(text, sources) : null;
}

function onHost(path: string, { scheme, host }: PageUrlSources): string {
  return host === '' ? path : `${scheme}://${host}${path}`;
}

/** `fullPath` is path, query and hash together, as routers have it. */
function fromRoute({ route, url, ...request }: PageUrlSources): string | null {
  const path = route?.fullPath ?? joined(route?.path, url?.raw_query);
  if (route === undefined || path === undefined || !path.startsWith('/')) return null;
  const whole = path.includes('#') || route.hash === undefined ? path : path + route.hash;
  const scheme = /^(https?):?$/.exec(route.protocol ?? '')?.[1] ?? request.scheme;
  const host = route.domain ?? request.host;
  return /^[^\s/?#]+$/.test(host) ? `${scheme}://${host}${whole}` : null;
}

function joined(path: string | undefined, query: string | undefined): string | undefined {
  return path === undefined || query === undefined ? path : `${path}?${query}`;
}

function fromReferer(referer: string | undefined): string | null {
  return referer !== undefined && /^https?:\/\/./i.test(referer) ? referer : null;
}
