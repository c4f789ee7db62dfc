/** EVENTS_EXCLUDE: events that are of no value to the owner. They are dropped and counted. */
export type EventExclusions = {
  readonly types: ReadonlySet<string>;
  /** Path globs, cut at their stars: `/a/*.json` is `['/a/', '.json']`. */
  readonly paths: readonly (readonly string[])[];
};

export const NO_EXCLUSIONS: EventExclusions = { types: new Set(), paths: [] };

/** What begins with `/` is a path, in which stars stand for any text; the rest are event types. */
export function readExclusions(entries: readonly string[]): EventExclusions {
  return {
    types: new Set(entries.filter((entry) => !entry.startsWith('/'))),
    paths: entries.filter((entry) => entry.startsWith('/')).map((entry) => entry.split(/\*+/)),
  };
}

/** Whether events of this type, or of a page at this URL, are dropped. */
export function isExcluded(exclusions: EventExclusions, type: string, url: string | undefined): boolean {
  if (exclusions.types.has(type)) return true;
  if (exclusions.paths.length === 0 || url === undefined) return false;
  const path = pathOf(url);
  return exclusions.paths.some((pieces) => matches(pieces, path));
}

function pathOf(url: string): string {
  const authority = url.indexOf('://');
  const slash = url.indexOf('/', authority === -1 ? 0 : authority + 3);
  const path = slash === -1 ? '/' : url.slice(slash);
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

/** The leftmost place for each piece is always as good as any other, so one pass decides. */
function matches(pieces: readonly string[], path: string): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (pieces.length === 1) return path === first;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = path.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}
