import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { createLru } from '../lib/lru.ts';

export type PseudonymOptions = {
  /** IP_HASH_SECRET: stores `ip_hash` in place of `ip`; undefined keeps the address. */
  readonly ipHashSecret: string | undefined;
  /** IP_HASH_DAILY: another hash each UTC day. */
  readonly ipHashDaily: boolean;
  /** USER_ID_SECRET or the key derived in its place; undefined (ANONYMIZE_USER_IDS=false) keeps user ids. */
  readonly userIdSecret: string | undefined;
};

export type AddressField = { readonly ip: string } | { readonly ip_hash: string };

export type Pseudonym = {
  /** How an address is stored; `at` is epoch milliseconds. The hash is 64 hex digits. */
  address(ip: string, at: number): AddressField;
  /** How a user id is stored, or null where it looks like an e-mail address, which is no id. */
  userId(id: string): string | null;
};

const MAX_HASHES = 10_000;

export function createPseudonym(options: PseudonymOptions): Pseudonym {
  const hashAddress = createHash(options.ipHashSecret);
  const hashUser = createHash(options.userIdSecret);

  function address(ip: string, at: number): AddressField {
    if (hashAddress === null) return { ip };
    const day = options.ipHashDaily ? `${new Date(at).toISOString().slice(0, 10)} ` : '';
    return { ip_hash: hashAddress(day + ip) };
  }

  function userId(id: string): string | null {
    if (looksLikeEmail(id)) return null;
    return hashUser === null ? id : hashUser(id);
  }

  return { address, userId };
}

/** A keyed hash that remembers: the same few addresses and users come again and again. */
function createHash(secret: string | undefined): ((text: string) => string) | null {
  if (secret === undefined) return null;
  const key: KeyObject = createSecretKey(Buffer.from(secret, 'utf8'));
  const known = createLru<string, string>(MAX_HASHES);
  return function hashOf(text) {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = createHmac('sha256', key).update(text).digest('hex');
    // A copy: V8 keeps a whole URL alive for the sake of a piece of it.
    if (text.length <= MAX_REMEMBERED_CHARACTERS) known.set(Buffer.from(text).toString(), made);
    return made;
  };
}

/** Longer ids are hashed each time, so that the table has a bound in bytes too. */
const MAX_REMEMBERED_CHARACTERS = 256;

function looksLikeEmail(id: string): boolean {
  const at = id.search(/@|%40/);
  return at > 0 && at < id.length - 1;
}
