/** Signs a POST as the tracker does (protocol: "Token and signature"). */
import { createHash, createHmac } from 'node:crypto';

export type Grant = { readonly token: string; readonly key: string };

export type Signing = {
  /** Path and query, as in the page's address. */
  readonly path: string;
  readonly body: string;
  /** The server's clock, epoch milliseconds. */
  readonly t: number;
  /** 48 random bits. */
  readonly n: number;
};

/** The value of X-GoTrack-HMAC. */
export function signedHeader({ token, key }: Grant, { path, body, t, n }: Signing): string {
  const digest = createHash('sha256').update(body).digest('hex');
  const signed = `GT1\nPOST\n${path}\n${t}\n${n}\n${digest}`;
  const signature = createHmac('sha256', Buffer.from(key, 'base64url')).update(signed).digest('hex');
  return `v1;tok=${token};t=${t};n=${n};s=${signature}`;
}
