/**
 * `gotrack.yaml` (`--config`, GOTRACK_CONFIG): the same variables as in the environment, one a line, in either case:
 * `server_addr: 127.0.0.1:8080`. A value is a text, a number, true or false, or a list of them for what the
 * environment writes with commas.
 */
import { type Document, parseDocument } from 'yaml';

import type { Problem } from './problem.ts';

export type ConfigFile = {
  /** By the name of the variable. */
  readonly values: ReadonlyMap<string, string>;
  /** By the name of the variable, how it is written in the file. */
  readonly keys: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
};

export const NO_FILE: ConfigFile = { values: new Map(), keys: new Map(), problems: [] };

/** No problem ever quotes a value: it may be a secret. */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const bad = (message: string): ConfigFile => ({ ...NO_FILE, problems: [{ name: path, message }] });
  // As text, whatever it looks like: a secret of digits is no number, and 0123 stays 0123.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) return bad(`is no YAML: line ${fault.linePos?.[0].line}, ${fault.code}`);
  const content = contentOf(document);
  if (content === undefined) return bad('refers to itself too often');
  if (content === null || content === '') return NO_FILE;
  if (typeof content !== 'object' || Array.isArray(content)) return bad('is no list of names and values');
  return readEntries(path, Object.entries(content));
}

/** References multiply: ten lines of them can stand for billions of values. */
const MAX_ALIASES = 100;

/** Undefined where there are too many references in it. */
function contentOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    // All else that could be wrong with it is among the document's errors.
    return undefined;
  }
}

function readEntries(path: string, entries: [string, unknown][]): ConfigFile {
  const values = new Map<string, string>();
  const keys = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [key, value] of entries) {
    const name = nameOf(key);
    const text = textOf(value);
    if (keys.has(name)) problems.push({ name: key, message: `is in ${path} twice` });
    keys.set(name, key);
    if (text === null) problems.push({ name: key, message: `in ${path} is no text, number or list` });
    else values.set(name, text);
  }
  return { values, keys, problems };
}

const nameOf = (key: string) => key.toUpperCase().replaceAll('-', '_');

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value.trim();
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) return null;
  return value.join(',');
}
