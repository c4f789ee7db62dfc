import type { IncomingMessage } from 'node:http';

export type FormOutcome = { ok: true; fields: URLSearchParams } | { ok: false; reason: 'type' | 'size' };

const MAX_BYTES = 4096;

/** The fields of a POST. Rejects when the client goes away before the end. */
export async function readForm(clientReq: IncomingMessage): Promise<FormOutcome> {
  const type = clientReq.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/x-www-form-urlencoded')
    return { ok: false, reason: 'type' };
  const chunks: Buffer[] = [];
  let size = 0;
  // To stop reading must not cut the connection: the refusal has to go out on it.
  for await (const chunk of clientReq.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) return { ok: false, reason: 'size' };
    chunks.push(chunk);
  }
  return { ok: true, fields: new URLSearchParams(Buffer.concat(chunks).toString('utf8')) };
}
