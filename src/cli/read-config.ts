/** Configuration for a command, with every problem and warning said at once on standard error. */
import { randomBytes } from 'node:crypto';
import { outputFaults } from '../app/sinks.ts';
import type { Config } from '../config/fields.ts';
import { loadConfig } from '../config/load.ts';
import { systemClock } from '../lib/clock.ts';
import type { Context } from './context.ts';

/** Null: it cannot be used, and the person has been told why. `defaults` stand under what the person set. */
export function readConfig(context: Context, defaults: Record<string, string> = {}): Config | null {
  const set = Object.fromEntries(Object.entries(context.env).filter(([, value]) => value !== ''));
  const loaded = loadConfig({
    env: { ...defaults, ...set },
    flags: context.args.flags,
    readFile: context.readFile,
    now: systemClock.now,
  });
  // In a worker the first process has said them.
  const warnings = context.runtime.parent === undefined ? loaded.warnings : [];
  for (const warning of warnings) context.printError(`gotrack: warning: ${warning}`);
  const problems = loaded.ok ? outputFaults(loaded.config).problems : loaded.problems;
  if (loaded.ok && problems.length === 0) return loaded.config;
  context.printError('gotrack: the configuration cannot be used:');
  for (const { name, message } of problems) context.printError(`  ${name} ${message}`);
  return null;
}

const SECRETS = ['HMAC_SECRET', 'HMAC_SECRET_FILE', 'HMAC_SECRETS', 'HMAC_SECRETS_FILE'];

/** A secret for this process alone, as defaults, where nobody has set one. */
export function secretIfNone({ env }: Context): Record<string, string> {
  if (SECRETS.some((name) => Boolean(env[name]))) return {};
  return { HMAC_SECRET: randomBytes(32).toString('hex') };
}

/** For a command that serves no site: it needs none, and no secret either. */
export function readSinkConfig(context: Context): Config | null {
  return readConfig(context, { FORWARD_DESTINATION: 'http://127.0.0.1:9', ...secretIfNone(context) });
}
