/** What a request shows in order to be believed. Reading it believes nothing but a server's own token. */
import type { Exchange } from '../http/exchange.ts';
import { equalText } from '../token/equal-text.ts';
import { parseHmacHeader, type SignedHeader } from '../token/hmac-header.ts';
import type { ClientToken, TokenAge, TokenReading } from '../token/tokens.ts';
import type { Rejection } from './reject.ts';

export type Credential =
  | { readonly scheme: 'hello' }
  | BodyCredential
  /** Under a secret that we no longer have: nothing of it can be verified. */
  | { readonly scheme: 'unknown-kid' }
  | { readonly scheme: 'refused'; readonly rejection: Rejection };

/** With one of these a body may bring events. */
export type BodyCredential =
  | {
      readonly scheme: 'v1';
      readonly header: SignedHeader;
      readonly token: ClientToken;
      readonly staleness: Staleness;
    }
  /** The seed's form: lower-case hex. */
  | { readonly scheme: 'bare'; readonly signature: string }
  /** A server of the site's, known by INGEST_TOKEN. */
  | { readonly scheme: 'server'; readonly idempotencyKey: string | null };

/** Why a signature is too old to be taken, even if it is right. */
export type Staleness = 'stale-token' | 'stale-timestamp' | null;

export type CredentialDeps = {
  readonly clock: { now(): number };
  readonly tokens: { read(text: string): TokenReading; age(token: ClientToken): TokenAge };
  /** HMAC_REQUIRE: `v1` refuses the bare form. */
  readonly hmacRequire: 'any' | 'v1';
  /** INGEST_TOKEN; null: no server is known. */
  readonly ingestToken: string | null;
};

const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;

const UNSIGNED: Credential = { scheme: 'refused', rejection: { reason: 'unsigned' } };
const BARE_REFUSED: Credential = { scheme: 'refused', rejection: { reason: 'bare-not-accepted' } };
const BAD: Credential = { scheme: 'refused', rejection: { reason: 'bad-signature' } };
const NO_SERVER: Credential = { scheme: 'refused', rejection: { reason: 'bad-ingest-token' } };

export function readCredential({ clientReq }: Exchange, deps: CredentialDeps): Credential {
  const { 'x-gotrack-hmac': value, authorization, 'idempotency-key': key } = clientReq.headers;
  if (value === undefined) return readBearer(authorization, { ...deps, key: key?.toString() });
  const header = parseHmacHeader(String(value));
  switch (header.scheme) {
    case 'hello':
      return { scheme: 'hello' };
    case 'bare':
      return deps.hmacRequire === 'v1' ? BARE_REFUSED : header;
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

type Bearer = Pick<CredentialDeps, 'ingestToken'> & { readonly key: string | undefined };

/** RFC 6750 §2.1. A site's visitors may carry a `Basic` of the site's own, which says nothing here. */
function readBearer(authorization: string | undefined, { ingestToken, key = '' }: Bearer): Credential {
  const [, token] = /^bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined || ingestToken === null) return UNSIGNED;
  if (!equalText(ingestToken, token)) return NO_SERVER;
  return { scheme: 'server', idempotencyKey: key === '' ? null : key };
}
