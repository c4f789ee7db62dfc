/**
 * A client of the wire protocol, written from its definitions alone and sharing nothing with `src/`: asks for a
 * token by `hello`, signs bodies as the tracker does.
 */
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';

export type Grant = { token: string; key: Buffer; offsetMs: number };

export async function hello(site: string): Promise<Grant> {
  const response = await fetch(`${site}/`, { method: 'POST', headers: { 'x-gotrack-hmac': 'hello' } });
  const { token, key, now } = (await response.json()) as { token: string; key: string; now: number };
  return { token, key: Buffer.from(key, 'base64url'), offsetMs: now - Date.now() };
}

export function signatureOf(grant: Grant, path: string, body: string): string {
  const t = Date.now() + grant.offsetMs;
  const n = randomBytes(6).readUIntBE(0, 6);
  const digest = createHash('sha256').update(body).digest('hex');
  const s = createHmac('sha256', grant.key).update(`GT1\nPOST\n${path}\n${t}\n${n}\n${digest}`).digest('hex');
  return `v1;tok=${grant.token};t=${t};n=${n};s=${s}`;
}

export function headersFor(signature: string): Record<string, string> {
  return { 'content-type': 'application/json', 'x-gotrack-hmac': signature };
}

/** Events in the tracker's form with fresh ids. */
export function events(
  count: number,
  type = 'pageview',
): { event_id: string; type: string; route: { path: string } }[] {
  return Array.from({ length: count }, () => ({ event_id: randomUUID(), type, route: { path: '/p' } }));
}

export function post(site: string, path: string, body: string, signature: string): Promise<Response> {
  // A process that dies may take a connection with it that it was just being given; one whose disk hangs answers
  // after ten seconds.
  const signal = AbortSignal.timeout(20_000);
  return fetch(site + path, { method: 'POST', headers: headersFor(signature), body, signal });
}
