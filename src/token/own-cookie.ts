/**
 * Our cookie, `gt` (`__Host-gt` under https): `session id . visitor id or empty . 8-byte MAC` (protocol: "Our
 * cookie"). A site may have a `gt` of its own: only one that parses and verifies is believed, and only that
 * one is taken off the request to the origin.
 */
import { type CookiePair, cutCookie, findCookies } from '../http/cookies.ts';
import type { RawHeaders } from '../http/raw-headers.ts';
import { createLru } from '../lib/lru.ts';
import { equalText } from './equal-text.ts';
import type { KeyRing, RingKey } from './key-ring.ts';
import { firstBytes } from './signer.ts';

export type OwnCookie = { readonly session: string; readonly visitor: string | null };

export type OwnCookies = {
  /** Who the client is by our cookie, or null. */
  read(headers: RawHeaders): OwnCookie | null;
  /** The same, and takes every cookie of ours off these headers, in place. */
  take(headers: RawHeaders): OwnCookie | null;
  /** A Set-Cookie value, or null where the session id could not stand in a cookie. */
  write(identity: OwnCookie, secure: boolean): string | null;
};

/** `__Host-` first: a sibling host cannot have set it. */
const NAMES = ['__Host-gt', 'gt'] as const;
const MAX_AGE_SECONDS = 1_800;
const MAC_BYTES = 8;
/** No dot, which separates, and nothing that could end a cookie or start an attribute. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const CLAIMS = /^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{0,64}$/;
const MAX_MACS = 20_000;

export function createOwnCookies(ring: KeyRing): OwnCookies {
  /** By the signing secret, of cookies that verified or were written: a visitor brings the same one along often. */
  const macs = createLru<string, string>(MAX_MACS);

  function macOf(claims: string): string {
    const known = macs.get(claims);
    if (known !== undefined) return known;
    const made = mac(ring.signing, claims);
    // A copy: V8 keeps a whole Cookie header alive for the sake of a piece of it.
    macs.set(Buffer.from(claims, 'latin1').toString('latin1'), made);
    return made;
  }

  function verify(value: string): OwnCookie | null {
    const dot = value.lastIndexOf('.');
    const claims = value.slice(0, dot);
    const given = value.slice(dot + 1);
    const known = macs.get(claims);
    const isRemembered = known !== undefined && equalText(known, given);
    if (!isRemembered && !isSigned(ring, claims, given)) return null;
    if (!isRemembered) macOf(claims);
    const [session = '', visitor = ''] = claims.split('.');
    return { session, visitor: visitor === '' ? null : visitor };
  }

  function find(headers: RawHeaders): { pair: CookiePair; identity: OwnCookie }[] {
    const found: { pair: CookiePair; identity: OwnCookie }[] = [];
    for (const name of NAMES) {
      for (const pair of findCookies(headers, name)) {
        const identity = verify(pair.value);
        if (identity !== null) found.push({ pair, identity });
      }
    }
    return found;
  }

  function take(headers: RawHeaders): OwnCookie | null {
    const found = find(headers);
    const identity = found[0]?.identity ?? null;
    found.sort((a, b) => b.pair.line - a.pair.line || b.pair.start - a.pair.start);
    for (const { pair } of found) cutCookie(headers, pair);
    return identity;
  }

  function write(identity: OwnCookie, secure: boolean): string | null {
    if (!ID.test(identity.session)) return null;
    const visitor = identity.visitor !== null && ID.test(identity.visitor) ? identity.visitor : '';
    const claims = `${identity.session}.${visitor}`;
    const name = secure ? NAMES[0] : NAMES[1];
    const attributes = `Path=/; Max-Age=${MAX_AGE_SECONDS}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
    return `${name}=${claims}.${macOf(claims)}; ${attributes}`;
  }

  return { read: (headers) => find(headers)[0]?.identity ?? null, take, write };
}

function isSigned(ring: KeyRing, claims: string, given: string): boolean {
  return CLAIMS.test(claims) && ring.keys.some((key) => equalText(mac(key, claims), given));
}

function mac(key: RingKey, claims: string): string {
  return firstBytes(key.sign(`gt1-cookie:${claims}`, 'binary'), MAC_BYTES);
}
