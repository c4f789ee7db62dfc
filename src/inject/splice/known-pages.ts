/** Pages whose bytes were judged before: what came of it holds as long as not one byte changes. */
import { createLru, type Lru } from '../../lib/lru.ts';
import type { BodyOutcome } from '../outcome.ts';
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
