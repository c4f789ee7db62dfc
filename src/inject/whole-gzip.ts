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
  /** The snippet without the end that every script has. Null: there is no script in it. May throw. */
  readonly snippetStart: (() => Buffer) | null;
};

/** Throws what the page's snippets throw, and faults of ours; never because of the body. */
export type GzipEditor = (body: Buffer, page: GzipPage) => WholeEdit;

/** `snippetRest`: the end of every snippet. */
export function createGzipEditor(
  snippetRest: Buffer,
  knownPages: KnownPages = createKnownPages(),
): GzipEditor {
  const splice = createSplicer(snippetRest);
  const walk = createDeflateWalker();

  /** By what is known of a page, without its text; null where the text is needed. */
  function carryOut(verdict: Verdict, body: Buffer, { snippetStart }: GzipPage): WholeEdit | null {
    if (verdict.kind === 'plain') return verdict;
    if (snippetStart === null) return null;
    return { kind: 'edited', body: splice(body, verdict.place, snippetStart()), outcome: 'spliced' };
  }

  /** A page that is seen for the first time, or one that gets no script. */
  function edit(body: Buffer, page: GzipPage, key: string): WholeEdit {
    const inflated = inflateWhole(body);
    if (inflated.kind === 'large') return { kind: 'streamed' };
    if (inflated.kind === 'damaged') return { kind: 'plain', outcome: 'encoding' };
    const { text } = inflated;
    const placed = placeInPage(text, page.facts);
    const verdict = judge(placed, body, text.length);
    if (verdict !== null) knownPages.set(key, verdict);
    const done = verdict && carryOut(verdict, body, page);
    if (done !== null || !('at' in placed)) return done!;
    return { kind: 'edited', body: recodeWhole(text, placed.at, page.snippet()), outcome: 'recoded' };
  }

  /** Null: it has to be recoded, and is judged each time that it comes, since it is rare. */
  function judge(placed: Placement, body: Buffer, textBytes: number): Verdict | null {
    if (!('at' in placed)) return { kind: 'plain', outcome: placed.outcome };
    const place = placed.atEnd ? findSplicePlace(walk, body, textBytes) : null;
    return place && { kind: 'splice', place };
  }

  return (body, page) => {
    const key = pageKey(body, page.facts);
    const known = knownPages.get(key);
    const done = known === undefined ? null : carryOut(known, body, page);
    return done ?? edit(body, page, key);
  };
}
