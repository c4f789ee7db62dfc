/**
 * From flags, environment and configuration file to a Config. Every problem is reported at once, each with the
 * variable, what it got and the cure.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { dateFaultOf, faultOf, type KeyPair } from './certificate.ts';
import { type Config, FIELDS, type Field, settingsOf } from './fields.ts';
import { nearestName } from './nearest.ts';
import { type Labelled, labelledFields, labelledName, type Output, type SinkKind } from './outputs.ts';
import { retentionProblem } from './postgres.ts';
import type { Problem } from './problem.ts';
import {
  CONFIG_FLAG,
  CONFIG_VARIABLE,
  flagOf,
  readSettings,
  readText,
  type Settings,
  type Sources as SettingsSources,
  variableNames,
} from './settings.ts';

export type Loaded =
  | { ok: true; config: Config; warnings: string[] }
  | { ok: false; problems: Problem[]; warnings: string[] };

export type Sources = SettingsSources & {
  /** Epoch milliseconds: whether a certificate has expired. */
  now(): number;
};

export function loadConfig(sources: Sources): Loaded {
  const settings = readSettings(sources);
  const problems: Problem[] = [...settings.problems];
  const values: Record<string, unknown> = {};
  for (const [key, field] of Object.entries<Field>(FIELDS)) {
    const value = readField(field, settings, problems);
    if (value !== undefined) values[key] = value;
  }
  const labelled = labelledFields<Field>(FIELDS, (values.outputs as Config['outputs'] | undefined) ?? []);
  const config = { ...values, labelled: readLabelled(labelled, settings, problems) } as unknown as Config;
  const known = [...Object.values<Field>(FIELDS), ...labelled.map(({ field }) => field)];
  problems.push(
    ...falseSafety(sources.env),
    ...unknownFlags(sources.flags, known),
    ...settings.unknownInFile(known),
    ...contradictions(config, problems),
  );
  const warnings = misspeltNames(sources.env, known);
  const keyPair = config.enableHttps ? readKeyPair(config, sources, problems) : undefined;
  if (problems.length > 0) return { ok: false, problems, warnings };
  const dateFault = keyPair && dateFaultOf(keyPair, sources.now());
  if (dateFault)
    warnings.push(`SSL_CERT_FILE: the certificate in ${config.sslCertFile} ${dateFault}: renew it`);
  return { ok: true, config: { ...config, keyPair }, warnings };
}

export type LoadedSinks<Key extends keyof Config> =
  | { ok: true; sinks: { output: Output; settings: Pick<Config, Key> }[] }
  | { ok: false; problems: Problem[] };

/**
 * The sinks of one kind among OUTPUTS, for a command that needs no more: everything else may be unset or wrong. Where
 * there is none among them yet, the one without a label.
 */
export function loadSinks<Key extends keyof typeof FIELDS>(
  kind: SinkKind,
  keys: readonly Key[],
  sources: SettingsSources,
): LoadedSinks<Key> {
  const settings = readSettings(sources);
  const problems: Problem[] = [...settings.problems];
  const all = (readField(FIELDS.outputs, settings, problems) ?? []) as Config['outputs'];
  const named = all.filter((output) => output.kind === kind);
  const outputs = named.length > 0 ? named : [{ name: kind, kind, label: null }];
  const shared = Object.fromEntries(keys.map((key) => [key, readField(FIELDS[key], settings, problems)]));
  const labelled = labelledFields<Field>(FIELDS, outputs);
  const labelledValues = readLabelled(labelled, settings, problems);
  const known = [...Object.values<Field>(FIELDS), ...labelled.map(({ field }) => field)];
  problems.push(...unknownFlags(sources.flags, known));
  if (problems.length > 0) return { ok: false, problems };
  const sinks = outputs.map((output) => {
    const own = { ...shared, ...labelledValues[output.name] } as Pick<Config, Key>;
    return { output, settings: own };
  });
  return { ok: true, sinks };
}

/** What somebody set, else the default; undefined where there is neither, or a problem. */
function readField(field: Field, settings: Settings, problems: Problem[]): unknown {
  const found = settings.find(field);
  if (found.problem !== undefined) {
    problems.push({ name: field.name, message: found.problem });
    return undefined;
  }
  const text = found.text ?? field.default;
  if (text === undefined) return undefined;
  const parsed = field.parse(text);
  if (parsed.ok) return parsed.value;
  problems.push({ name: field.name, message: mismatch(field, text, parsed.expected) });
  return undefined;
}

/** Only what was set: the rest is read without the label. */
function readLabelled(fields: readonly Labelled<Field>[], settings: Settings, problems: Problem[]) {
  const labelled: Record<string, Record<string, unknown>> = {};
  for (const { output, key, field } of fields) {
    const value = readField({ ...field, default: undefined }, settings, problems);
    if (value === undefined) continue;
    labelled[output.name] ??= {};
    labelled[output.name]![key] = value;
  }
  return labelled;
}

/** Undefined where something is wrong with the files, which is then among the problems. */
function readKeyPair(config: Config, { readFile }: Sources, problems: Problem[]): KeyPair | undefined {
  const names = { cert: 'SSL_CERT_FILE', key: 'SSL_KEY_FILE' };
  const paths = { cert: config.sslCertFile, key: config.sslKeyFile };
  const cert = readText(paths.cert, `the file ${paths.cert}`, readFile);
  const key = readText(paths.key, `the file ${paths.key}`, readFile);
  if (cert.problem !== undefined) problems.push({ name: names.cert, message: cert.problem });
  if (key.problem !== undefined) problems.push({ name: names.key, message: key.problem });
  if (cert.text === undefined || key.text === undefined) return undefined;
  const keyPair = { cert: cert.text, key: key.text };
  const fault = faultOf(keyPair);
  if (fault === null) return keyPair;
  const message = `${paths[fault.culprit]} ${fault.problem}`;
  problems.push({ name: names[fault.culprit], message });
  return undefined;
}

function mismatch(field: Field, text: string, expected: string): string {
  const got = field.secret || field.file ? '' : `got ${JSON.stringify(withoutPassword(text))}, `;
  return `${got}expected ${expected}`;
}

/** What stands before the host of a URL may be a password; this text ends up on a terminal and in logs. */
const withoutPassword = (text: string) => text.replace(/\/\/[^/@]*@/, '//…@');

/** What no single row can see. */
function contradictions(config: Config, problems: readonly Problem[]): Problem[] {
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

/** They promise a safety that this version does not give: better no start than a plain one that nobody expects. */
const NOT_GIVEN = ['METRICS_REQUIRE_TLS'];

function falseSafety(env: Sources['env']): Problem[] {
  const message =
    'is asked for, and this version speaks no TLS on that listener: put a TLS proxy before it and unset this';
  return NOT_GIVEN.filter((name) => /^(?:true|1|yes|on)$/i.test(env[name] ?? '')).map((name) => ({
    name,
    message,
  }));
}

function unknownFlags(flags: Sources['flags'], fields: readonly Field[]): Problem[] {
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
function misspeltNames(env: Sources['env'], fields: readonly Field[]): string[] {
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
