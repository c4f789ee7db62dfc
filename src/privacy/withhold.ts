import type { PayloadGroups, RouteFacts, UrlFacts } from '../event/client-event.ts';
import type { ConsentGrants } from '../event/consent-setting.ts';
import type { Envelope, ServerFacts } from '../event/envelope.ts';

/** With analytics denied: what tells people from machines, and nothing of who they are. */
const TYPES_WITHOUT_ANALYTICS = new Set(['pageview', 'signals', 'document', 'verdict']);

/**
 * The event as far as the visitor's consent goes, or null where nothing of it may be kept (tracker: the
 * table of "Consent"). Runs before the journal, on whatever a client may have sent all the same.
 */
export function withhold(envelope: Envelope, grants: ConsentGrants): Envelope | null {
  if (grants.analytics && grants.security) return envelope;
  if (grants.security) return withoutAnalytics(envelope);
  return grants.analytics ? withoutSecurity(envelope) : null;
}

function withoutAnalytics(envelope: Envelope): Envelope | null {
  if (!TYPES_WITHOUT_ANALYTICS.has(envelope.type)) return null;
  const { client_event_id: _, ...server } = envelope.server;
  const url = envelope.url === undefined ? undefined : withoutQuery(envelope.url);
  return rebuild({ ...envelope, server, ...(url !== undefined && { url }) }, machineGroups(envelope.payload));
}

/** The path without query, the page view's id, and the signals. */
function machineGroups(payload: PayloadGroups = {}): PayloadGroups {
  const { url, route, device, page, results } = payload;
  return {
    ...(url && { url: siteOf(url) }),
    ...(route && { route: pathOf(route) }),
    ...(device && { device }),
    ...(page && { page }),
    ...(results && { results }),
  };
}

function siteOf({ referrer, referrer_hostname }: UrlFacts): UrlFacts {
  return {
    ...(referrer !== undefined && { referrer: withoutQuery(referrer) }),
    ...(referrer_hostname !== undefined && { referrer_hostname }),
  };
}

function pathOf({ domain, path, protocol }: RouteFacts): RouteFacts {
  return {
    ...(domain !== undefined && { domain }),
    ...(path !== undefined && { path: withoutQuery(path) }),
    ...(protocol !== undefined && { protocol }),
  };
}

function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

function withoutSecurity(envelope: Envelope): Envelope | null {
  if (envelope.type === 'signals') return null;
  const { results: _, ...payload } = envelope.payload ?? {};
  return rebuild({ ...envelope, server: withoutHeaderOrder(envelope.server) }, payload);
}

/** The order of the headers is kept for detection alone. */
function withoutHeaderOrder(server: ServerFacts): ServerFacts {
  if (server.http?.header_order === undefined) return server;
  const { header_order: _, ...http } = server.http;
  return { ...server, http };
}

/** With that payload, in its place among the fields; a group or a payload without a field is left out. */
function rebuild(envelope: Envelope, payload: PayloadGroups): Envelope {
  const groups = Object.entries(payload).filter(([, group]) => Object.keys(group).length > 0);
  if (groups.length > 0) return { ...envelope, payload: Object.fromEntries(groups) };
  const { payload: _, ...rest } = envelope;
  return rest;
}
