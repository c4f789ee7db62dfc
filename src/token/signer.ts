/**
 * HMAC-SHA256 (RFC 2104) of short texts. Two are made for each page, and to make and collect an Hmac object of node's
 * costs more than the two hashes that it stands for.
 */
import { hash } from 'node:crypto';

/** `text`: Latin-1, at most MAX_TEXT characters; throws where it is longer. 'binary' is node's other name for Latin-1. */
export type Signer = (text: string, encoding: 'hex' | 'base64url' | 'binary') => string;

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** More than a token, an address or a cookie of ours can be long. */
const MAX_TEXT = 512;

export function createSigner(secret: Buffer): Signer {
  const key = secret.length > BLOCK_BYTES ? hash('sha256', secret, 'buffer') : secret;
  const inner = padded(key, 0x36, MAX_TEXT);
  const outer = padded(key, 0x5c, DIGEST_BYTES);
  return (text, encoding) => {
    if (text.length > MAX_TEXT) throw new Error('a text that is too long to be signed');
    inner.write(text, BLOCK_BYTES, 'latin1');
    const digest = hash('sha256', inner.subarray(0, BLOCK_BYTES + text.length), 'binary');
    outer.write(digest, BLOCK_BYTES, 'latin1');
    return hash('sha256', outer, encoding);
  };
}

/** The key's block, and room for what is hashed behind it. */
function padded(key: Buffer, pad: number, more: number): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES + more, pad);
  for (const [i, byte] of key.entries()) bytes[i] = byte ^ pad;
  return bytes;
}

/** So many bytes of a MAC that was given as Latin-1, in base64url. */
export function firstBytes(mac: string, bytes: number): string {
  return Buffer.from(mac.slice(0, bytes), 'latin1').toString('base64url');
}
