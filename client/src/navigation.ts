import { later, listen } from './quiet.ts';

/** The Navigation API (HTML §7.2.7), as far as we listen to it. */
export const navigationApi = (window as { navigation?: EventTarget }).navigation;

/**
 * Tells when the document has another address. `history.pushState` fires no event of its own, and to patch
 * it would be seen by the page (and fights with routers that patch it too). The Navigation API reports each
 * change of the session history, at once. In a browser without it we look at the address after whatever may
 * lead to a change: history events and the visitor's own doings, half a second later, since routers
 * often load first. A change that comes later still is noticed at the visitor's next doing.
 */
export function onAddressChange(withHash: boolean, run: () => void): void {
  const address = (): string => (withHash ? location.href : location.href.replace(/#.*/, ''));
  let last = address();
  const look = (): void => {
    const current = address();
    if (current === last) return;
    last = current;
    run();
  };
  if (navigationApi) return listen(navigationApi, 'currententrychange', look);
  for (const type of ['popstate', 'click', 'keyup']) {
    listen(window, type, () => later(look, 500));
  }
}
