/** What doctor looks at, in this order. */
import { checkCaching } from './checks/caching.ts';
import { checkClientAddress } from './checks/client-address.ts';
import { checkClock } from './checks/clock.ts';
import { checkDeadLetters } from './checks/dead-letters.ts';
import { checkEncodings } from './checks/encodings.ts';
import { checkHost } from './checks/host.ts';
import { checkInjection } from './checks/injection.ts';
import { checkJournal } from './checks/journal.ts';
import { checkOrigin } from './checks/origin.ts';
import { checkOriginTls } from './checks/origin-tls.ts';
import { checkPolicy } from './checks/policy.ts';
import { checkPublicPath } from './checks/public-path.ts';
import { checkPublicUrl } from './checks/public-url.ts';
import { checkReservedPaths } from './checks/reserved-paths.ts';
import { checkSignedEvent } from './checks/signed-event.ts';
import { checkSinks } from './checks/sinks.ts';
import { checkTrustProxy } from './checks/trust-proxy.ts';
import type { Check } from './examination.ts';

/** By name as the JSON report has them; `configuration` comes before all of these. */
export const CHECKS: readonly { readonly name: string; readonly check: Check }[] = [
  { name: 'origin', check: checkOrigin },
  { name: 'origin-tls', check: checkOriginTls },
  { name: 'host', check: checkHost },
  { name: 'encodings', check: checkEncodings },
  { name: 'injection', check: checkInjection },
  { name: 'policy', check: checkPolicy },
  { name: 'caching', check: checkCaching },
  { name: 'reserved-paths', check: checkReservedPaths },
  { name: 'signed-event', check: checkSignedEvent },
  { name: 'journal', check: checkJournal },
  { name: 'sinks', check: checkSinks },
  { name: 'dead-letters', check: checkDeadLetters },
  { name: 'clock', check: checkClock },
  { name: 'trust-proxy', check: checkTrustProxy },
  { name: 'public-url', check: checkPublicUrl },
  { name: 'client-address', check: checkClientAddress },
  { name: 'public-path', check: checkPublicPath },
];
