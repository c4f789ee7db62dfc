/**
 * HTTP/1.1 messages as bytes, for tests: enough of RFC 9112 to know where one ends, and nothing is
 * normalised. Text is Latin-1, one character a byte.
 */

export type Framing =
  | { kind: 'none' }
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  | { kind: 'until-close' };

/** Header lines in their order, as they stood on the wire. */
export type HeaderLine = readonly [name: string, value: string];

export function headerLines(head: string): HeaderLine[] {
  return head
    .split('\r\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
    });
}

/** All values of a header, in their order. */
export function valuesOf(headers: readonly HeaderLine[], name: string): string[] {
  return headers.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

export function requestFraming(head: string): Framing {
  return declaredFraming(headerLines(head)) ?? { kind: 'none' };
}

export function responseFraming(head: string, method: string): Framing {
  const status = Number(head.slice(9, 12));
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  return declaredFraming(headerLines(head)) ?? { kind: 'until-close' };
}

function declaredFraming(headers: readonly HeaderLine[]): Framing | null {
  if (valuesOf(headers, 'transfer-encoding').length > 0) return { kind: 'chunked' };
  const [length] = valuesOf(headers, 'content-length');
  return length === undefined ? null : { kind: 'length', bytes: Number(length) };
}

export type Body = {
  /** Without its framing. */
  content: Buffer;
  trailers: HeaderLine[];
  /** Bytes of the body on the wire. */
  wireBytes: number;
};

/** The body at the start of `bytes`, or null where it has not all come. `ended`: nothing more will come. */
export function readBody(bytes: Buffer, framing: Framing, ended: boolean): Body | null {
  switch (framing.kind) {
    case 'none':
      return { content: Buffer.alloc(0), trailers: [], wireBytes: 0 };
    case 'length':
      if (bytes.length < framing.bytes) return null;
      return { content: bytes.subarray(0, framing.bytes), trailers: [], wireBytes: framing.bytes };
    case 'chunked':
      return readChunked(bytes);
    case 'until-close':
      return ended ? { content: bytes, trailers: [], wireBytes: bytes.length } : null;
  }
}

function readChunked(bytes: Buffer): Body | null {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) return endChunked(bytes, at, Buffer.concat(chunks));
    if (bytes.length < at + size + 2) return null;
    chunks.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}

function endChunked(bytes: Buffer, at: number, content: Buffer): Body | null {
  if (bytes.toString('latin1', at, at + 2) === '\r\n') return { content, trailers: [], wireBytes: at + 2 };
  const end = bytes.indexOf('\r\n\r\n', at);
  if (end === -1) return null;
  const trailers = headerLines(`\r\n${bytes.toString('latin1', at, end)}`);
  return { content, trailers, wireBytes: end + 4 };
}
