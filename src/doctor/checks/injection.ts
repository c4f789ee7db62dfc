/** Why this page is, or is not, injected: the outcome of the real program on the real page, in words. */
import { headerValue } from '../../http/raw-headers.ts';
import type { Examination } from '../examination.ts';
import { type Explanation, explain } from '../outcome-words.ts';
import type { Answered } from '../probe.ts';
import { error, type Row, skipped } from '../row.ts';

const NAME = 'injection';

export async function checkInjection({ trial, origin }: Examination): Promise<Row[]> {
  const answer = await trial.page();
  if (!answer.ok) {
    return [
      error(
        NAME,
        `our own instance gave no whole answer: ${answer.detail}`,
        'look at its log: gotrack serve',
      ),
    ];
  }
  const outcome = outcomeOf(answer);
  if (outcome !== null) return [rowOf(outcome, explain(outcome), answer)];
  if (!(await origin.page()).ok) return [skipped(NAME, 'the origin gave no answer, so there is no page')];
  const found = `through us the page is our own answer, ${answer.status}`;
  return [error(NAME, found, 'the origin answers doctor and not the proxy: gotrack serve logs the reason')];
}

/** In the head, or behind a streamed body, where it was not known before. */
export function outcomeOf({ headers, trailers }: Answered): string | null {
  return headerValue(headers, 'x-gotrack-outcome') ?? headerValue(trailers, 'x-gotrack-outcome') ?? null;
}

function rowOf(outcome: string, { level, words, cure }: Explanation, { status }: Answered): Row {
  return { name: NAME, level, found: `${outcome}: ${words} (status ${status})`, cure };
}
