/**
 * The seed's signature (protocol: "bare form"): 64 hex digits, `HMAC(HMAC(secret, "client-key:" + ip), body)`. It
 * is bound to an address and to a body, and to no time, path or page.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { createLru } from '../lib/lru.ts';
import { equalText } from './equal-text.ts';
import type { KeyRing, RingKey } from './key-ring.ts';

/** `ip` is the client's whole address, not its ipKey. */
export type BareRequest = { readonly signature: string; readonly ip: string; readonly body: Buffer };

export type BareForm = {
  /** The kid of the secret under which the signature (lower-case hex) is right, or null; in constant time. */
  verify(request: BareRequest): string | null;
  /** The key with which the client at this address signs: 32 bytes, base64 as the seed hands it out. */
  keyFor(ip: string): string;
};

/** Beyond it a key is made anew, for 10 µs. */
const MAX_KEYS = 10_000;

export function createBareForm(ring: KeyRing): BareForm {
  const keys = createLru<string, KeyObject>(MAX_KEYS);

  function keyOf(by: RingKey, ip: string): KeyObject {
    const name = `${by.kid}:${ip}`;
    const found = keys.get(name);
    if (found !== undefined) return found;
    const made = createSecretKey(clientKey(by, ip));
    keys.set(name, made);
    return made;
  }

  function verify({ signature, ip, body }: BareRequest): string | null {
    const right = ring.keys.find((by) =>
      equalText(createHmac('sha256', keyOf(by, ip)).update(body).digest('hex'), signature),
    );
    return right?.kid ?? null;
  }

  return { verify, keyFor: (ip) => clientKey(ring.signing, ip).toString('base64') };
}

function clientKey(by: RingKey, ip: string): Buffer {
  return Buffer.from(by.sign(`client-key:${ip}`, 'binary'), 'latin1');
}
