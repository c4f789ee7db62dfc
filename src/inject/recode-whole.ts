/** A whole gzip page inflated to be judged; and, where a splice cannot be trusted, edited and deflated again. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { looksLikeGzip } from './gzip-header.ts';

/**
 * `damaged`: zlib refuses it, or it says that it is larger than MAX_TEXT. `large`: too large to be inflated at
 * once; a stream may do it.
 */
export type Inflated =
  | { readonly kind: 'text'; readonly text: Buffer }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'large' };

/** 4 of 9: two thirds of the CPU of zlib's own 6 for 6 % more bytes (docs/decisions/where-the-tracker-goes). */
export const GZIP_LEVEL = 4;
/** More text than this is not inflated at once: it would hold up everybody else. */
export const MAX_WHOLE_TEXT = 1 << 20;
/** More text than this passes untouched. */
export const MAX_TEXT = 16 << 20;

const HEADER_AND_TRAILER_BYTES = 18;
const DAMAGED: Inflated = { kind: 'damaged' };

/** All members of it; throws what is no refusal of zlib's. */
export function inflateWhole(body: Buffer): Inflated {
  if (body.length === 0) return { kind: 'text', text: body };
  const bytes = inflatedBytes(body);
  if (bytes === null || bytes > MAX_TEXT) return DAMAGED;
  if (bytes > MAX_WHOLE_TEXT) return { kind: 'large' };
  try {
    return { kind: 'text', text: gunzipSync(body, { maxOutputLength: MAX_WHOLE_TEXT }) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && isRefusal(error.code)) return DAMAGED;
    throw error;
  }
}

/** What the trailer says (RFC 1952 §2.3.1, ISIZE): the truth, unless the stream has several members or lies. */
function inflatedBytes(body: Buffer): number | null {
  if (body.length < HEADER_AND_TRAILER_BYTES || !looksLikeGzip(body)) return null;
  return body.readUInt32LE(body.length - 4);
}

function isRefusal(code: unknown): boolean {
  return typeof code === 'string' && (code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE');
}

/** The text as gzip, with the snippet at that offset. */
export function recodeWhole(text: Buffer, at: number, snippet: Buffer): Buffer {
  return gzipSync(Buffer.concat([text.subarray(0, at), snippet, text.subarray(at)]), { level: GZIP_LEVEL });
}
