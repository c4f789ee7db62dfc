/**
 * The room `doctor`: looks at a configuration and the living origin, and says what is wrong and what to do. It
 * is handed an Examination; each check reads from it and returns rows.
 *
 * Invariants. The living site is not disturbed: GET alone reaches the origin, each thing is asked for once, one
 * after another, under the doctor's own name, bounded in time and bytes. The journal and the log of this
 * configuration are looked at and not written; a signed event goes through a trial in a folder of its own. No
 * secret, token or key is ever part of a row.
 */
import { errorText } from '../lib/fs.ts';
import { CHECKS } from './checks.ts';
import type { Examination } from './examination.ts';
import { error, type Row, skipped } from './row.ts';

export type Finding = Row & {
  /** The check that found it, by its name in the list. */
  readonly check: string;
};

/** `signal`: the time for all of it is over; what has not been looked at by then is skipped. */
export async function examine(examination: Examination, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, check } of CHECKS) {
    const rows = signal.aborted ? [skipped(name, 'no time was left')] : await run(check, name, examination);
    findings.push(...rows.map((row) => ({ ...row, check: name })));
  }
  return findings;
}

/** A check that fails must not keep the others from being heard. */
async function run(check: (typeof CHECKS)[number]['check'], name: string, examination: Examination) {
  try {
    return await check(examination);
  } catch (cause) {
    return [error(name, `the check itself failed: ${errorText(cause)}`, 'please report it')];
  }
}
