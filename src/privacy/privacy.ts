/**
 * The room `privacy`: what of an event may be kept, and in what form. Everything here runs before the
 * journal, so that what is removed was never stored.
 *
 * - `scrub` takes secrets and personal data out of URLs and titles
 * - `pseudonym` keeps addresses and user ids as keyed hashes where that is asked for
 * - `consent` says what a visitor agreed to, `withhold` removes the rest
 */
import { type Consent, type ConsentOptions, createConsent } from './consent.ts';
import { createPseudonym, type Pseudonym, type PseudonymOptions } from './pseudonym.ts';
import { createScrub, type Scrub } from './scrub.ts';
import { withhold } from './withhold.ts';

export type PrivacyOptions = ConsentOptions &
  PseudonymOptions & {
    /** SCRUB. */
    readonly scrub: boolean;
  };

export type Privacy = Pseudonym & {
  readonly scrub: Scrub;
  /** What a request's headers say of consent, and what follows from it. */
  readonly consentOf: Consent['ofRequest'];
  readonly decideConsent: Consent['decide'];
  readonly withhold: typeof withhold;
};

export function createPrivacy(options: PrivacyOptions): Privacy {
  const consent = createConsent(options);
  return {
    ...createPseudonym(options),
    scrub: createScrub(options.scrub),
    consentOf: consent.ofRequest,
    decideConsent: consent.decide,
    withhold,
  };
}
