/**
 * The bytes of a token (protocol: "Token and signature"), in base64url:
 *
 *   version u8 = 1 · kind u8 (1 page, 2 hello) · kid (length u8, bytes) · issued_at u48 big-endian, ms
 *   · tid, the 16 bytes of a UUID · ip tag, 8 bytes
 *
 * Nothing here is proof of anything: a token is believed once a signature made with its key verifies.
 */
import { isKid } from './key-ring.ts';

export type TokenKind = 'page' | 'hello';

export type TokenFields = {
  readonly kind: TokenKind;
  readonly kid: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  /** UUID, lower case: of a page token the document id, of a hello token one that joins nothing. */
  readonly tid: string;
  /** 16 hex digits. */
  readonly ipTag: string;
};

const VERSION = 1;
const FIXED_BYTES = 33;
const KIND_CODES = { page: 1, hello: 2 } as const;
export const MIN_TOKEN_CHARACTERS = 46;
export const MAX_TOKEN_CHARACTERS = 66;

export function encodeToken(fields: TokenFields): string {
  const kidLength = fields.kid.length;
  const bytes = Buffer.alloc(FIXED_BYTES + kidLength);
  bytes[0] = VERSION;
  bytes[1] = KIND_CODES[fields.kind];
  bytes[2] = kidLength;
  bytes.write(fields.kid, 3, 'latin1');
  bytes.writeUIntBE(fields.issuedAt, 3 + kidLength, 6);
  bytes.write(fromUuid(fields.tid) + fields.ipTag, 9 + kidLength, 'hex');
  return bytes.toString('base64url');
}

/** The fields, or null where the text is no token in its one canonical form. */
export function decodeToken(text: string): TokenFields | null {
  if (text.length < MIN_TOKEN_CHARACTERS || text.length > MAX_TOKEN_CHARACTERS) return null;
  const bytes = Buffer.from(text, 'base64url');
  // Node's decoder skips what it does not know: only a text that encodes back to itself is taken.
  if (bytes.toString('base64url') !== text || bytes[0] !== VERSION) return null;
  const kind = bytes[1] === KIND_CODES.page ? 'page' : bytes[1] === KIND_CODES.hello ? 'hello' : null;
  const kidLength = bytes[2]!;
  if (kind === null || bytes.length !== FIXED_BYTES + kidLength) return null;
  const kid = bytes.toString('latin1', 3, 3 + kidLength);
  if (!isKid(kid)) return null;
  return {
    kind,
    kid,
    issuedAt: bytes.readUIntBE(3 + kidLength, 6),
    tid: toUuid(bytes.toString('hex', 9 + kidLength, 25 + kidLength)),
    ipTag: bytes.toString('hex', 25 + kidLength, 33 + kidLength),
  };
}

function fromUuid(uuid: string): string {
  return uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + uuid.slice(19, 23) + uuid.slice(24);
}

function toUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
