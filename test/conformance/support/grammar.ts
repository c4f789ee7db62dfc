/**
 * Requests by chance. A `clear` one can be read in one way only and must be answered; a `doubtful` one is a clear
 * one with one change after which two readers may differ, and must never be answered by the origin; of `bytes`,
 * a clear one with bytes changed anywhere, nobody knows. Bodies are full of requests that must stay bodies.
 */
import type { Random } from './random.ts';

export type Generated = {
  readonly kind: 'clear' | 'doubtful' | 'bytes';
  readonly method: string;
  readonly target: string;
  readonly wire: string;
  /** What the origin must get of a clear one. */
  readonly body: string;
  /** The change that was made. */
  readonly change: string;
};

/** A request in pieces, before it is written. */
export type Parts = {
  method: string;
  target: string;
  version: string;
  headers: string[];
  framing: string[];
  body: string;
  /** The body as it goes over the wire. */
  wireBody: string;
  chunked: boolean;
};

export type Change = { readonly name: string; apply(parts: Parts, random: Random): void };

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT'];
const PATHS = ['/a', '/a%2Fb', '//a', '/a/../b', '/a;b', '/%FF', '/~x/:@', '/a?', '/a?b=c&d', '/a?http://x/'];
const HEADERS = [
  ...[
    'Accept: */*',
    'X-A: 1',
    'x-a: 2',
    'X-Latin: caf\xe9',
    'X-Empty:',
    'Cookie: a=b; c=d',
    'Connection: keep-alive',
  ],
  ...[
    'Connection: x-once',
    'X-Once: 1',
    'TE: trailers',
    'Via: 1.0 a',
    'X-Forwarded-For: 1.2.3.4',
    'User-Agent: \t t ',
  ],
  ...[
    'Keep-Alive: 5',
    'Upgrade: h2c',
    'Range: bytes=0-1',
    'Content-Type: text/plain',
    'If-None-Match: W/"a"',
  ],
];

export function generate(random: Random, id: string, changes: readonly Change[]): Generated {
  const parts = clearParts(random, id);
  const { method, target } = parts;
  const chance = random.below(10);
  if (chance < 4)
    return { kind: 'clear', method, target, wire: write(parts), body: parts.body, change: 'none' };
  if (chance < 6) {
    const wire = changeBytes(random, write(parts));
    return { kind: 'bytes', method, target, wire, body: parts.body, change: 'bytes' };
  }
  const change = random.pick(changes);
  change.apply(parts, random);
  return { kind: 'doubtful', method, target, wire: write(parts), body: parts.body, change: change.name };
}

function clearParts(random: Random, id: string): Parts {
  const headers = Array.from({ length: random.below(5) }, () => random.pick(HEADERS));
  const parts: Parts = {
    method: random.pick(METHODS),
    target: `${random.pick(PATHS)}${random.once(2) ? '' : 'x'}`,
    version: 'HTTP/1.1',
    headers: ['Host: site.test', `X-Case: ${id}`, ...headers],
    framing: [],
    body: '',
    wireBody: '',
    chunked: false,
  };
  const framing = random.below(3);
  if (framing === 0) return parts;
  parts.body = bodyOf(random);
  if (framing === 1) {
    parts.framing = [`${random.pick(['Content-Length', 'content-length'])}: ${parts.body.length}`];
    parts.wireBody = parts.body;
  } else inChunks(parts, random);
  return parts;
}

/** As a change needs it: with a body in chunks, whatever it had. */
export function inChunks(parts: Parts, random: Random): void {
  if (parts.body === '') parts.body = bodyOf(random);
  parts.chunked = true;
  parts.framing = [
    `${random.pick(['Transfer-Encoding', 'TRANSFER-encoding'])}: ${random.pick(['chunked', 'Chunked'])}`,
  ];
  parts.wireBody = '';
  for (let at = 0; at < parts.body.length; ) {
    const size = 1 + random.below(parts.body.length - at);
    const digits = size.toString(16).padStart(1 + random.below(4), '0');
    const extension = random.pick(['', '', ';a', ';a=b', ';a="b c"']);
    parts.wireBody += `${digits}${extension}\r\n${parts.body.slice(at, at + size)}\r\n`;
    at += size;
  }
  parts.wireBody += `0\r\n${random.once(4) ? 'X-Trailer: t\r\n' : ''}\r\n`;
}

/** As a change needs it: with a length, whatever it had. */
export function withLength(parts: Parts, random: Random): void {
  if (parts.body === '') parts.body = bodyOf(random);
  parts.chunked = false;
  parts.framing = [`Content-Length: ${parts.body.length}`];
  parts.wireBody = parts.body;
}

export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: site.test\r\nX-Case: smuggled\r\n\r\n';
const BODIES = [
  SMUGGLED,
  `0\r\n\r\n${SMUGGLED}`,
  `x=1\r\n\r\n${SMUGGLED}`,
  '0\r\n\r\n',
  'a',
  '\0\xff\r\n',
  'x'.repeat(5000),
];

function bodyOf(random: Random): string {
  return Array.from({ length: 1 + random.below(2) }, () => random.pick(BODIES)).join('');
}

function write({ method, target, version, headers, framing, wireBody }: Parts): string {
  return [`${method} ${target} ${version}`, ...headers, ...framing, '', ''].join('\r\n') + wireBody;
}

const BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '0',
  '\x7f',
  '\xff',
  '\x0b',
  'HTTP/1.1',
  'chunked',
];

/** One to three bytes are left out, put in, doubled or become others, most of them in the head. */
function changeBytes(random: Random, wire: string): string {
  let text = wire;
  const head = text.indexOf('\r\n\r\n') + 4;
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(random.once(4) ? text.length : Math.min(head, text.length));
    const [before, after] = [text.slice(0, at), text.slice(at)];
    const how = random.below(4);
    if (how === 0) text = before + after.slice(1);
    else if (how === 1) text = before + random.pick(BYTES) + after;
    else if (how === 2) text = before + random.pick(BYTES) + after.slice(1);
    else text = before + after.slice(0, 1 + random.below(20)) + after;
  }
  return text;
}
