/** The groups of a payload, name by name as the table says; what it does not know is handed back. */
import { MAX_STRING, MAX_URL } from '../event/limits.ts';
import { type Fields, type Kind, PAYLOAD_TABLE, type Scalar } from '../event/payload-table.ts';
import { type Cleaning, cleanKey, cleanNumber, cleanText, cutText, isListWithin, mend } from './clean.ts';
import { isObject, type JsonObject, setOwn } from './json-object.ts';

type Walk = { readonly cleaning: Cleaning; readonly unlisted: JsonObject };

/** What a listed name holds is not what the table says: it is kept, but as a custom property. */
const MISMATCH = Symbol('mismatch');

const ROOT = 'payload';

/**
 * Cleans all groups. What has no place in the table is put into `unlisted` as it came, under its path in the
 * payload (`device.foo`).
 */
export function cleanGroups(cleaning: Cleaning, groups: JsonObject, unlisted: JsonObject): JsonObject {
  cleaning.path = ROOT;
  return cleanFields({ cleaning, unlisted }, PAYLOAD_TABLE, groups) ?? {};
}

function cleanFields(walk: Walk, fields: Fields, object: JsonObject): JsonObject | undefined {
  const { cleaning } = walk;
  const { path } = cleaning;
  const out: JsonObject = {};
  let isEmpty = true;
  for (const name in object) {
    const raw = object[name];
    if (raw === null || raw === '') continue;
    cleaning.path = path;
    cleaning.name = name;
    const kind = fields.get(name);
    const value = kind === undefined ? MISMATCH : cleanKind(walk, kind, raw);
    if (cleaning.refusal !== null) return undefined;
    if (value === undefined) continue;
    if (value === MISMATCH) setOwn(walk.unlisted, placeOf(path, name), raw);
    else out[name] = value;
    isEmpty = isEmpty && value === MISMATCH;
  }
  return isEmpty ? undefined : out;
}

function placeOf(path: string, name: string): string {
  return path === ROOT ? name : `${path.slice(ROOT.length + 1)}.${name}`;
}

function cleanKind(walk: Walk, kind: Kind, value: unknown): unknown {
  const { cleaning } = walk;
  if (typeof kind === 'string') return cleanScalar(cleaning, kind, value);
  if ('listOf' in kind) return Array.isArray(value) ? cleanObjects(walk, kind.listOf, value) : MISMATCH;
  if (!isObject(value)) return MISMATCH;
  cleaning.path = `${cleaning.path}.${cleaning.name}`;
  return cleanFields(walk, kind.fields, value);
}

function cleanObjects(walk: Walk, fields: Fields, list: readonly unknown[]): unknown {
  const { cleaning } = walk;
  if (!isListWithin(cleaning, list)) return undefined;
  if (!list.every(isObject)) return MISMATCH;
  const path = `${cleaning.path}.${cleaning.name}`;
  const objects: JsonObject[] = [];
  for (const [i, object] of list.entries()) {
    cleaning.path = `${path}[${i}]`;
    const cleaned = cleanFields(walk, fields, object);
    if (cleaned !== undefined) objects.push(cleaned);
  }
  return objects.length > 0 ? objects : undefined;
}

function cleanScalar(cleaning: Cleaning, kind: Scalar, value: unknown): unknown {
  switch (kind) {
    case 'number':
      return typeof value === 'number' ? cleanNumber(cleaning, value) : MISMATCH;
    case 'boolean':
      return typeof value === 'boolean' ? value : MISMATCH;
    case 'flag':
      return typeof value === 'boolean' ? value || undefined : MISMATCH;
    case 'id':
      return isScalarText(value) ? cleanText(cleaning, String(value)) : MISMATCH;
    case 'texts':
      return Array.isArray(value) ? cleanTexts(cleaning, value) : MISMATCH;
    case 'text-map':
      return isObject(value) ? cleanMap(cleaning, value, cleanMapText) : MISMATCH;
    case 'parameters':
      return isObject(value) ? cleanMap(cleaning, value, cleanParameter) : MISMATCH;
    default:
      return typeof value === 'string' ? cleanString(cleaning, kind, value) : MISMATCH;
  }
}

function isScalarText(value: unknown): value is string | number {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

function cleanString(cleaning: Cleaning, kind: Scalar, text: string): string | undefined {
  if (kind === 'text') return cleanText(cleaning, text);
  const as = adjustedName(cleaning.name);
  const whole = mend(cleaning, cutText(cleaning, text, { max: MAX_STRING, as }));
  // Once more, since `[redacted]` may be longer than what it stands for.
  const max = kind === 'address' || kind === 'title' ? MAX_URL : MAX_STRING;
  return cutText(cleaning, scrubbed(cleaning, kind, whole), { max, as });
}

function scrubbed({ scrub }: Cleaning, kind: Scalar, text: string): string {
  if (kind === 'title') return scrub.text(text);
  return kind === 'query' ? scrub.query(text) : scrub.url(text);
}

/** A long address is no reason to lose a visit (events: "Limits"): it is cut, and that is noted. */
function adjustedName(name: string): string {
  return name === 'referrer' || name === 'title' ? name : 'url';
}

function cleanTexts(cleaning: Cleaning, list: readonly unknown[]): unknown {
  if (!isListWithin(cleaning, list)) return undefined;
  if (!list.every((value) => typeof value === 'string')) return MISMATCH;
  const texts = list.map((text) => cleanText(cleaning, text)).filter((text) => text !== undefined);
  return texts.length > 0 ? texts : undefined;
}

type CleanMapValue = (cleaning: Cleaning, key: string, text: string) => string | undefined;

/** Numbers and truth values become text; anything else makes the whole a custom property. */
function cleanMap(cleaning: Cleaning, map: JsonObject, cleanValue: CleanMapValue): unknown {
  const out: JsonObject = {};
  let isEmpty = true;
  for (const key in map) {
    const raw = map[key];
    if (raw === null || raw === '') continue;
    if (typeof raw === 'object') return MISMATCH;
    const text = cleanValue(cleaning, key, String(raw));
    if (text === undefined || text === '') continue;
    setOwn(out, cleanKey(cleaning, key), text);
    isEmpty = false;
  }
  return isEmpty ? undefined : out;
}

function cleanMapText(cleaning: Cleaning, _key: string, text: string): string | undefined {
  return cleanText(cleaning, text);
}

/** A part of an address: cut like one, and scrubbed by its name. */
function cleanParameter(cleaning: Cleaning, key: string, text: string): string {
  const limit = { max: MAX_STRING, as: 'url' };
  const whole = mend(cleaning, cutText(cleaning, text, limit));
  return cutText(cleaning, cleaning.scrub.parameter(key, whole), limit);
}
