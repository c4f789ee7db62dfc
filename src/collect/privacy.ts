/** What collect needs of the room `privacy`, which `app` hands to it. */
import type { ConsentChoice } from '../event/client-event.ts';
import type { ConsentGrants } from '../event/consent-setting.ts';
import type { ConsentFacts, Envelope } from '../event/envelope.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import type { Scrub } from './clean.ts';

export type Privacy = {
  readonly scrub: Scrub;
  /** How an address is stored: itself or a hash; `at` is epoch milliseconds. */
  address(ip: string, at: number): { readonly ip: string } | { readonly ip_hash: string };
  /** How a user id is stored; null refuses it. */
  userId(id: string): string | null;
  /** What a request's headers say of consent. */
  consentOf(headers: RawHeaders): ConsentFacts;
  /** With the choice in an event's body: what may be done, and how the event records it. */
  decideConsent(
    facts: ConsentFacts,
    choice?: ConsentChoice,
  ): ConsentGrants & { readonly recorded: ConsentFacts };
  /** The event as far as consent goes, or null. */
  withhold(envelope: Envelope, grants: ConsentGrants): Envelope | null;
};
