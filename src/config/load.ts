/**
 * From flags, environment and configuration file to a Config. Every problem is reported at once, each with the
 * variable, what it got and the cure.
 */
import { dateFaultOf, faultOf, type KeyPair } from './certificate.ts';
import { contradictions } from './contradictions.ts';
import { type Config, FIELDS, type Field } from './fields.ts';
import { type Labelled, labelledFields, type Output, type SinkKind } from './outputs.ts';
import type { Problem } from './problem.ts';
import { readSettings, readText, type Settings, type Sources as SettingsSources } from './settings.ts';
import { misspeltNames, unknownFlags } from './unknown-names.ts';

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
