/** Which requests are ours (PROTOCOL: "Which requests are ours"): a pure function from a request to a union. */
import { pathOf } from '../http/path-of.ts';
import type { RequestFacts } from './request-facts.ts';

export type Route =
  | { kind: 'forward' }
  | { kind: 'collect' }
  | { kind: 'preflight' }
  | { kind: 'pixel' }
  | { kind: 'script'; name: ScriptName }
  | { kind: 'public-key' }
  | { kind: 'healthz' }
  | { kind: 'readyz' };

/** The scripts that a page may fetch from us. */
export type ScriptName = 'hmac.js' | 'pixel.js' | 'pixel.esm.js';

const FORWARD: Route = { kind: 'forward' };
const COLLECT: Route = { kind: 'collect' };
const PREFLIGHT: Route = { kind: 'preflight' };

export type Router = (facts: RequestFacts) => Route;

/** `pathPrefix` moves every path of ours, so that the site's own `/collect` stays the site's. */
export function createRouter(pathPrefix: string): Router {
  const reserved = new Map<string, Route>([
    [`${pathPrefix}/collect`, COLLECT],
    [`${pathPrefix}/px.gif`, { kind: 'pixel' }],
    [`${pathPrefix}/hmac.js`, { kind: 'script', name: 'hmac.js' }],
    [`${pathPrefix}/pixel.js`, { kind: 'script', name: 'pixel.js' }],
    [`${pathPrefix}/pixel.esm.js`, { kind: 'script', name: 'pixel.esm.js' }],
    [`${pathPrefix}/hmac/public-key`, { kind: 'public-key' }],
    [`${pathPrefix}/healthz`, { kind: 'healthz' }],
    [`${pathPrefix}/readyz`, { kind: 'readyz' }],
  ]);
  return function route(facts) {
    if (facts.method === 'POST' && facts.signed) return COLLECT;
    const found = reserved.get(pathOf(facts.target));
    if (found === undefined) return FORWARD;
    if (facts.method !== 'OPTIONS') return found;
    return found === COLLECT && facts.preflight ? PREFLIGHT : FORWARD;
  };
}
