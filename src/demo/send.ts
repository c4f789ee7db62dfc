/** Puts a reply on the wire: encoding by what the client accepts, validators, HEAD. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import type { Reply } from './reply.ts';

/** Resolves when the reply has gone out; a client that left early is not a fault. */
export async function send(
  clientReq: IncomingMessage,
  clientRes: ServerResponse,
  reply: Reply,
): Promise<void> {
  for (const [name, value] of Object.entries(reply.headers)) clientRes.setHeader(name, value);
  const { body } = reply;
  if (typeof body === 'string' || Buffer.isBuffer(body))
    return sendWhole(clientReq, clientRes, reply.status, {
      bytes: typeof body === 'string' ? Buffer.from(body) : body,
      gzip: reply.gzip,
    });
  clientRes.writeHead(reply.status);
  if (clientReq.method === 'HEAD') {
    clientRes.end();
    return;
  }
  clientRes.flushHeaders();
  await pipeline(Readable.from(body), clientRes).catch(() => clientRes.destroy());
}

type Whole = { bytes: Buffer; gzip: boolean };

function sendWhole(
  clientReq: IncomingMessage,
  clientRes: ServerResponse,
  status: number,
  whole: Whole,
): void {
  const zip = whole.gzip && acceptsGzip(clientReq.headers['accept-encoding']);
  if (whole.gzip) clientRes.setHeader('Vary', 'Accept-Encoding');
  const cacheable = String(clientRes.getHeader('Cache-Control') ?? '').startsWith('public');
  if (status === 200 && cacheable) {
    // Another encoding is another representation, so it has another strong tag (RFC 9110 §8.8.3.3).
    const tag = `"${digest(whole.bytes)}${zip ? '-gz' : ''}"`;
    clientRes.setHeader('ETag', tag);
    if (matches(clientReq.headers['if-none-match'], tag)) {
      clientRes.writeHead(304).end();
      return;
    }
  }
  if (zip) clientRes.setHeader('Content-Encoding', 'gzip');
  const bytes = zip ? gzipSync(whole.bytes) : whole.bytes;
  clientRes.setHeader('Content-Length', bytes.length);
  clientRes.writeHead(status).end(clientReq.method === 'HEAD' ? undefined : bytes);
}

export function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  for (const item of String(header ?? '').split(',')) {
    const [coding, ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    if (coding === 'gzip') return !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  }
  return false;
}

/** Weak comparison (RFC 9110 §13.1.2). */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((item) => {
    const candidate = item.trim().replace(/^W\//, '');
    return candidate === tag || candidate === '*';
  });
}
