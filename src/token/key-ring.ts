import { createHmac } from 'node:crypto';
import { createSigner, type Signer } from './signer.ts';

/** One secret of the proxy and the short name under which tokens refer to it; HMAC_SECRET's is `0`. */
export type HmacSecret = { readonly kid: string; readonly secret: string };

/** A secret ready for use. */
export type RingKey = { readonly kid: string; readonly sign: Signer };

export type KeyRing = {
  /** The first: it signs. */
  readonly signing: RingKey;
  /** All of them verify. */
  readonly keys: readonly RingKey[];
  find(kid: string): RingKey | undefined;
};

export function createKeyRing(secrets: readonly HmacSecret[]): KeyRing {
  const keys = secrets.map(({ kid, secret }) => ({ kid, sign: createSigner(Buffer.from(secret, 'utf8')) }));
  const [signing] = keys;
  if (signing === undefined) throw new Error('a key ring needs a secret');
  return { signing, keys, find: (kid) => keys.find((key) => key.kid === kid) };
}

/**
 * A key for another purpose, in hex, for when the owner did not set one of its own. It comes from the last
 * secret, the one that stays when a new one is put in front, and changes only when that one is retired.
 */
export function deriveSecret(secrets: readonly HmacSecret[], purpose: string): string {
  const oldest = secrets.at(-1);
  if (oldest === undefined) throw new Error('a key ring needs a secret');
  return createHmac('sha256', oldest.secret).update(`gt1-derive:${purpose}`).digest('hex');
}

/** Whether a text may name a secret: `[a-z0-9]{1,16}`. */
export function isKid(text: string): boolean {
  return /^[a-z0-9]{1,16}$/.test(text);
}
