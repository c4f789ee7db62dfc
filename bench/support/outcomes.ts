/** What gotrack says that it did to the pages: a figure of HTML is worth something only where it was edited. */
import type { Candidate } from './candidates.ts';

type Outcomes = Map<string, number>;

const SAMPLE = /^(gotrack_injections_total|gotrack_drops_total)\{(.+)\} (\d+)$/gm;

/** Counts by label, from its metrics; empty where it is not among the candidates. */
export async function outcomesOf(candidates: readonly Candidate[]): Promise<Outcomes> {
  const gotrack = candidates.find(({ admin }) => admin !== null);
  if (gotrack === undefined) return new Map();
  const text = await (await fetch(`${gotrack.admin}/metrics`)).text();
  return new Map(Array.from(text.matchAll(SAMPLE), (match) => [match[2]!, Number(match[3])]));
}

/** No page at all. */
const NOT_HTML = 'outcome="type"';

/** What was added in between, or undefined where nothing was. */
export function sayOutcomes(before: Outcomes, after: Outcomes): string | undefined {
  const added = [...after]
    .map(([label, count]) => [label, count - (before.get(label) ?? 0)] as const)
    .filter(([label, count]) => count > 0 && label !== NOT_HTML);
  return added.length === 0 ? undefined : added.map(([label, count]) => `${label} ${count}`).join(', ');
}
