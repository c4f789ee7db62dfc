import { isName, type RawHeaders } from './raw-headers.ts';

/** One `name=value` of a Cookie header (RFC 6265 §4.2.1), and where it stands. */
export type CookiePair = {
  readonly value: string;
  /** Index of the header's value in the flat array. */
  readonly line: number;
  /** The pair's first character in that value, and the one after its last. */
  readonly start: number;
  readonly end: number;
};

/** Every cookie of that name, over all Cookie lines (HTTP/2 may send several), in their order. */
export function findCookies(headers: RawHeaders, name: string): CookiePair[] {
  const found: CookiePair[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (isName(headers[i]!, 'cookie')) findInLine(headers, i + 1, { name, found });
  }
  return found;
}

/** The first cookie of that name, or undefined. Its value is not decoded. */
export function cookieValue(headers: RawHeaders, name: string): string | undefined {
  return findCookies(headers, name)[0]?.value;
}

/**
 * Takes one pair out of its line, in place, with one separator; a line that held nothing else goes.
 * Of several pairs the last must be cut first, since positions move.
 */
export function cutCookie(headers: RawHeaders, pair: CookiePair): void {
  const text = headers[pair.line]!;
  const next = text.indexOf(';', pair.end);
  const rest =
    next === -1
      ? text.slice(0, pair.start).replace(/;[ \t]?$/, '')
      : text.slice(0, pair.start) + text.slice(next + 1).replace(/^[ \t]/, '');
  if (rest.trim() === '') headers.splice(pair.line - 1, 2);
  else headers[pair.line] = rest;
}

type Search = { readonly name: string; readonly found: CookiePair[] };

function findInLine(headers: RawHeaders, line: number, search: Search): void {
  const text = headers[line]!;
  // indexOf first: most requests carry no cookie of ours, and this is all that they pay.
  for (let at = text.indexOf(search.name); at !== -1; at = text.indexOf(search.name, at + 1)) {
    const equals = at + search.name.length;
    if (text[equals] !== '=' || !startsPair(text, at)) continue;
    const end = endOfPair(text, equals);
    search.found.push({ value: text.slice(equals + 1, end), line, start: at, end });
  }
}

function startsPair(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (text[before] === ' ' || text[before] === '\t')) before--;
  return before < 0 || text[before] === ';';
}

function endOfPair(text: string, from: number): number {
  let end = text.indexOf(';', from);
  if (end === -1) end = text.length;
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end--;
  return end;
}
