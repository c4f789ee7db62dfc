/** Names that somebody set and that are none of ours: slips, mostly. */
import type { Field } from './fields.ts';
import { nearestName } from './nearest.ts';
import type { Problem } from './problem.ts';
import { CONFIG_FLAG, CONFIG_VARIABLE, flagOf, type Sources, variableNames } from './settings.ts';

export function unknownFlags(flags: Sources['flags'], fields: readonly Field[]): Problem[] {
  const known = fields.map(flagOf);
  const usable = [CONFIG_FLAG, ...fields.filter((field) => !field.secret).map(flagOf)];
  return Object.keys(flags)
    .filter((flag) => flag !== CONFIG_FLAG && !known.includes(flag))
    .map((flag) => ({
      name: `--${flag}`,
      message: `is no flag of ours${didYouMean(nearestName(flag, usable), '--')}`,
    }));
}

/** `GOTRACK_*` names that we do not know, and names so close to one of ours that a slip is likelier than chance. */
export function misspeltNames(env: Sources['env'], fields: readonly Field[]): string[] {
  const known = variableNames(fields);
  const warnings: string[] = [];
  for (const name of Object.keys(env)) {
    if (env[name] === '' || name === CONFIG_VARIABLE || known.includes(name)) continue;
    const ours = name.startsWith('GOTRACK_');
    // Whoever writes GOTRACK_ means us, and is likelier to have misremembered than mistyped.
    const nearest = ours ? nearestName(name.slice('GOTRACK_'.length), known, 0.4) : nearestName(name, known);
    if (ours || nearest !== undefined) warnings.push(`${name} is no variable of ours${didYouMean(nearest)}`);
  }
  return warnings;
}

const didYouMean = (name: string | undefined, prefix = '') =>
  name === undefined ? '' : `; did you mean ${prefix}${name}?`;
