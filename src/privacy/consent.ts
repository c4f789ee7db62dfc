/**
 * What a visitor agreed to (tracker: "Consent"). The choice may come from the tracker's cookie or the body
 * (`api`), from the site's own cookie (`cookie`), from Global Privacy Control or Do Not Track; of what is
 * known, the most restrictive holds for each purpose.
 */
import type { ConsentChoice } from '../event/client-event.ts';
import type { ConsentCookie, ConsentGrants } from '../event/consent-setting.ts';
import type { ConsentFacts, ConsentState } from '../event/envelope.ts';
import { cookieValue } from '../http/cookies.ts';
import { headerValue, type RawHeaders } from '../http/raw-headers.ts';

export type ConsentOptions = {
  /** CONSENT: `required` takes unknown for denied, `optional` for granted. */
  readonly mode: 'optional' | 'required';
  /** CONSENT_COOKIE. */
  readonly cookie: ConsentCookie | null;
  readonly respectGpc: boolean;
  readonly respectDnt: boolean;
};

/** What may be done, and how the event records it. */
export type ConsentDecision = ConsentGrants & { readonly recorded: ConsentFacts };

export type Consent = {
  /** What a request's headers say. */
  ofRequest(headers: RawHeaders): ConsentFacts;
  /** With what an event's body says besides, and what is still unknown read as CONSENT says. */
  decide(facts: ConsentFacts, choice?: ConsentChoice): ConsentDecision;
};

type Claim = {
  readonly source: ConsentFacts['source'];
  readonly analytics: ConsentState;
  readonly security: ConsentState;
};

const TRACKER_COOKIE = 'gt_consent';
const NO_CHOICE = { analytics: 'unknown', security: 'unknown', source: 'default' } as const;

export function createConsent(options: ConsentOptions): Consent {
  function ofRequest(headers: RawHeaders): ConsentFacts {
    const gpc = headerValue(headers, 'sec-gpc') === '1';
    const dnt = headerValue(headers, 'dnt') === '1';
    let facts: ConsentFacts = NO_CHOICE;
    if (headerValue(headers, 'cookie') !== undefined) {
      facts = join(facts, trackerCookie(headers));
      facts = join(facts, siteCookie(headers, options.cookie));
    }
    if (gpc) facts = join(facts, signal('gpc', options.respectGpc));
    if (dnt) facts = join(facts, signal('dnt', options.respectDnt));
    return gpc || dnt ? { ...facts, ...(gpc && { gpc }), ...(dnt && { dnt }) } : facts;
  }

  function decide(known: ConsentFacts, choice?: ConsentChoice): ConsentDecision {
    const facts = choice === undefined ? known : join(known, claimOf(choice));
    const analytics = settled(facts.analytics, options.mode);
    const security = settled(facts.security, options.mode);
    const recorded = { ...facts, analytics, security };
    return { analytics: analytics === 'granted', security: security === 'granted', recorded };
  }

  return { ofRequest, decide };
}

function claimOf(choice: ConsentChoice): Claim {
  return {
    source: 'api',
    analytics: choice.analytics ?? 'unknown',
    security: choice.security ?? 'unknown',
  };
}

function settled(state: ConsentState, mode: ConsentOptions['mode']): ConsentState {
  if (state !== 'unknown') return state;
  return mode === 'optional' ? 'granted' : 'denied';
}

/** Adds a claim. The source is of the claim that first brought the result about, analytics before security. */
function join(facts: ConsentFacts, claim: Claim | null): ConsentFacts {
  if (claim === null) return facts;
  const analytics = stricter(facts.analytics, claim.analytics);
  const security = stricter(facts.security, claim.security);
  if (analytics === facts.analytics && security === facts.security) return facts;
  const decides = analytics !== facts.analytics || facts.analytics === 'unknown';
  return { ...facts, analytics, security, source: decides ? claim.source : facts.source };
}

function stricter(one: ConsentState, other: ConsentState): ConsentState {
  if (one === 'denied' || other === 'denied') return 'denied';
  return one === 'granted' || other === 'granted' ? 'granted' : 'unknown';
}

function signal(source: 'gpc' | 'dnt', respected: boolean): Claim | null {
  return respected ? { source, analytics: 'denied', security: 'unknown' } : null;
}

/** `gt_consent=analytics:granted.security:denied`, as `gotrack.consent` writes it. */
function trackerCookie(headers: RawHeaders): Claim | null {
  const value = cookieValue(headers, TRACKER_COOKIE);
  if (value === undefined) return null;
  const parts = value.split('.', 2);
  return { source: 'api', analytics: stateIn(parts, 'analytics'), security: stateIn(parts, 'security') };
}

function stateIn(parts: readonly string[], purpose: string): ConsentState {
  if (parts.includes(`${purpose}:denied`)) return 'denied';
  return parts.includes(`${purpose}:granted`) ? 'granted' : 'unknown';
}

function siteCookie(headers: RawHeaders, setting: ConsentCookie | null): Claim | null {
  const value = setting === null ? undefined : cookieValue(headers, setting.name);
  if (setting === null || value === undefined) return null;
  const grants = setting.grants.get(value) ?? setting.grants.get(decoded(value));
  return {
    source: 'cookie',
    analytics: grants?.analytics ? 'granted' : 'denied',
    security: grants?.security ? 'granted' : 'denied',
  };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not encoded, then: it is compared as it stands.
    return value;
  }
}
