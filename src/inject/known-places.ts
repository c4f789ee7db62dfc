/**
 * Where the snippet goes in pages whose very bytes were looked at before: a hash costs a sixth of the proof. Where
 * hardly a page comes again (each bears a token of its own) the hash is not worth its price, and only now and then
 * a page is asked for, to notice when that changes.
 */
import { createLru, type Lru } from '../lib/lru.ts';
import type { PageKey } from './page-key.ts';
import { type PageFacts, type Placement, placeInPage } from './page-text.ts';
import { MAX_KNOWN_PAGES } from './splice/known-pages.ts';

export type PlaceFinder = (text: Buffer, facts: PageFacts) => Placement;

/** What a known page spares, in hashes; and how many in vain are paid for in advance. */
const GAIN = 5;
const MAX_CREDIT = 50;
/** Without credit, one page in so many is asked for. */
const TRIAL_EVERY = 8;

/** `known`: by the key of the text and everything else that the place depends on. */
export function createPlaceFinder(
  pageKey: PageKey,
  known: Lru<string, Placement> = createLru(MAX_KNOWN_PAGES),
): PlaceFinder {
  let credit = MAX_CREDIT;
  let passed = 0;

  function isWorthAsking(): boolean {
    passed = credit > 0 || passed >= TRIAL_EVERY ? 0 : passed + 1;
    return passed === 0;
  }

  return (text, facts) => {
    if (!isWorthAsking()) return placeInPage(text, facts);
    const key = pageKey(text, facts);
    const before = known.get(key);
    credit = before === undefined ? Math.max(0, credit - 1) : Math.min(MAX_CREDIT, credit + GAIN);
    if (before !== undefined) return before;
    const placed = placeInPage(text, facts);
    known.set(key, placed);
    return placed;
  };
}
