/**
 * Everything that a secret of the proxy signs: page and hello tokens with their client keys, signatures of
 * POSTs, the pixel's document proof and our cookie. One object serves `inject`, `collect` and `proxy`.
 *
 * A client key is `HMAC(secret[kid], "gt1-key:" + token)`: whoever makes up a token does not know its key, so
 * a token needs no MAC of its own and nothing has to be remembered about the tokens that went out.
 * No key, token or signature is ever logged.
 */
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { RawHeaders } from '../http/raw-headers.ts';
import type { Clock } from '../lib/clock.ts';
import { createLru } from '../lib/lru.ts';
import { type BareForm, createBareForm } from './bare-form.ts';
import { equalText } from './equal-text.ts';
import type { SignedHeader } from './hmac-header.ts';
import { createKeyRing, type HmacSecret, type RingKey } from './key-ring.ts';
import { createOwnCookies, type OwnCookie } from './own-cookie.ts';
import { firstBytes } from './signer.ts';
import { decodeToken, encodeToken, type TokenFields, type TokenKind } from './token-layout.ts';

export type TokensOptions = {
  /** The first signs, all verify; at least one. */
  readonly secrets: readonly HmacSecret[];
  /** HMAC_TOKEN_TTL_SECONDS. */
  readonly ttlSeconds: number;
};

export type TokensDeps = {
  readonly clock: Pick<Clock, 'now'>;
  /** A UUIDv7, for the tid of hello tokens. */
  readonly uuidV7: () => string;
};

/** What a client gets: with it, it can sign for its own address until `ttl` is over. */
export type IssuedToken = {
  readonly token: string;
  /** 32 bytes, base64url. */
  readonly key: string;
  /** The server's clock, epoch milliseconds. */
  readonly now: number;
  /** Seconds. */
  readonly ttl: number;
};

/** A token that was parsed under a secret that we know; true only once a signature under it verified. */
export type ClientToken = TokenFields & {
  readonly text: string;
  /** `issuedAt` as RFC 3339. */
  readonly issuedAtText: string;
};

type VerifiedToken = { readonly token: ClientToken; readonly key: KeyObject };

export type TokenReading =
  | { readonly ok: true; readonly token: ClientToken }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown-kid' };

export type SignedRequest = {
  readonly header: SignedHeader;
  /** Path and query as they stood on the wire, one Latin-1 character a byte. */
  readonly path: string;
  readonly body: Buffer;
};

export type TokenAge = 'fresh' | 'past-half' | 'expired';

export type Tokens = {
  /** For a personal page: the tid is the document's id. */
  mintPage(ipKey: string, documentId: string): IssuedToken;
  /** For whoever asks: the tid joins nothing. */
  mintHello(ipKey: string): IssuedToken;
  /** The same kind and tid anew, for a client whose signature was right. */
  renew(token: ClientToken, ipKey: string): IssuedToken;
  read(text: string): TokenReading;
  age(token: ClientToken): TokenAge;
  /** Whether the token was issued to this address. */
  isBoundTo(token: ClientToken, ipKey: string): boolean;
  /** Whether the request was signed with the token's key; in constant time. */
  verify(token: ClientToken, request: SignedRequest): boolean;
  /** The seed's form of a signature. */
  readonly bare: BareForm;
  /** 16 hex digits that stand for an address without naming it. */
  ipTag(ipKey: string): string;
  /** `DOCID.MAC` for the pixel's `d=`. */
  documentProof(documentId: string, ipKey: string): string;
  /** The document id, or null where the proof is not ours or not this address's. */
  verifyDocumentProof(text: string, ipKey: string): string | null;
  readCookie(headers: RawHeaders): OwnCookie | null;
  /** Reads our cookie and takes it off, in place. */
  takeCookie(headers: RawHeaders): OwnCookie | null;
  /** A Set-Cookie value, or null where the session id could not stand in a cookie. */
  writeCookie(identity: OwnCookie, secure: boolean): string | null;
};

/** Beyond it a token is read anew: its client pays 10 µs of ours more. */
const MAX_VERIFIED = 20_000;
const MAX_IP_TAGS = 20_000;
const IP_TAG_DIGITS = 16;
const PROOF_BYTES = 8;
const MAX_TIME = Date.UTC(9_999, 11, 31);
const PROOF = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{11})$/;

export function createTokens(options: TokensOptions, deps: TokensDeps): Tokens {
  const ring = createKeyRing(options.secrets);
  const cookies = createOwnCookies(ring);
  const ttlMs = options.ttlSeconds * 1_000;
  // Only tokens whose signature verified get in: made-up ones cannot push the real ones out.
  const verified = createLru<string, VerifiedToken>(MAX_VERIFIED);
  const ipTags = createLru<string, string>(MAX_IP_TAGS);

  function tagOf(ipKey: string, by: RingKey): string {
    const name = `${by.kid}:${ipKey}`;
    const found = ipTags.get(name);
    if (found !== undefined) return found;
    const tag = by.sign(`gt1-ip:${ipKey}`, 'hex').slice(0, IP_TAG_DIGITS);
    ipTags.set(name, tag);
    return tag;
  }

  function mint(kind: TokenKind, tid: string, ipKey: string): IssuedToken {
    const now = deps.clock.now();
    const { kid } = ring.signing;
    const token = encodeToken({ kind, kid, issuedAt: now, tid, ipTag: tagOf(ipKey, ring.signing) });
    const key = ring.signing.sign(keyText(token), 'base64url');
    return { token, key, now, ttl: options.ttlSeconds };
  }

  function read(text: string): TokenReading {
    const known = verified.get(text);
    if (known !== undefined) return { ok: true, token: known.token };
    const fields = decodeToken(text);
    if (fields === null) return { ok: false, reason: 'malformed' };
    if (ring.find(fields.kid) === undefined) return { ok: false, reason: 'unknown-kid' };
    return { ok: true, token: { ...fields, text, issuedAtText: toTimeText(fields.issuedAt) } };
  }

  function age(token: ClientToken): TokenAge {
    const spentMs = deps.clock.now() - token.issuedAt;
    return spentMs > ttlMs ? 'expired' : spentMs > ttlMs / 2 ? 'past-half' : 'fresh';
  }

  function verify(token: ClientToken, request: SignedRequest): boolean {
    const known = verified.get(token.text);
    const key = known?.key ?? clientKey(ring.find(token.kid)!, token.text);
    if (!equalText(signatureOf(key, request), request.header.signature)) return false;
    if (known === undefined) verified.set(token.text, { token, key });
    return true;
  }

  function proof(documentId: string, ipKey: string, by: RingKey): string {
    return firstBytes(by.sign(`gt1-doc:${documentId}.${tagOf(ipKey, by)}`, 'binary'), PROOF_BYTES);
  }

  function verifyDocumentProof(text: string, ipKey: string): string | null {
    const parts = PROOF.exec(text);
    if (parts === null) return null;
    const [, documentId, given] = parts as unknown as [string, string, string];
    return ring.keys.some((by) => equalText(proof(documentId, ipKey, by), given)) ? documentId : null;
  }

  return {
    mintPage: (ipKey, documentId) => mint('page', documentId, ipKey),
    mintHello: (ipKey) => mint('hello', deps.uuidV7(), ipKey),
    renew: (token, ipKey) => mint(token.kind, token.tid, ipKey),
    read,
    age,
    isBoundTo: (token, ipKey) => token.ipTag === tagOf(ipKey, ring.find(token.kid)!),
    verify,
    bare: createBareForm(ring),
    ipTag: (ipKey) => tagOf(ipKey, ring.signing),
    documentProof: (documentId, ipKey) => `${documentId}.${proof(documentId, ipKey, ring.signing)}`,
    verifyDocumentProof,
    readCookie: cookies.read,
    takeCookie: cookies.take,
    writeCookie: cookies.write,
  };
}

/** A made-up token may name a time that no calendar has. */
function toTimeText(ms: number): string {
  return new Date(Math.min(ms, MAX_TIME)).toISOString();
}

const keyText = (token: string) => `gt1-key:${token}`;

/** What a client that has this token signs with. */
function clientKey(by: RingKey, token: string): KeyObject {
  return createSecretKey(by.sign(keyText(token), 'binary'), 'latin1');
}

/** The signature that a request must bear, in hex (protocol: "request"). */
function signatureOf(key: KeyObject, { header, path, body }: SignedRequest): string {
  const signed = `GT1\nPOST\n${path}\n${header.t}\n${header.n}\n${hash('sha256', body, 'hex')}`;
  return createHmac('sha256', key).update(signed, 'latin1').digest('hex');
}
