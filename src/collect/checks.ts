/** The checks that need no body, in the order of the protocol ("Checks, in this order"). */
import type { Exchange } from '../http/exchange.ts';
import type { Credential } from './credential.ts';
import type { Rate } from './rate.ts';
import type { Rejection } from './reject.ts';
import type { Site } from './same-site.ts';

export type Incoming = {
  readonly exchange: Exchange;
  readonly site: Site;
  readonly credential: Credential;
};

export type CheckDeps = {
  readonly isDraining: () => boolean;
  readonly maxBodyBytes: number;
  readonly collectRate: Rate;
  readonly helloRate: Rate;
};

type Check = (incoming: Incoming, deps: CheckDeps) => Rejection | null;

/** A stale token or time is no rejection yet: what it is answered depends on the signature, after the body. */
const CHECKS: readonly Check[] = [
  checkMethod,
  checkDraining,
  checkSite,
  checkType,
  checkAnnouncedLength,
  checkCredential,
  checkRate,
];

const DRAIN_RETRY_SECONDS = 5;

/** The first reason to refuse, or null. */
export function firstRejection(incoming: Incoming, deps: CheckDeps): Rejection | null {
  for (const check of CHECKS) {
    const rejection = check(incoming, deps);
    if (rejection !== null) return rejection;
  }
  return null;
}

function checkMethod({ exchange }: Incoming): Rejection | null {
  return exchange.clientReq.method === 'POST' ? null : { reason: 'wrong-method' };
}

function checkDraining(_: Incoming, { isDraining }: CheckDeps): Rejection | null {
  return isDraining() ? { reason: 'draining', retryAfter: DRAIN_RETRY_SECONDS } : null;
}

function checkSite({ site }: Incoming): Rejection | null {
  return site === null ? { reason: 'cross-site' } : null;
}

function checkType({ exchange, credential }: Incoming): Rejection | null {
  if (credential.scheme === 'hello') return null;
  const [type = ''] = (exchange.clientReq.headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase() === 'application/json' ? null : { reason: 'not-json-type' };
}

function checkAnnouncedLength({ exchange }: Incoming, { maxBodyBytes }: CheckDeps): Rejection | null {
  const announced = Number(exchange.clientReq.headers['content-length'] ?? 0);
  return announced > maxBodyBytes ? { reason: 'body-too-large' } : null;
}

function checkCredential({ credential }: Incoming): Rejection | null {
  return credential.scheme === 'refused' ? credential.rejection : null;
}

/** A server is known already, and has no more addresses than one for all that it imports. */
function checkRate({ exchange, credential }: Incoming, deps: CheckDeps): Rejection | null {
  if (credential.scheme === 'server') return null;
  const rate = credential.scheme === 'hello' ? deps.helloRate : deps.collectRate;
  const retryAfter = rate.take(exchange.address.ipKey);
  return retryAfter === 0 ? null : { reason: 'rate-limited', retryAfter };
}
