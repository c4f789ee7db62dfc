/**
 * The room `enrich`: what can be read out of an event and need not be sent. It adds and never overrules: what a
 * client says of itself stays. It runs before consent is applied, which then takes away what may not be kept.
 */
import type { PayloadGroups, UrlFacts } from '../event/client-event.ts';
import { type CampaignDeps, readCampaign } from './campaign.ts';

export type Enrich = (payload: PayloadGroups, url: string) => PayloadGroups;

export type EnrichDeps = CampaignDeps;

/** `url` of the returned function is the page's, scrubbed. What there is nothing to add to is returned as it came. */
export function createEnrich(deps: EnrichDeps): Enrich {
  return function enrich(payload, url) {
    const { query, hash } = partsOf(url);
    const route =
      hash === '' || payload.route?.hash !== undefined ? payload.route : { ...payload.route, hash };
    const facts = withReferrer(query === '' ? payload.url : { ...queryFacts(query, deps), ...payload.url });
    if (route === payload.route && facts === payload.url) return payload;
    return { ...payload, ...(facts && { url: facts }), ...(route && { route }) };
  };
}

function queryFacts(query: string, deps: EnrichDeps): UrlFacts {
  return { raw_query: query, query_size: query.length, ...readCampaign(query, deps) };
}

/** The query without `?`, the hash with `#`. */
function partsOf(url: string): { query: string; hash: string } {
  const fragment = url.indexOf('#');
  const end = fragment === -1 ? url.length : fragment;
  const start = url.indexOf('?');
  const hash = url.slice(end);
  return {
    query: start === -1 || start > end ? '' : url.slice(start + 1, end),
    hash: hash === '#' ? '' : hash,
  };
}

const HOST = /^https?:\/\/([^/?#@\s]+)/i;

function withReferrer(facts: UrlFacts | undefined): UrlFacts | undefined {
  if (facts?.referrer === undefined || facts.referrer_hostname !== undefined) return facts;
  const [, host] = HOST.exec(facts.referrer) ?? [];
  if (host === undefined) return facts;
  return { ...facts, referrer_hostname: host.replace(/:\d*$/, '').toLowerCase() };
}
