/**
 * Tokens, keys and signatures by the protocol's definitions alone, made with the secret that the tests gave to the
 * instance: also such as no server would hand out (old, of another kind, of a secret that is gone).
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';

export const SECRET = 'the-secret-of-the-conformance-tests-long-enough';
export const IP = '203.0.113.42';

export type TokenText = {
  secret?: string;
  kid?: string;
  kind?: 1 | 2;
  /** Epoch milliseconds. */
  issuedAt?: number;
  /** 32 hex digits. */
  tid?: string;
  /** As the ip tag binds it: the IPv4, or the IPv6 /64. */
  ipKey?: string;
};

const hmac = (key: string | Buffer, text: string | Buffer) => createHmac('sha256', key).update(text).digest();

/** version u8 = 1 · kind u8 · kid (length u8, bytes) · issued_at u48 ms · tid · ip tag, in base64url. */
export function tokenOf(text: TokenText = {}): string {
  const { secret = SECRET, kid = '0', kind = 2, issuedAt = Date.now(), ipKey = IP } = text;
  const { tid = randomBytes(16).toString('hex') } = text;
  const issued = Buffer.alloc(6);
  issued.writeUIntBE(issuedAt, 0, 6);
  const tag = hmac(secret, `gt1-ip:${ipKey}`).subarray(0, 8);
  const head = Buffer.from([1, kind, kid.length, ...Buffer.from(kid)]);
  return Buffer.concat([head, issued, Buffer.from(tid, 'hex'), tag]).toString('base64url');
}

export type Signing = TokenText & {
  path: string;
  body: string | Buffer;
  token?: string;
  key?: Buffer;
  t?: number;
  n?: string;
};

/** `v1;tok=…;t=…;n=…;s=…` */
export function v1({ path, body, t = Date.now(), n, token, key, ...text }: Signing): string {
  const tok = token ?? tokenOf(text);
  const clientKey = key ?? hmac(text.secret ?? SECRET, `gt1-key:${tok}`);
  const random = n ?? String(randomBytes(6).readUIntBE(0, 6));
  const digest = createHash('sha256').update(body).digest('hex');
  const s = hmac(clientKey, `GT1\nPOST\n${path}\n${t}\n${random}\n${digest}`).toString('hex');
  return `v1;tok=${tok};t=${t};n=${random};s=${s}`;
}

/** The seed's: `HMAC(HMAC(secret, "client-key:" + ip), body)`. */
export function bare(body: string | Buffer, { secret = SECRET, ip = IP } = {}): string {
  return hmac(hmac(secret, `client-key:${ip}`), body).toString('hex');
}
