/** Whether a token and its key were made with a secret of this configuration. */
import { parseHmacHeader } from '../token/hmac-header.ts';
import type { Tokens } from '../token/tokens.ts';
import { type Grant, signedHeader } from './sign.ts';

/** What is signed does not matter: it stays here. */
const SIGNING = { path: '/', body: '', t: 0, n: 0 };

export function isSignedByUs(tokens: Tokens, grant: Grant): boolean {
  const reading = tokens.read(grant.token);
  const header = parseHmacHeader(signedHeader(grant, SIGNING));
  if (!reading.ok || header.scheme !== 'v1') return false;
  return tokens.verify(reading.token, { header, path: SIGNING.path, body: Buffer.alloc(0) });
}
