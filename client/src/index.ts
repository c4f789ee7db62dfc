/**
 * The tracker: what stands inline in every page. It makes events of what the page and its visitor do, and
 * sends them, signed, to the page's own address. The page comes first: whatever goes wrong in here, the
 * page notices nothing (no error, no console line, no patched global, nothing left in the document).
 *
 * This file decides whether to run at all; `tracker` joins the parts.
 */
import { quietly } from './quiet.ts';
import { takeSnippet } from './snippet.ts';
import { startTracker } from './tracker.ts';

quietly(() => {
  const settings = takeSnippet();
  if (!settings) return;
  // An opaque origin could send nothing that would be believed; a frame is a part of somebody's page.
  if (window.origin === 'null' || (window !== top && !('frames' in settings))) return;
  startTracker(settings);
})();
