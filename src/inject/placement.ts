/**
 * Where in the tail of a page the snippet goes (proxy: "Whole or streamed"; design: "Where the tracker
 * goes"): if the page ends in `</body>`, `</html>`, comments and white space, before the first of these end
 * tags; else at the end. Only bytes are looked at; whether a snippet may stand there is asked elsewhere.
 */

/** At most this much of a streamed page waits for what comes next. */
export const HELD_BYTES = 256;

const END_TAG = /<\/(?:body|html)/gi;
const END_TAG_NAMES = ['</body', '</html'];

/** Where the snippet goes in the last bytes of a page, as an index into `tail`. */
export function placeIn(tail: string): number {
  for (const { index } of tail.matchAll(END_TAG)) {
    if (readRun(tail, index) === 'complete') return index;
  }
  return tail.length;
}

/**
 * How much of the end of a stream has to wait, as an index into `tail`: from where the page may have begun to
 * end. Everything before it can go.
 */
export function heldFrom(tail: string): number {
  for (const { index } of tail.matchAll(END_TAG)) {
    if (readRun(tail, index) !== 'other') return index;
  }
  const less = tail.lastIndexOf('<');
  if (less === -1) return tail.length;
  const rest = tail.slice(less).toLowerCase();
  return END_TAG_NAMES.some((name) => name.startsWith(rest)) ? less : tail.length;
}

/** Whether all from here on is end tags, comments and white space, or could become so, or is something else. */
function readRun(tail: string, from: number): 'complete' | 'partial' | 'other' {
  let at = from;
  while (at < tail.length) {
    const next = afterToken(tail, at);
    if (next < 0) return next === PARTIAL ? 'partial' : 'other';
    at = next;
  }
  return 'complete';
}

const OTHER = -1;
const PARTIAL = -2;

function afterToken(tail: string, at: number): number {
  if (isWhite(tail.charCodeAt(at))) return at + 1;
  if (tail.startsWith('<!--', at)) {
    const end = tail.indexOf('-->', at + '<!--'.length);
    return end === -1 ? PARTIAL : end + '-->'.length;
  }
  const head = tail.slice(at, at + '</body'.length).toLowerCase();
  if (!END_TAG_NAMES.includes(head)) {
    return at + head.length === tail.length &&
      [...END_TAG_NAMES, '<!--'].some((name) => name.startsWith(head))
      ? PARTIAL
      : OTHER;
  }
  let end = at + head.length;
  while (end < tail.length && isWhite(tail.charCodeAt(end))) end++;
  if (end === tail.length) return PARTIAL;
  return tail[end] === '>' ? end + 1 : OTHER;
}

function isWhite(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b);
}
