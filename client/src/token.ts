import { now, random32, utf8 } from './natives.ts';
import { hmacSha256, sha256, toHex } from './sign.ts';
import type { Settings } from './snippet.ts';

/** A token as the server hands it out: key is 32 bytes in base64url, now epoch ms, ttl seconds. */
export type Issued = { token: string; key: string; now: number; ttl: number };

/** What signs our batches: the latest token that we were given, and what we know of the server's clock. */
export type Token = {
  /** False where there is no token in it. */
  adopt(issued: Partial<Issued>): boolean;
  /** Whether the server would take a signature of this token now. */
  isFresh(): boolean;
  /** The value of X-GoTrack-HMAC (protocol: request); `path` with the query, as in the page's href. */
  signBody(path: string, body: Uint8Array): string;
};

/** `reused`: the page came from a cache, so that its `data-now` says nothing about the clocks. */
export function createToken(settings: Settings, reused: boolean): Token {
  let token = '';
  let key = new Uint8Array();
  let freshUntil = 0;
  let offsetMs = 0;

  const adopt = (issued: Partial<Issued>): boolean => {
    if (!issued.token) return false;
    token = issued.token;
    const base64 = issued.key!.replace(/-/g, '+').replace(/_/g, '/');
    key = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    offsetMs = +issued.now! - now();
    // A slow page or answer must not pass for a wrong clock.
    if (Math.abs(offsetMs) < 10_000) offsetMs = 0;
    // 5 % early, because a request is under way for a while.
    freshUntil = +issued.now! + +issued.ttl! * 950;
    return true;
  };

  const signBody = (path: string, body: Uint8Array): string => {
    const t = now() + offsetMs;
    // 48 bits.
    const n = random32() * 65536 + (random32() >>> 16);
    const text = `GT1\nPOST\n${path}\n${t}\n${n}\n${toHex(sha256(body))}`;
    return `v1;tok=${token};t=${t};n=${n};s=${toHex(hmacSha256(key, utf8(text)))}`;
  };

  adopt(settings as unknown as Issued);
  if (reused) offsetMs = 0;
  return { adopt, isFresh: () => now() + offsetMs < freshUntil, signBody };
}
