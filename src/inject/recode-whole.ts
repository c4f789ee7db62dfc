/** A whole compressed page decoded to be judged; and, where it is edited, encoded again. */
import { type Codec, isRefusal, isTooLarge } from './codec.ts';
import { looksLikeGzip } from './gzip-header.ts';
import { isFrame } from './stream-reader.ts';
import { carryOut, planText, type TextPlan, type WholeEdit, type WholePage } from './whole-text.ts';

/**
 * `damaged`: the coding's own decoder refuses it, or it says that it is larger than MAX_TEXT. `large`: too large
 * to be decoded at once; a stream may do it.
 */
export type Decoded =
  | { readonly kind: 'text'; readonly text: Buffer }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'large' };

/** More text than this is not decoded at once: it would hold up everybody else. */
export const MAX_WHOLE_TEXT = 1 << 20;
/** More text than this passes untouched. */
export const MAX_TEXT = 16 << 20;

const HEADER_AND_TRAILER_BYTES = 18;
const DAMAGED: Decoded = { kind: 'damaged' };
const LARGE: Decoded = { kind: 'large' };

/** Throws what is no refusal of the decoder's. */
export function decodeWhole(codec: Codec, body: Buffer): Decoded {
  if (body.length === 0) return { kind: 'text', text: body };
  if (codec.coding === 'gzip') {
    const bytes = gzipTextBytes(body);
    if (bytes === null || bytes > MAX_TEXT) return DAMAGED;
    if (bytes > MAX_WHOLE_TEXT) return LARGE;
  }
  try {
    return { kind: 'text', text: decodeAll(codec, body) };
  } catch (error) {
    // A gzip stream has said how large it is, so it lied.
    if (isTooLarge(error)) return codec.coding === 'gzip' ? DAMAGED : LARGE;
    if (isRefusal(error)) return DAMAGED;
    throw error;
  }
}

/** A page in any coding, decoded and, where the snippet gets in, encoded again. May throw what the snippet throws. */
export function recodeWhole(codec: Codec, body: Buffer, page: WholePage): WholeEdit {
  const decoded = decodeWhole(codec, body);
  if (decoded.kind === 'large') return { kind: 'streamed' };
  if (decoded.kind === 'damaged') return { kind: 'plain', outcome: 'encoding' };
  const { text } = decoded;
  return recoded(codec, { text, plan: planText(text, page), page });
}

export function recoded(
  codec: Codec,
  { text, plan, page }: { text: Buffer; plan: TextPlan; page: WholePage },
): WholeEdit {
  if (plan.kind === 'plain') return { kind: 'plain', outcome: plan.outcome };
  const body = codec.encode(carryOut(text, plan, page.snippet()));
  return { kind: 'edited', body, outcome: 'recoded' };
}

/** What the trailer says (RFC 1952 §2.3.1, ISIZE): the truth, unless the stream has several members or lies. */
function gzipTextBytes(body: Buffer): number | null {
  if (body.length < HEADER_AND_TRAILER_BYTES || !looksLikeGzip(body)) return null;
  return body.readUInt32LE(body.length - 4);
}

/** Node's gunzip goes on to the next member itself; its zstd stops behind the first frame and says nothing. */
function decodeAll(codec: Codec, body: Buffer): Buffer {
  const texts: Buffer[] = [];
  let room = MAX_WHOLE_TEXT;
  for (let rest = body; ; ) {
    const { text, consumed } = codec.decode(rest, room);
    texts.push(text);
    room = Math.max(1, room - text.length);
    rest = rest.subarray(consumed);
    if (codec.coding !== 'zstd' || !isFrame(rest)) break; // rubbish behind a stream is no part of the page
  }
  return texts.length === 1 ? texts[0]! : Buffer.concat(texts);
}
