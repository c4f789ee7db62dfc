/**
 * What somebody has set, and where: flags win over the environment, that over the configuration file, that over what
 * a command stands under. A secret may stand in the file that `NAME_FILE` names.
 */
import { type ConfigFile, NO_FILE, parseConfigFile } from './config-file.ts';
import type { Field } from './fields.ts';
import { nearestName } from './nearest.ts';
import type { Problem } from './problem.ts';

export type Sources = {
  env: Readonly<Record<string, string | undefined>>;
  /** Flags without their dashes: `{'server-addr': ':8080'}`. */
  flags: Readonly<Record<string, string>>;
  /** By the name of the variable: what stands when nobody set it, over the table's own default. */
  defaults?: Readonly<Record<string, string>>;
  /** Reads the configuration file and that of a `NAME_FILE` variable; throws where it cannot. */
  readFile(path: string): string;
};

/** The text of a variable, undefined where nobody set it. */
export type Found = { text: string | undefined; problem?: string };

export type Settings = {
  find(field: Field): Found;
  /** Of the configuration file as a whole. */
  readonly problems: readonly Problem[];
  /** What stands in the configuration file and is none of these. */
  unknownInFile(fields: readonly Field[]): Problem[];
};

/** The flag and the variable that name the configuration file. */
export const CONFIG_FLAG = 'config';
export const CONFIG_VARIABLE = 'GOTRACK_CONFIG';

export const flagOf = (field: Pick<Field, 'name'>) => field.name.toLowerCase().replaceAll('_', '-');

/** Every name by which these may be set. */
export function variableNames(fields: readonly Field[]): string[] {
  return fields.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
}

export function readSettings(sources: Sources): Settings {
  const { env, flags, defaults = {}, readFile } = sources;
  const file = readConfigFile(sources);
  const layers: readonly Layer[] = [
    (name) => env[name],
    (name) => file.values.get(name),
    (name) => defaults[name],
  ];

  function find(field: Field): Found {
    const flag = flags[flagOf(field)];
    if (flag !== undefined && field.secret) return { text: undefined, problem: readableFlag(field) };
    if (flag !== undefined) return textFor(field, flag, readFile);
    for (const layer of layers) {
      const found = findIn(layer, field, readFile);
      if (found !== null) return found;
    }
    return { text: undefined };
  }

  function unknownInFile(fields: readonly Field[]): Problem[] {
    const known = variableNames(fields);
    const unknown = [...file.keys].filter(([name]) => !known.includes(name));
    return unknown.map(([name, key]) => ({ name: key, message: unknownKey(name, known) }));
  }

  return { find, problems: file.problems, unknownInFile };
}

/** Whether somebody has set the variable, rightly or wrongly. */
export function isSet(settings: Settings, field: Field): boolean {
  const { text, problem } = settings.find(field);
  return text !== undefined || problem !== undefined;
}

/** What one source says of a name; an empty text is as good as none. */
type Layer = (name: string) => string | undefined;
type ReadFile = Sources['readFile'];

function readConfigFile({ env, flags, readFile }: Sources): ConfigFile {
  const path = flags[CONFIG_FLAG] ?? present(env[CONFIG_VARIABLE]);
  if (path === undefined) return NO_FILE;
  const { text, problem } = readText(path, `the file ${path}`, readFile);
  if (text !== undefined) return parseConfigFile(path, text);
  const name = CONFIG_FLAG in flags ? `--${CONFIG_FLAG}` : CONFIG_VARIABLE;
  return { ...NO_FILE, problems: [{ name, message: problem! }] };
}

/** Null where the source says nothing of it. */
function findIn(layer: Layer, field: Field, readFile: ReadFile): Found | null {
  const direct = present(layer(field.name));
  const path = field.secret ? present(layer(`${field.name}_FILE`)) : undefined;
  if (direct !== undefined && path !== undefined)
    return { text: undefined, problem: `is set, and so is ${field.name}_FILE: unset one of them` };
  if (direct !== undefined) return textFor(field, direct, readFile);
  return path === undefined ? null : readText(path, `${field.name}_FILE`, readFile);
}

function textFor(field: Field, direct: string, readFile: ReadFile): Found {
  return field.file ? readText(direct, `the file ${direct}`, readFile) : { text: direct };
}

/** The text of a file without the line end behind it. */
export function readText(path: string, name: string, readFile: ReadFile): Found {
  try {
    return { text: readFile(path).trim() };
  } catch (error) {
    return { text: undefined, problem: `${name} cannot be read: ${(error as Error).message}` };
  }
}

const present = (value: string | undefined) => (value === '' ? undefined : value);

function unknownKey(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known, 0.4)?.toLowerCase();
  return `stands in the configuration file and is no variable of ours${nearest ? `; did you mean ${nearest}?` : ''}`;
}

function readableFlag({ name }: Field): string {
  return `is a secret and other users can read flags: set ${name} or ${name}_FILE`;
}
