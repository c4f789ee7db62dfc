/** The outcomes of injection (proxy: "Which responses get the snippet") in the words of the page's owner. */
import type { Level } from './row.ts';

export type Explanation = { readonly level: Level; readonly words: string; readonly cure: string | null };

const fine = (words: string): Explanation => ({ level: 'ok', words, cure: null });
const wanted = (words: string, cure: string): Explanation => ({ level: 'note', words, cure });
const missed = (words: string, cure: string): Explanation => ({ level: 'warning', words, cure });

export const OUTCOMES: Readonly<Record<string, Explanation>> = {
  inserted: fine('the tracker is in the page'),
  spliced: fine('the tracker is in the page, behind the origin’s own gzip bytes'),
  recoded: fine('the tracker is in the page, which was compressed anew for it'),
  off: wanted(
    'tracking is switched off, or consent is denied',
    'TRACKING=on turns it on; a browser that denies both purposes stays untouched',
  ),
  excluded: wanted(
    'this page is left out by INJECT_PATHS or INJECT_EXCLUDE, or the origin says X-GoTrack-Inject: off',
    'change the globs, or the header at the origin, if it should be in',
  ),
  'not-navigation': wanted(
    'the request does not look like a browser that opens a page',
    'name a page that people open, not a part of one',
  ),
  frame: wanted('the page is asked for by a frame', 'INJECT_FRAMES=true takes frames in'),
  'no-transform': missed(
    'the origin forbids changes: Cache-Control: no-transform',
    'take no-transform off HTML at the origin',
  ),
  status: wanted(
    'a redirect, or a status whose body no browser shows',
    'name the page that it leads to: gotrack doctor /…',
  ),
  type: wanted('it is not text/html, or is to be saved as a file', 'name an HTML page: gotrack doctor /…'),
  encoding: missed(
    'its Content-Encoding is none that can be edited',
    'let the origin answer gzip or identity when asked for it',
  ),
  csp: missed(
    'its Content-Security-Policy forbids the tracker, or forbids it to send anything',
    'CSP=edit (if it is respect); else connect-src must allow the page’s own origin, and a sandbox allow-same-origin',
  ),
  charset: missed(
    'its charset does not contain ASCII (UTF-16, UTF-32, UTF-7, ISO-2022)',
    'serve it as UTF-8',
  ),
  'not-page': wanted(
    'its body is no page: empty, JSON, or a fragment without <html> or a doctype',
    'start the page with <!doctype html>',
  ),
  amp: wanted('an AMP page, which allows no script of ours', 'nothing: AMP pages stay as they are'),
  'csp-meta': missed(
    'a policy in <meta> forbids the tracker, and the page could not be edited whole',
    'send the policy as a header, or raise INJECT_BUFFER_BYTES above the page’s size',
  ),
  unclosed: missed(
    'the page ends inside something open (a comment, a script, a textarea, …) or before its body, so that nothing may follow it',
    'close it: a validator such as validator.w3.org/nu names the place',
  ),
  busy: missed(
    'as many compressed pages are edited at once as memory is set aside for',
    'let the origin answer gzip or identity, which cost less memory; or ask again when there is less to do',
  ),
  cut: missed('the page was cut before its end', 'see why the origin does not finish its answer'),
  failed: {
    level: 'error',
    words: 'a fault of ours: the page was left as it came',
    cure: 'gotrack serve logs the fault: please report it',
  },
};

export function explain(outcome: string): Explanation {
  return Object.hasOwn(OUTCOMES, outcome)
    ? OUTCOMES[outcome]!
    : { level: 'warning', words: 'an outcome that doctor does not know', cure: 'update gotrack' };
}
