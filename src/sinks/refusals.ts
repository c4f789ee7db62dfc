/** When refusals say more about the sink than about the records. */

/** A record that a sink will never take, as it goes to the dead letters. */
export type DeadLetter = { readonly record: Buffer; readonly reason: string };

/**
 * What kind of reason a record was refused for: a closed set, for counting. Reasons come from the place outside and
 * may be any text; that text is in the dead letter.
 */
export type RefusalKind = 'too-large' | 'malformed' | 'data' | 'constraint' | 'raised' | 'other';

const KINDS: readonly [beginning: RegExp, kind: RefusalKind][] = [
  [/^too-large\b/, 'too-large'],
  [/^(?:line-feed|invalid-record|not-[a-z0-9-]+|bad-[a-z-]+)$/, 'malformed'],
  // SQLSTATE classes: data exception, integrity constraint violation, RAISE in a trigger.
  [/^22[0-9A-Z]{3}\b/, 'data'],
  [/^23[0-9A-Z]{3}\b/, 'constraint'],
  [/^P0001\b/, 'raised'],
];

export function refusalKind(reason: string): RefusalKind {
  return KINDS.find(([beginning]) => beginning.test(reason))?.[1] ?? 'other';
}

/** Fewer than so many alike are bad records, whatever part of a batch they are. */
const ALIKE_AT_LEAST = 10;

/**
 * Whether so much is refused for one reason that the sink must be at fault (a column is missing, a limit set
 * wrong), and nothing should be given up before somebody has looked: the greater part of a batch, or of small
 * batches one after another (`before`: refused for the last reason in a row, before this batch).
 */
export function isSinkAtFault(
  letters: readonly DeadLetter[],
  batchSize: number,
  before: RefusalRun,
): boolean {
  const counts = new Map<string, number>();
  for (const { reason } of letters) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const [reason, count] of counts) {
    const inARow = count + (reason === before.reason ? before.count : 0);
    if (count * 2 > batchSize && inARow >= ALIKE_AT_LEAST) return true;
  }
  return false;
}

/** Records refused for one reason without an accepted one between them. */
export type RefusalRun = { readonly reason: string | null; readonly count: number };

export const NO_RUN: RefusalRun = { reason: null, count: 0 };

/** The run after a batch that is settled. */
export function runAfter(letters: readonly DeadLetter[], batchSize: number, before: RefusalRun): RefusalRun {
  const reason = letters.at(-1)?.reason ?? null;
  if (letters.length < batchSize || letters.some((letter) => letter.reason !== reason)) return NO_RUN;
  return { reason, count: letters.length + (before.reason === reason ? before.count : 0) };
}
