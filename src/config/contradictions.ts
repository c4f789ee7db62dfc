/** What no single row of the table can see: settings that need or exclude each other. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { type Config, settingsOf } from './fields.ts';
import { labelledName, type Output } from './outputs.ts';
import { retentionProblem } from './postgres.ts';
import type { Problem } from './problem.ts';

/** `problems`: what is said already of single rows, and not to be said again. */
export function contradictions(config: Config, problems: readonly Problem[]): Problem[] {
  const found: Problem[] = [];
  const failed = (name: string) => problems.some((problem) => problem.name === name);
  if (config.hmacSecret !== undefined && config.hmacSecrets !== undefined) {
    const message =
      "is set, and so is HMAC_SECRET: keep HMAC_SECRETS and put the old secret second, as '0:…'";
    found.push({ name: 'HMAC_SECRETS', message });
  }
  if (
    config.hmacSecret === undefined &&
    config.hmacSecrets === undefined &&
    !failed('HMAC_SECRET') &&
    !failed('HMAC_SECRETS')
  ) {
    found.push({ name: 'HMAC_SECRET', message: 'is required; make one with: openssl rand -hex 32' });
  }
  if (config.forwardDestination === undefined && !failed('FORWARD_DESTINATION')) {
    const message = 'is required: the address of the site behind us, such as http://127.0.0.1:3000';
    found.push({ name: 'FORWARD_DESTINATION', message });
  }
  found.push(...sharedLogFiles(config));
  const pair = { cert: config.originCert, key: config.originKey };
  found.push(...pairProblems(pair, ['ORIGIN_CERT', 'ORIGIN_KEY'], failed));
  if (!failed('PG_PARTITION') && !failed('PG_RETENTION_DAYS')) found.push(...postgresProblems(config));
  return found;
}

function postgresProblems(config: Config): Problem[] {
  return (config.outputs ?? [])
    .filter(({ kind }) => kind === 'postgres')
    .flatMap((output) => postgresProblemsOf(output, settingsOf(config, output)));
}

/** What no single row of a Postgres sink can see. */
export function postgresProblemsOf(
  { name, label }: Output,
  { pgDsn, pgPartition, pgRetentionDays }: Pick<Config, 'pgDsn' | 'pgPartition' | 'pgRetentionDays'>,
): Problem[] {
  const found: Problem[] = [];
  if (pgDsn === undefined) {
    const message = `is required for the output ${name}: postgres://user:password@host:5432/database`;
    found.push({ name: labelledName('PG_DSN', label), message });
  }
  const retention = retentionProblem(pgPartition, pgRetentionDays);
  if (retention !== null) found.push({ name: labelledName('PG_RETENTION_DAYS', label), message: retention });
  return found;
}

/** A log file belongs to one sink: two would write each other's lines in between. */
function sharedLogFiles(config: Config): Problem[] {
  const owners = new Map<string, string>();
  const found: Problem[] = [];
  for (const output of (config.outputs ?? []).filter(({ kind }) => kind === 'log')) {
    const path = resolve(settingsOf(config, output).logPath);
    const owner = owners.get(path);
    owners.set(path, output.name);
    if (owner === undefined) continue;
    const message = `${owner} and ${output.name} would write the same file ${path}: give each a LOG_…_PATH of its own`;
    found.push({ name: 'OUTPUTS', message });
  }
  return found;
}

/** Both or neither, and they must belong together. */
function pairProblems(
  { cert, key }: { cert: string | undefined; key: string | undefined },
  names: readonly [cert: string, key: string],
  failed: (name: string) => boolean,
): Problem[] {
  if (names.some(failed) || (cert === undefined && key === undefined)) return [];
  const [missing, present] = cert === undefined ? names : [names[1], names[0]];
  if (cert === undefined || key === undefined)
    return [{ name: missing, message: `is not set, and ${present} is: set both or neither` }];
  if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return [];
  const message = `is not the key of the first certificate in ${names[0]}: give the two that were issued together`;
  return [{ name: names[1], message }];
}
