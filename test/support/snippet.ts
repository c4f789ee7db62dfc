/** Our run in a page, found by what the contract says of it, and taken out again. */
import { readFileSync } from 'node:fs';

export const TRACKER = readFileSync(new URL('../../client/dist/tracker.js', import.meta.url), 'latin1');

export type Run = {
  /** The page without it, Latin-1. */
  readonly page: string;
  /** Where it stood. */
  readonly at: number;
  readonly pixel: string | null;
  /** The script's start tag; null: the pixel stands alone. */
  readonly tag: string | null;
};

const IMAGE = /<img src="\/\/[^"]*\/px\.gif\?[^"]*" width="1" height="1" alt="" hidden>$/;
const START_TAG = /<script(?: [a-z-]+(?:="[^"]*")?)*>$/;
const LONE_IMAGE =
  /<img src="\/\/[^"]*\/px\.gif\?e=pageview&amp;auto=1[^"]*" width="1" height="1" alt="" hidden>/;

/** Null where there is none; throws where there are two, or a piece of one. */
export function findRun(text: string): Run | null {
  const script = text.indexOf(TRACKER);
  if (script === -1) return findLonePixel(text);
  if (text.indexOf(TRACKER, script + 1) !== -1) throw new Error('two trackers in one page');
  const tag = START_TAG.exec(text.slice(0, script))?.[0];
  const end = script + TRACKER.length + '</script>'.length;
  if (tag === undefined || !text.startsWith('</script>', end - '</script>'.length))
    throw new Error('a tracker that is no script element');
  const before = text.slice(0, script - tag.length);
  const pixel = IMAGE.exec(before)?.[0] ?? null;
  const at = before.length - (pixel?.length ?? 0);
  return { page: text.slice(0, at) + text.slice(end), at, pixel, tag };
}

function findLonePixel(text: string): Run | null {
  const found = LONE_IMAGE.exec(text);
  if (found === null) return null;
  const page = text.slice(0, found.index) + text.slice(found.index + found[0].length);
  return { page, at: found.index, pixel: found[0], tag: null };
}

/** What no shared cache may store. */
export const PERSONAL = /data-token|data-key|data-now|data-ttl|data-session|[?&;]d=[0-9a-f]{8}-/;
