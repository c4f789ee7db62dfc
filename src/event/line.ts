/**
 * JSON that is one line to whoever reads it, without its line feed. JSON lets three more line ends of Unicode stand as
 * they are, and many readers split at them (node's readline, Python's splitlines): a client could write lines of its own.
 */
export function toLine(value: object): Buffer {
  const text = JSON.stringify(value);
  return Buffer.from(hasLineEnd(text) ? text.replace(LINE_ENDS, escaped) : text);
}

/** Thrice `includes`, which is a tenth of the price of a regular expression: this runs for every event. */
function hasLineEnd(text: string): boolean {
  return text.includes('\u2028') || text.includes('\u2029') || text.includes('\u0085');
}

const LINE_ENDS = /[\u0085\u2028\u2029]/g;

const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
