/** EVENTS_EXCLUDE: events that are of no value to the owner. They are dropped and counted. */
import { compileGlobs, type Globs, matchesAny } from '../lib/glob.ts';

export type EventExclusions = {
  readonly types: ReadonlySet<string>;
  readonly paths: Globs;
};

export const NO_EXCLUSIONS: EventExclusions = { types: new Set(), paths: [] };

/** What begins with `/` is a path, in which stars stand for any text; the rest are event types. */
export function readExclusions(entries: readonly string[]): EventExclusions {
  return {
    types: new Set(entries.filter((entry) => !entry.startsWith('/'))),
    paths: compileGlobs(entries.filter((entry) => entry.startsWith('/'))),
  };
}

/** Whether events of this type, or of a page at this URL, are dropped. */
export function isExcluded(exclusions: EventExclusions, type: string, url: string | undefined): boolean {
  if (exclusions.types.has(type)) return true;
  if (exclusions.paths.length === 0 || url === undefined) return false;
  return matchesAny(exclusions.paths, pathOf(url));
}

function pathOf(url: string): string {
  const authority = url.indexOf('://');
  const slash = url.indexOf('/', authority === -1 ? 0 : authority + 3);
  const path = slash === -1 ? '/' : url.slice(slash);
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}
