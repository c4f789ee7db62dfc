/** Configuration for a command, with every problem and warning said at once on standard error. */
import { randomBytes } from 'node:crypto';
import { outputFaults } from '../app/sinks.ts';
import { type Config, FIELDS } from '../config/fields.ts';
import { loadConfig } from '../config/load.ts';
import { isSet, readSettings, type Settings, type Sources } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import type { Context } from './context.ts';

/** Null: it cannot be used, and the person has been told why. `defaults` stand under what the person set. */
export function readConfig(context: Context, defaults: Record<string, string> = {}): Config | null {
  const loaded = loadConfig({ ...sourcesOf(context), defaults, now: systemClock.now });
  // In a worker the first process has said them.
  const warnings = context.runtime.parent === undefined ? loaded.warnings : [];
  for (const warning of warnings) context.printError(`gotrack: warning: ${warning}`);
  const problems = loaded.ok ? outputFaults(loaded.config).problems : loaded.problems;
  if (loaded.ok && problems.length === 0) return loaded.config;
  context.printError('gotrack: the configuration cannot be used:');
  for (const { name, message } of problems) context.printError(`  ${name} ${message}`);
  return null;
}

const SECRETS = [FIELDS.hmacSecret, FIELDS.hmacSecrets];

/** A secret for this process alone, as defaults, where nobody has set one. */
export function secretIfNone(context: SetContext): Record<string, string> {
  const settings = settingsOf(context);
  if (SECRETS.some((field) => isSet(settings, field))) return {};
  return { HMAC_SECRET: randomBytes(32).toString('hex') };
}

/** For a command that serves no site: it needs none, and no secret either. */
export function readSinkConfig(context: Context): Config | null {
  return readConfig(context, { FORWARD_DESTINATION: 'http://127.0.0.1:9', ...secretIfNone(context) });
}

/** What a person has set, before it is known whether it can be used. */
export const settingsOf = (context: SetContext): Settings => readSettings(sourcesOf(context));

type SetContext = Pick<Context, 'env' | 'args' | 'readFile'>;

export function sourcesOf({ env, args, readFile }: SetContext): Sources {
  return { env, flags: args.flags, readFile };
}
