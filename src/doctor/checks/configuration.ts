/** Whether the configuration can be used: every problem and every slip at once. */
import type { Loaded } from '../../config/load.ts';
import { error, ok, type Row, warning } from '../row.ts';

const NAME = 'configuration';

/** `startWarnings`: what an instance would say at every start. */
export function checkConfiguration(loaded: Loaded, startWarnings: readonly string[]): Row[] {
  const slips = [...loaded.warnings, ...startWarnings].map((text) =>
    warning(NAME, text, 'gotrack help and README list the variables'),
  );
  if (loaded.ok) return [ok(NAME, 'every variable can be used'), ...slips];
  const problems = loaded.problems.map(({ name, message }) =>
    error(NAME, `${name} ${message}`, `set ${name} right, then run doctor again`),
  );
  return [...problems, ...slips];
}
