/**
 * A whole gzip page edited by inflating and deflating it. `editGzip` is the function that a splice, which
 * leaves the origin's bytes as they are and appends to them, takes the place of.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { looksLikeGzip } from './gzip-header.ts';
import type { BodyOutcome } from './outcome.ts';
import type { Placement } from './page-text.ts';

/**
 * `edited`: the whole new body. `plain`: the body passes as it came. `streamed`: too large to be inflated at
 * once; a stream may do it.
 */
export type GzipEdit =
  | { readonly kind: 'edited'; readonly body: Buffer }
  | { readonly kind: 'plain'; readonly outcome: BodyOutcome | 'encoding' }
  | { readonly kind: 'streamed' };

export type GzipEditor = {
  /** Where the snippet goes in the inflated text. */
  place(text: Buffer): Placement;
  snippet(): Buffer;
};

/** 4 of 9: two thirds of the CPU of zlib's own 6 for 6 % more bytes (docs/decisions/where-the-tracker-goes). */
export const GZIP_LEVEL = 4;
/** More text than this is not inflated at once: it would hold up everybody else. */
export const MAX_WHOLE_TEXT = 1 << 20;
/** More text than this passes untouched. */
export const MAX_TEXT = 16 << 20;

const HEADER_AND_TRAILER_BYTES = 18;

/** Throws only what the editor throws; what zlib refuses passes as it came. */
export function editGzip(body: Buffer, editor: GzipEditor): GzipEdit {
  const bytes = inflatedBytes(body);
  if (bytes === null || bytes > MAX_TEXT) return { kind: 'plain', outcome: 'encoding' };
  if (bytes > MAX_WHOLE_TEXT) return { kind: 'streamed' };
  const text = inflate(body);
  if (text === null) return { kind: 'plain', outcome: 'encoding' };
  const placed = editor.place(text);
  if (!('at' in placed)) return { kind: 'plain', outcome: placed.outcome };
  const edited = [text.subarray(0, placed.at), editor.snippet(), text.subarray(placed.at)];
  return { kind: 'edited', body: gzipSync(Buffer.concat(edited), { level: GZIP_LEVEL }) };
}

/** What the trailer says (RFC 1952 §2.3.1, ISIZE): the truth, unless the stream has several members or lies. */
function inflatedBytes(body: Buffer): number | null {
  if (body.length === 0) return 0;
  if (body.length < HEADER_AND_TRAILER_BYTES || !looksLikeGzip(body)) return null;
  return body.readUInt32LE(body.length - 4);
}

/** Null: damaged, or more text than its trailer says and than may be here at once. */
function inflate(body: Buffer): Buffer | null {
  if (body.length === 0) return body;
  try {
    return gunzipSync(body, { maxOutputLength: MAX_WHOLE_TEXT });
  } catch (error) {
    if (error instanceof Error && 'code' in error && isRefusal(error.code)) return null;
    throw error;
  }
}

function isRefusal(code: unknown): boolean {
  return typeof code === 'string' && (code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE');
}
