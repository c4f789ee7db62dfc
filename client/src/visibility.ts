import { readDocument } from './natives.ts';
import { navigationApi } from './navigation.ts';
import { listen } from './quiet.ts';

/** Of the Navigation API (HTML §7.2.7). */
type NavigateEvent = Event & {
  destination: { url: string; sameDocument: boolean };
  downloadRequest: string | null;
};

/** False while the page is prerendered, too. */
export const isVisible = (): boolean => readDocument('visibilityState') === 'visible';

/**
 * `left` is for the moments after which a page may never run again. `unload` would shut pages out of the
 * back/forward cache, and phones do not fire it. Where the Navigation API tells of a link that is being
 * followed, we go before the next page is even asked for: then our answer is mostly here when the page goes,
 * nothing has to be sent again, and no request under way keeps the page out of that cache. (A link that turns
 * out to be a download looks the same: there, the figures of the page end early.)
 */
export function onVisibility(seen: () => void, left: () => void): void {
  listen(document, 'visibilitychange', () => (isVisible() ? seen() : left()));
  listen(window, 'pagehide', left);
  listen<NavigateEvent>(navigationApi, 'navigate', ({ destination, downloadRequest }) => {
    if (!destination.sameDocument && downloadRequest === null && /^http/.test(destination.url)) left();
  });
}
