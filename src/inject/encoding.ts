/** Content codings: what the origin is asked for, and what we can edit (proxy: "Encodings"). */

import { headerList, type RawHeaders } from '../http/raw-headers.ts';
import { createLru } from '../lib/lru.ts';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';
export type Editable = 'identity' | Coding;

/**
 * The Accept-Encoding that goes to the origin, so that it answers in what is edited at the least cost: `gzip`
 * where the client names it, else what it names of br and zstd, as it weighs them, else `identity` where the
 * client takes it. Undefined: the header stays as it is, since the client sent none, or takes none of these.
 */
export function negotiatedEncoding(accept: string | undefined): string | undefined {
  if (accept === undefined) return undefined;
  const items = parseWeights(accept);
  if ((items.get('gzip') ?? items.get('x-gzip'))?.weight) return 'gzip';
  const modern = [...items].filter(([coding, { weight }]) => isModern(coding) && weight > 0);
  if (modern.length > 0) return modern.map(([, { text }]) => text).join(', ');
  // RFC 9110 §12.5.3: identity is acceptable unless it, or `*` in its place, has a weight of 0.
  const identity = items.get('identity')?.weight ?? (items.get('*')?.weight === 0 ? 0 : 1);
  return identity > 0 ? 'identity' : undefined;
}

export type Negotiation = typeof negotiatedEncoding;

/** Browsers say the same each time. */
const MAX_REMEMBERED = 64;
const MAX_REMEMBERED_TEXT = 128;

/** `negotiatedEncoding` by memory. */
export function createNegotiation(): Negotiation {
  const known = createLru<string, string | null>(MAX_REMEMBERED);
  return (accept) => {
    if (accept === undefined || accept.length > MAX_REMEMBERED_TEXT) return negotiatedEncoding(accept);
    const before = known.get(accept);
    if (before !== undefined) return before ?? undefined;
    const encoding = negotiatedEncoding(accept);
    known.set(accept, encoding ?? null);
    return encoding;
  };
}

function isModern(coding: string): coding is 'br' | 'zstd' {
  return coding === 'br' || coding === 'zstd';
}

type Weighted = {
  /** Never below 0. */
  readonly weight: number;
  readonly text: string;
};

/** Codings in lower case with their weights; a weight that is no number counts as 1. */
function parseWeights(accept: string): ReadonlyMap<string, Weighted> {
  const items = new Map<string, Weighted>();
  for (const item of accept.split(',')) {
    const text = item.trim();
    const [coding = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
    const weight = Number.parseFloat(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? '1');
    if (coding !== '') items.set(coding, { weight: Number.isNaN(weight) ? 1 : Math.max(0, weight), text });
  }
  return items;
}

/** The coding of a body that we can edit; null: one that we cannot, or several stacked. */
export function editableEncoding(headers: RawHeaders): Editable | null {
  const coding = headerList(headers, 'content-encoding')?.trim().toLowerCase();
  switch (coding) {
    case undefined:
    case '':
    case 'identity':
      return 'identity';
    case 'x-gzip':
      return 'gzip';
    case 'gzip':
    case 'deflate':
    case 'br':
    case 'zstd':
      return coding;
    default:
      return null;
  }
}
