import { page } from './api.ts';
import { readDocument } from './natives.ts';
import { listen, quietly } from './quiet.ts';
import type { Settings } from './snippet.ts';
import { startTracker } from './tracker.ts';

/**
 * The settings of a tracker that stands in a file of its own, null with TRACKING=off: the server writes them before
 * the script. `origin` is where the script comes from, and so where its events go.
 */
declare const GOTRACK_SETTINGS: (Settings & { origin?: string }) | null;

/**
 * Returns whether a tracker runs in this page, this one or the one that the proxy wrote into it, or will in a moment.
 *
 * Starts the tracker of a page that the proxy did not edit, once the page has been read: where it did, the tracker at
 * the end of the page runs by then, and there must not be two. Events go to `collect` beside the script, on whatever
 * site that is.
 */
export function startStandalone(script: string): boolean {
  if (!GOTRACK_SETTINGS) return false;
  const { origin, pathname } = new URL(script);
  GOTRACK_SETTINGS.origin = origin;
  const settings: Settings = { ...GOTRACK_SETTINGS, collect: pathname.replace(/[^/]*$/, 'collect') };
  const start = quietly(() => {
    if (!page.gotrack?.track) startTracker(settings);
  });
  if (window.origin === 'null' || (window !== top && !('frames' in settings))) return false;
  if (readDocument('readyState') === 'loading') listen(document, 'DOMContentLoaded', start);
  else start();
  return true;
}
