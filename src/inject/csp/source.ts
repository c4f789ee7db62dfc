/** Source expressions of a policy (CSP Level 3 §2.3.1, §6.7): which of them let what through. */

export type Origin = {
  readonly scheme: 'http' | 'https';
  /** As in the Host header: a port that is not the scheme's own stands behind it. */
  readonly host: string;
};

/** How a list of sources treats an inline script. */
export type InlineRule =
  | { readonly kind: 'allowed' }
  /** Only a script that bears one of these. */
  | { readonly kind: 'nonce'; readonly nonces: readonly string[] }
  | { readonly kind: 'forbidden' };

const NONCE = /^'nonce-([A-Za-z0-9+/_-]+={0,2})'$/i;
const HASH = /^'sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}'$/i;

/**
 * "Does a source list allow all inline behavior" and the match of a script against it. `hash` is our script's
 * own source expression, with its quotes: a page that lists it would run us already.
 */
export function inlineRule(sources: readonly string[] | undefined, hash: string): InlineRule {
  if (sources === undefined) return { kind: 'allowed' };
  if (sources.includes(hash)) return { kind: 'allowed' };
  const nonces = sources.flatMap((source) => NONCE.exec(source)?.[1] ?? []);
  if (nonces.length > 0) return { kind: 'nonce', nonces };
  const lower = sources.map((source) => source.toLowerCase());
  const switchedOff = lower.includes("'strict-dynamic'") || sources.some((source) => HASH.test(source));
  return { kind: lower.includes("'unsafe-inline'") && !switchedOff ? 'allowed' : 'forbidden' };
}

export function isNone(source: string): boolean {
  return source.toLowerCase() === "'none'";
}

/** Whether a list of sources lets no request through, and says so. */
export function allowsNothing(sources: readonly string[] | undefined): boolean {
  return sources !== undefined && (sources.length === 0 || (sources.length === 1 && isNone(sources[0]!)));
}

/** Whether a list of sources lets requests to the page's own origin through. */
export function allowsOwnOrigin(sources: readonly string[] | undefined, own: Origin): boolean {
  return sources === undefined || sources.some((source) => matchesOwn(source.toLowerCase(), own));
}

const HOST_SOURCE =
  /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::(\*|\d+))?(\/?)$/;

/** A source with a path is none to us: whether it covers the page depends on more than the origin. */
function matchesOwn(source: string, own: Origin): boolean {
  if (source === "'self'" || source === '*') return true;
  if (source === `${own.scheme}:` || (source === 'http:' && own.scheme === 'https')) return true;
  const parts = HOST_SOURCE.exec(source);
  if (parts === null) return false;
  const [, scheme, host, port] = parts;
  const { name, port: ownPort } = splitHost(own);
  if (scheme !== undefined && scheme !== own.scheme && !(scheme === 'http' && own.scheme === 'https'))
    return false;
  return matchesHost(host!, name) && matchesPort(port, ownPort, own.scheme);
}

function matchesHost(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1));
}

/** Without a port a source means the default one of its scheme; 80 may be upgraded to 443. */
function matchesPort(port: string | undefined, ownPort: string, scheme: string): boolean {
  if (port === undefined) return ownPort === defaultPort(scheme);
  return port === '*' || port === ownPort || (port === '80' && ownPort === '443');
}

function splitHost({ scheme, host }: Origin): { name: string; port: string } {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host.toLowerCase());
  return { name: parts?.[1] ?? '', port: parts?.[2] ?? defaultPort(scheme) };
}

function defaultPort(scheme: string): string {
  return scheme === 'https' ? '443' : '80';
}
