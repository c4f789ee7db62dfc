/**
 * `/hmac.js`, for pages whose own scripts send events: it offers `gotrack.signedFetch` and changes nothing else. It
 * holds no key, and `window.fetch` stays what it was.
 */
import { page } from './api.ts';
import { quietly } from './quiet.ts';
import { createSignedFetch, type SignedFetch } from './signed-fetch.ts';

quietly(() => {
  // Still a list where the tracker has yet to come: it makes its API of that very list.
  page.gotrack ||= [];
  const api = page.gotrack as { signedFetch?: SignedFetch };
  api.signedFetch ??= createSignedFetch();
})();
