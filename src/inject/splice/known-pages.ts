/** Pages whose bytes were judged before: what came of it holds as long as not one byte changes. */
import { createHash } from 'node:crypto';
import { createLru, type Lru } from '../../lib/lru.ts';
import type { BodyOutcome } from '../outcome.ts';
import type { PageFacts } from '../page-text.ts';
import type { SplicePlace } from './splice.ts';

/** What is to be done with a gzip body: the snippet goes in there, or it passes as it came. */
export type Verdict =
  | { readonly kind: 'splice'; readonly place: SplicePlace }
  | { readonly kind: 'plain'; readonly outcome: BodyOutcome };

export type KnownPages = Lru<string, Verdict>;

/** About 250 bytes each: a megabyte in all. */
export const MAX_KNOWN_PAGES = 4096;

export function createKnownPages(maxPages = MAX_KNOWN_PAGES): KnownPages {
  return createLru(maxPages);
}

/** SHA-256 of everything that a verdict depends on, so that nobody can make a page that passes for another. */
export function pageKey(body: Buffer, { contentType, shown }: PageFacts): string {
  const facts = `${shown ? 'shown' : 'fetched'} ${contentType.length} ${contentType}`;
  return createHash('sha256').update(facts, 'latin1').update(body).digest('base64');
}
