/**
 * From what a client sent to what may be stored: limits, mended text, nothing empty (events: "What is
 * accepted"). The first limit that is passed is noted, and with it the event is refused.
 */
import { MAX_ARRAY, MAX_KEY, MAX_STRING } from '../event/limits.ts';
import { type JsonObject, setOwn } from './json-object.ts';
import type { EventReason } from './reject.ts';

/** What privacy does to a text. */
export type Scrub = {
  url(text: string): string;
  query(text: string): string;
  text(text: string): string;
  parameter(name: string, value: string): string;
};

/** The state of cleaning one event. */
export type Cleaning = {
  readonly scrub: Scrub;
  /** Whether NUL and lone surrogates may be in the strings at all. */
  readonly escapes: boolean;
  /** What was changed on the way in, for `server.adjusted`. */
  readonly adjusted: Set<string>;
  /** Where we are: the path of an object in the envelope, and the name in it. */
  path: string;
  name: string;
  refusal: EventRefusal | null;
  /** How much JSON may still come, bytes. */
  bytesLeft: number;
};

export type EventRefusal = { readonly reason: EventReason; readonly field?: string };

/** Of the path to what is refused. */
const MAX_FIELD = 256;

export function createCleaning(scrub: Scrub, escapes: boolean): Cleaning {
  return { scrub, escapes, adjusted: new Set(), path: '', name: '', refusal: null, bytesLeft: 0 };
}

/** Notes why the event is refused, and where; the first reason stays. */
export function refuse(cleaning: Cleaning, reason: EventReason): void {
  const { path, name } = cleaning;
  cleaning.refusal ??= { reason, field: [path, name].filter(Boolean).join('.').slice(0, MAX_FIELD) };
}

/** A string within its limit, or undefined for an empty one and for one that refuses the event. */
export function cleanText(cleaning: Cleaning, text: string): string | undefined {
  if (text.length > MAX_STRING) refuse(cleaning, 'string-too-long');
  else if (text !== '') return mend(cleaning, text);
  return undefined;
}

/** A string that is cut, not refused; `as` is what `server.adjusted` calls it. */
export function cutText(cleaning: Cleaning, text: string, { max, as }: { max: number; as: string }): string {
  if (text.length <= max) return text;
  cleaning.adjusted.add(as);
  // A cut through a surrogate pair would leave half of it.
  return text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
}

/** PostgreSQL stores no NUL, and no UTF-8 text holds a lone surrogate. */
export function mend(cleaning: Cleaning, text: string): string {
  return cleaning.escapes ? text.toWellFormed().replaceAll('\0', '\uFFFD') : text;
}

export function cleanKey(cleaning: Cleaning, key: string): string {
  if (key.length > MAX_KEY) refuse(cleaning, 'key-too-long');
  return mend(cleaning, key);
}

export function cleanNumber(cleaning: Cleaning, number: number): number | undefined {
  if (Number.isFinite(number)) return number;
  refuse(cleaning, 'number-not-finite');
  return undefined;
}

/** Whether a list may be read at all. */
export function isListWithin(cleaning: Cleaning, list: readonly unknown[]): boolean {
  if (list.length <= MAX_ARRAY) return true;
  refuse(cleaning, 'array-too-long');
  return false;
}

/**
 * Any JSON, as deep as the body's own limit let it be. What is null or empty is left out, of lists too; an
 * empty list stays, since it says something. `bytesLeft` is counted down by no more than each value takes, so
 * that a huge one is given up early; who set it checks the exact size.
 */
export function cleanJson(cleaning: Cleaning, value: unknown): unknown {
  if (cleaning.refusal !== null || cleaning.bytesLeft < 0) return undefined;
  switch (typeof value) {
    case 'string':
      cleaning.bytesLeft -= value.length;
      return cleanText(cleaning, value);
    case 'number':
      cleaning.bytesLeft -= 1;
      return cleanNumber(cleaning, value);
    case 'boolean':
      cleaning.bytesLeft -= 4;
      return value;
    default:
      if (value === null || value === undefined) return undefined;
      return Array.isArray(value) ? cleanList(cleaning, value) : cleanObject(cleaning, value);
  }
}

function cleanList(cleaning: Cleaning, list: readonly unknown[]): unknown[] | undefined {
  if (!isListWithin(cleaning, list)) return undefined;
  cleaning.bytesLeft -= 2;
  return list.map((value) => cleanJson(cleaning, value)).filter((value) => value !== undefined);
}

function cleanObject(cleaning: Cleaning, object: object): JsonObject | undefined {
  const out: JsonObject = {};
  let isEmpty = true;
  for (const key in object) {
    const value = cleanJson(cleaning, (object as JsonObject)[key]);
    if (value === undefined) continue;
    cleaning.bytesLeft -= key.length;
    setOwn(out, cleanKey(cleaning, key), value);
    isEmpty = false;
  }
  return isEmpty ? undefined : out;
}
