/**
 * A client written from the protocol's page alone, so that a mistake of ours cannot hide in shared code:
 * tokens are opaque to it, as they are to a browser.
 */
import { createHash, createHmac } from 'node:crypto';

export type Issued = { token: string; key: string; now: number; ttl: number };

export type SignOptions = { path?: string; t?: number; n?: string };

export function signature(
  issued: Pick<Issued, 'key'>,
  body: string | Buffer,
  options: Required<SignOptions>,
): string {
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const text = ['GT1', 'POST', options.path, String(options.t), options.n, bodyHash].join('\n');
  return createHmac('sha256', Buffer.from(issued.key, 'base64url')).update(text).digest('hex');
}

let counter = 1;

/** The value of X-GoTrack-HMAC. Every call signs anew unless `n` is given. */
export function sign(issued: Issued, body: string | Buffer, options: SignOptions = {}): string {
  const { path = '/page', t = issued.now, n = String(1_000_000 + counter++) } = options;
  return `v1;tok=${issued.token};t=${t};n=${n};s=${signature(issued, body, { path, t, n })}`;
}
