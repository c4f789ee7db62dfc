/** Content codings: what the origin is asked for, and what we can edit (proxy: "Encodings"). */
import { headerList, type RawHeaders } from '../http/raw-headers.ts';

export type Editable = 'identity' | 'gzip';

/**
 * The Accept-Encoding that goes to the origin, so that it answers in what we can edit: `gzip` where the client
 * names it, else `identity` where the client takes it. Undefined: the header stays as it is, since the client
 * sent none, or takes neither.
 */
export function negotiatedEncoding(accept: string | undefined): string | undefined {
  if (accept === undefined) return undefined;
  const weights = parseWeights(accept);
  if ((weights.get('gzip') ?? weights.get('x-gzip') ?? 0) > 0) return 'gzip';
  // RFC 9110 §12.5.3: identity is acceptable unless it, or `*` in its place, has a weight of 0.
  const identity = weights.get('identity') ?? (weights.get('*') === 0 ? 0 : 1);
  return identity > 0 ? 'identity' : undefined;
}

/** Codings in lower case with their weights; a weight that is no number counts as 1. */
function parseWeights(accept: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const item of accept.split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const weight = Number.parseFloat(parameters.find((text) => text.startsWith('q='))?.slice(2) ?? '1');
    if (coding !== '') weights.set(coding, Number.isNaN(weight) ? 1 : weight);
  }
  return weights;
}

/** The coding of a body that we can edit; null: one that we cannot, or several stacked. */
export function editableEncoding(headers: RawHeaders): Editable | null {
  const coding = headerList(headers, 'content-encoding')?.trim().toLowerCase();
  if (coding === undefined || coding === '' || coding === 'identity') return 'identity';
  return coding === 'gzip' || coding === 'x-gzip' ? 'gzip' : null;
}
