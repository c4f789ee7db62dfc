/**
 * What a request shows in order to be believed. Reading it believes nothing: that takes the signature.
 * `bare` (the seed's form) is known and refused; senders with `Authorization: Bearer` would be one more member.
 */
import type { Exchange } from '../http/exchange.ts';
import { parseHmacHeader, type SignedHeader } from '../token/hmac-header.ts';
import type { ClientToken, TokenAge, TokenReading } from '../token/tokens.ts';
import type { Rejection } from './reject.ts';

export type Credential =
  | { readonly scheme: 'hello' }
  | {
      readonly scheme: 'v1';
      readonly header: SignedHeader;
      readonly token: ClientToken;
      readonly staleness: Staleness;
    }
  /** Under a secret that we no longer have: nothing of it can be verified. */
  | { readonly scheme: 'unknown-kid' }
  | { readonly scheme: 'refused'; readonly rejection: Rejection };

/** Why a signature is too old to be taken, even if it is right. */
export type Staleness = 'stale-token' | 'stale-timestamp' | null;

export type CredentialDeps = {
  readonly clock: { now(): number };
  readonly tokens: { read(text: string): TokenReading; age(token: ClientToken): TokenAge };
};

const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;

const UNSIGNED: Credential = { scheme: 'refused', rejection: { reason: 'unsigned' } };
const BARE: Credential = { scheme: 'refused', rejection: { reason: 'bare-not-accepted' } };
const BAD: Credential = { scheme: 'refused', rejection: { reason: 'bad-signature' } };

export function readCredential({ clientReq }: Exchange, deps: CredentialDeps): Credential {
  const value = clientReq.headers['x-gotrack-hmac'];
  if (value === undefined) return UNSIGNED;
  const header = parseHmacHeader(String(value));
  switch (header.scheme) {
    case 'hello':
      return { scheme: 'hello' };
    case 'bare':
      return BARE;
    case 'malformed':
      return BAD;
    case 'v1':
      return readSigned(header, deps);
  }
}

function readSigned(header: SignedHeader, { clock, tokens }: CredentialDeps): Credential {
  const reading = tokens.read(header.token);
  if (!reading.ok) return reading.reason === 'unknown-kid' ? { scheme: 'unknown-kid' } : BAD;
  const { token } = reading;
  if (tokens.age(token) === 'expired') return { scheme: 'v1', header, token, staleness: 'stale-token' };
  const differenceMs = Math.abs(clock.now() - Number(header.t));
  const staleness = differenceMs > MAX_CLOCK_DIFFERENCE_MS ? 'stale-timestamp' : null;
  return { scheme: 'v1', header, token, staleness };
}
