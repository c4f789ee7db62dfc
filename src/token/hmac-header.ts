import { MAX_TOKEN_CHARACTERS, MIN_TOKEN_CHARACTERS } from './token-layout.ts';

/** `X-GoTrack-HMAC: v1;tok=…;t=…;n=…;s=…`: numbers stay text, because the text is what was signed. */
export type SignedHeader = {
  readonly scheme: 'v1';
  readonly token: string;
  /** The signer's idea of the server's clock, epoch milliseconds, decimal. */
  readonly t: string;
  /** Random, decimal. */
  readonly n: string;
  /** 64 hex digits, lower case. */
  readonly signature: string;
};

/** What a POST says in that header. `bare` is the seed's form: 64 hex digits. */
export type HmacHeader =
  | SignedHeader
  | { readonly scheme: 'hello' }
  | { readonly scheme: 'bare'; readonly signature: string }
  | { readonly scheme: 'malformed' };

const MAX_HEADER_CHARACTERS = 256;

// Linear: no class contains the delimiter that follows it, so there is never a second way to match.
const V1 = new RegExp(
  `^v1;tok=([A-Za-z0-9_-]{${MIN_TOKEN_CHARACTERS},${MAX_TOKEN_CHARACTERS}});t=(\\d{1,15});n=(\\d{1,15});s=([0-9A-Fa-f]{64})$`,
);
const BARE = /^[0-9A-Fa-f]{64}$/;

/**
 * Reads the header's value. Node joins repeated lines with a comma, which no shape here contains: a repeated
 * header is malformed, as is an empty one.
 */
export function parseHmacHeader(value: string): HmacHeader {
  if (value === 'hello') return { scheme: 'hello' };
  if (value.length > MAX_HEADER_CHARACTERS) return { scheme: 'malformed' };
  const parts = V1.exec(value);
  if (parts !== null) {
    return { scheme: 'v1', token: parts[1]!, t: parts[2]!, n: parts[3]!, signature: parts[4]!.toLowerCase() };
  }
  return BARE.test(value) ? { scheme: 'bare', signature: value.toLowerCase() } : { scheme: 'malformed' };
}
