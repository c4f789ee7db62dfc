/**
 * A whole gzip page with the snippet in it. It is inflated to be judged, unless its very bytes were judged
 * before; then the snippet is spliced in behind everything, which every HTML parser puts into the body. Where
 * that cannot be trusted (several members, text behind the stream, a doubt of the walker) it is recoded.
 */
import type { BodyOutcome, Done } from './outcome.ts';
import { type PageFacts, type Placement, placeInPage } from './page-text.ts';
import { inflateWhole, recodeWhole } from './recode-whole.ts';
import { createDeflateWalker } from './splice/deflate-walk.ts';
import { createKnownPages, type KnownPages, pageKey, type Verdict } from './splice/known-pages.ts';
import { createSplicer, findSplicePlace } from './splice/splice.ts';

/**
 * `edited`: the whole new body. `plain`: the body passes as it came. `streamed`: too large to be inflated at
 * once; a stream may do it.
 */
export type WholeEdit =
  | { readonly kind: 'edited'; readonly body: Buffer; readonly outcome: Done }
  | { readonly kind: 'plain'; readonly outcome: BodyOutcome | 'encoding' }
  | { readonly kind: 'streamed' };

export type GzipPage = {
  readonly facts: PageFacts;
  /** May throw. */
  snippet(): Buffer;
  /** The snippet without what every page gets: the same without its end. May throw. */
  snippetStart(): Buffer;
};

/** What cannot be spliced is judged each time it comes: it is rare, and has to be inflated in any case. */
type Recode = { readonly kind: 'recode'; readonly at: number };

/** Throws what the page's snippets throw, and faults of ours; never because of the body. */
export type GzipEditor = (body: Buffer, page: GzipPage) => WholeEdit;

/** `snippetRest`: the end of every snippet. */
export function createGzipEditor(
  snippetRest: Buffer,
  knownPages: KnownPages = createKnownPages(),
): GzipEditor {
  const splice = createSplicer(snippetRest);
  const walk = createDeflateWalker();

  function carryOut(verdict: Verdict, body: Buffer, page: GzipPage): WholeEdit {
    if (verdict.kind === 'plain') return verdict;
    return { kind: 'edited', body: splice(body, verdict.place, page.snippetStart()), outcome: 'spliced' };
  }

  /** A page that is seen for the first time. */
  function edit(body: Buffer, page: GzipPage, key: string): WholeEdit {
    const inflated = inflateWhole(body);
    if (inflated.kind === 'large') return { kind: 'streamed' };
    if (inflated.kind === 'damaged') return { kind: 'plain', outcome: 'encoding' };
    const { text } = inflated;
    const verdict = judge(placeInPage(text, page.facts), body, text.length);
    if (verdict.kind === 'recode') {
      return { kind: 'edited', body: recodeWhole(text, verdict.at, page.snippet()), outcome: 'recoded' };
    }
    knownPages.set(key, verdict);
    return carryOut(verdict, body, page);
  }

  function judge(placed: Placement, body: Buffer, textBytes: number): Verdict | Recode {
    if (!('at' in placed)) return { kind: 'plain', outcome: placed.outcome };
    const place = placed.atEnd ? findSplicePlace(walk, body, textBytes) : null;
    return place === null ? { kind: 'recode', at: placed.at } : { kind: 'splice', place };
  }

  return (body, page) => {
    const key = pageKey(body, page.facts);
    const known = knownPages.get(key);
    return known === undefined ? edit(body, page, key) : carryOut(known, body, page);
  };
}
