/** The two groups of a payload that may hold anything, within a size: `props` and `results`. */
import { MAX_PROPS_BYTES, MAX_RESULTS_BYTES } from '../event/limits.ts';
import { type Cleaning, cleanJson, cleanKey, refuse } from './clean.ts';
import { type JsonObject, setOwn } from './json-object.ts';

/** No character takes more than this in UTF-8 JSON: `\u001f`. */
const MAX_BYTES_A_CHARACTER = 6;

/** Custom properties, with what has no name in the table; a property of the client's own wins over one of these. */
export function cleanProps(
  cleaning: Cleaning,
  props: JsonObject | undefined,
  unlisted: JsonObject,
): JsonObject | undefined {
  const out: JsonObject = {};
  begin(cleaning, 'payload.props', MAX_PROPS_BYTES);
  cleanInto(cleaning, unlisted, out);
  if (props !== undefined) cleanInto(cleaning, props, out);
  return finish(cleaning, out, { maxBytes: MAX_PROPS_BYTES, reason: 'props-too-large' });
}

export function cleanResults(cleaning: Cleaning, results: JsonObject | undefined): JsonObject | undefined {
  if (results === undefined) return undefined;
  const out: JsonObject = {};
  begin(cleaning, 'payload.results', MAX_RESULTS_BYTES);
  cleanInto(cleaning, results, out);
  return finish(cleaning, out, { maxBytes: MAX_RESULTS_BYTES, reason: 'results-too-large' });
}

function begin(cleaning: Cleaning, path: string, maxBytes: number): void {
  cleaning.path = path;
  cleaning.bytesLeft = maxBytes;
}

function cleanInto(cleaning: Cleaning, source: JsonObject, out: JsonObject): void {
  for (const name in source) {
    cleaning.name = name;
    const value = cleanJson(cleaning, source[name]);
    if (value === undefined) continue;
    cleaning.bytesLeft -= name.length;
    setOwn(out, cleanKey(cleaning, name), value);
  }
}

type Limit = { readonly maxBytes: number; readonly reason: 'props-too-large' | 'results-too-large' };

function finish(cleaning: Cleaning, out: JsonObject, { maxBytes, reason }: Limit): JsonObject | undefined {
  cleaning.name = '';
  if (Object.keys(out).length === 0 && cleaning.bytesLeft >= 0) return undefined;
  if (cleaning.bytesLeft < 0 || exceeds(out, maxBytes, maxBytes - cleaning.bytesLeft))
    refuse(cleaning, reason);
  return out;
}

/** Serialises only where the count of characters leaves a doubt. */
function exceeds(out: JsonObject, maxBytes: number, characters: number): boolean {
  if (characters * MAX_BYTES_A_CHARACTER < maxBytes) return false;
  return Buffer.byteLength(JSON.stringify(out)) > maxBytes;
}
