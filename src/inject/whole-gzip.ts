/**
 * A whole gzip page with the snippet in it. It is inflated to be judged, unless its very bytes were judged
 * before; then the snippet is spliced in behind everything, which every HTML parser puts into the body. Where
 * that cannot be trusted (several members, text behind the stream, anything odd) zlib has its say, and it is recoded.
 */
import { GZIP } from './codec.ts';
import type { PageKey } from './page-key.ts';
import { type Decoded, decodeWhole, recoded } from './recode-whole.ts';
import type { Tails } from './splice/ending.ts';
import { inflateGzip } from './splice/inflate.ts';
import { createKnownPages, type KnownPages, type Verdict } from './splice/known-pages.ts';
import { createSplicer, type Grow, type SplicePlace } from './splice/splice.ts';
import { planText, type TextPlan, type WholeEdit, type WholePage } from './whole-text.ts';

export type GzipPage = WholePage & {
  /** The snippet without the end that every script has. Null: there is no script in it. May throw. */
  readonly snippetStart: (() => Buffer) | null;
};

/**
 * Throws what the page's snippets throw, and faults of ours; never because of the body. With `grow` the edited body may
 * be made in the memory of the body itself.
 */
export type GzipEditor = (body: Buffer, page: GzipPage, grow?: Grow) => WholeEdit;

type Job = { readonly body: Buffer; readonly page: GzipPage; readonly grow: Grow | undefined };

export function createGzipEditor(
  tails: Tails,
  pageKey: PageKey,
  knownPages: KnownPages = createKnownPages(),
): GzipEditor {
  const splice = createSplicer(tails);

  /** By what is known of a page, without its text; null where the text is needed. */
  function carryOut(verdict: Verdict, { body, page: { snippetStart }, grow }: Job): WholeEdit | null {
    if (verdict.kind === 'plain') return verdict;
    if (snippetStart === null) return null;
    const spliced = splice(body, { place: verdict.place, start: snippetStart() }, grow);
    return { kind: 'edited', body: spliced, outcome: 'spliced' };
  }

  /** A page that is seen for the first time, or one that no splice can do. `key` null: it is not remembered. */
  function edit(job: Job, key: string | null): WholeEdit {
    const { body, page } = job;
    const inflated = inflateGzip(body);
    const decoded = inflated === null ? decodeWhole(GZIP, body) : ordinary(inflated.text);
    if (decoded.kind === 'large') return { kind: 'streamed' };
    if (decoded.kind === 'damaged') return { kind: 'plain', outcome: 'encoding' };
    const { text } = decoded;
    const plan = planText(text, page);
    const verdict = plan.lasting ? judge(plan, inflated?.place ?? null) : null;
    if (verdict !== null && key !== null) knownPages.set(key, verdict);
    const done = verdict && carryOut(verdict, job);
    return done ?? recoded(GZIP, { text, plan, page });
  }

  return (body, page, grow) => {
    const job = { body, page, grow };
    // What is remembered is of the tail; a head is read each time.
    if (page.place === 'head') return edit(job, null);
    const key = pageKey(body, page.facts);
    const known = knownPages.get(key);
    const done = known === undefined ? null : carryOut(known, job);
    return done ?? edit(job, key);
  };
}

function ordinary(text: Buffer): Decoded {
  return { kind: 'text', text };
}

/** Null: it has to be recoded, and is judged each time that it comes, since it is rare. */
function judge(plan: TextPlan, place: SplicePlace | null): Verdict | null {
  if (plan.kind === 'plain') return { kind: 'plain', outcome: plan.outcome };
  return plan.atEnd && place !== null ? { kind: 'splice', place } : null;
}
