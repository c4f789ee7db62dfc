/**
 * The name of a page by its bytes, with everything else that a verdict depends on: GMAC (NIST SP 800-38D) of the body
 * under a key that this process made for itself and that leaves it nowhere. For whoever does not know the key,
 * any two bodies have the same name with a probability of their length in blocks by 2^128, however they were chosen
 * (the universal hash in it): no name goes out, and that a guess failed tells nothing of the key. So nobody can make
 * a page that passes for another, at a sixth of what SHA-256 costs. Where names outlive the process this would not do.
 */
import { createCipheriv, createSecretKey, hash } from 'node:crypto';
import type { PageFacts } from './page-text.ts';

export type PageKey = (body: Buffer, facts: PageFacts) => string;

export const PAGE_KEY_BYTES = 16;
/** The same each time: it hides the sum from those who see it, and nobody does. */
const NONCE = Buffer.alloc(12);

/** `secret`: PAGE_KEY_BYTES, random. */
export function createPageKey(secret: Buffer): PageKey {
  const key = createSecretKey(secret);
  return (body, { contentType, shown }) => {
    const cipher = createCipheriv('aes-128-gcm', key, NONCE);
    cipher.setAAD(body);
    cipher.final('latin1'); // nothing, but as a Buffer a costly nothing
    // The tag is always as long, so that no type can make one page's name of another's.
    return `${cipher.getAuthTag().toString('latin1')}${shown ? '+' : '-'}${shortened(contentType)}`;
  };
}

/** Names are kept by the thousand. */
const MAX_TYPE = 64;

function shortened(contentType: string): string {
  return contentType.length <= MAX_TYPE ? contentType : hash('sha256', contentType, 'base64');
}
