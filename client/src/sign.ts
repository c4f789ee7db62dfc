/*
 * SHA-256 (FIPS 180-4) and HMAC (RFC 2104), our own: `crypto.subtle` is absent on plain HTTP, and its
 * answer would come too late in a page that is being left. Int32Array keeps all sums within 32 bits.
 */

/** Three rotations, the last of which a mask of 0 makes a shift. */
function mix(x: number, a: number, b: number, c: number, mask = -1): number {
  return ((x >>> a) | (x << -a)) ^ ((x >>> b) | (x << -b)) ^ ((x >>> c) | ((x << -c) & mask));
}

/** 32 bytes, of a message of up to 512 MB. `w`, `t1` and `t2` are FIPS 180-4 §6.2.2's, `s` holds its a to h. */
export function sha256(message: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array((message.length + 72) & ~63);
  bytes.set(message);
  bytes[message.length] = 128;
  const view = new DataView(bytes.buffer);
  view.setInt32(bytes.length - 4, message.length * 8);
  const hash = new Int32Array(8);
  const rounds = new Int32Array(64);
  // The fractions of the roots of the first primes: shorter to compute than to write down, in 20 µs.
  for (let n = 2, count = 0; count < 64; n++) {
    let divisor = 2;
    while (n % divisor) divisor++;
    if (divisor < n) continue;
    // Beyond its end, a typed array ignores what is written.
    hash[count] = n ** 0.5 * 2 ** 32;
    rounds[count++] = n ** (1 / 3) * 2 ** 32;
  }
  const w = new Int32Array(64);
  for (let at = 0; at < bytes.length; at += 64) {
    const s = hash.slice();
    for (let i = 0; i < 64; i++) {
      w[i] =
        i < 16
          ? view.getInt32(at + i * 4)
          : mix(w[i - 2]!, 17, 19, 10, 0) + w[i - 7]! + mix(w[i - 15]!, 7, 18, 3, 0) + w[i - 16]!;
      const a = s[0]!;
      const e = s[4]!;
      const t1 = s[7]! + mix(e, 6, 11, 25) + (s[6]! ^ (e & (s[5]! ^ s[6]!))) + rounds[i]! + w[i]!;
      const t2 = mix(a, 2, 13, 22) + ((a & (s[1]! | s[2]!)) | (s[1]! & s[2]!));
      s.copyWithin(1, 0);
      s[4]! += t1;
      s[0] = t1 + t2;
    }
    s.forEach((word, i) => {
      hash[i]! += word;
    });
  }
  hash.forEach((word, i) => {
    view.setInt32(i * 4, word);
  });
  return bytes.slice(0, 32);
}

/** 32 bytes; the key has at most 64 (a client key has 32): longer ones would first have to be hashed. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = [...key, ...new Uint8Array(64 - key.length)];
  const keyed = (pad: number, text: Uint8Array): Uint8Array =>
    sha256([...block.map((byte) => byte ^ pad), ...text]);
  return keyed(0x5c, keyed(0x36, message));
}

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
