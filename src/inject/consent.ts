/** What a visitor's consent means for a page (tracker: "Consent"). */
import type { ConsentState } from '../event/envelope.ts';

/** The choice that is known before the first byte; the privacy room finds it. */
export type ConsentChoices = { readonly analytics: ConsentState; readonly security: ConsentState };

/**
 * `granted`: everything. `security`: only what tells people from machines, nothing stored, no session.
 * `dormant`: CONSENT=required and nothing granted yet: the script is there, so that the page can ask, and does
 * nothing. `denied`: both purposes; the page passes as it came.
 */
export type Consent = 'granted' | 'security' | 'dormant' | 'denied';

/** `required` is CONSENT=required; without it, what is unknown counts as granted. */
export function consentOf({ analytics, security }: ConsentChoices, required: boolean): Consent {
  if (analytics === 'denied' && security === 'denied') return 'denied';
  if (isGranted(analytics, required)) return 'granted';
  return isGranted(security, required) ? 'security' : 'dormant';
}

function isGranted(state: ConsentState, required: boolean): boolean {
  return state === 'granted' || (state === 'unknown' && !required);
}
