/** Whether the first bytes of a body labelled `text/html` are a page, not a fragment or data (proxy: `not-page`). */

/** As many bytes as are looked at. */
export const PREFIX_BYTES = 1024;

const MARKUP = /<(?:!doctype|html|head|body)(?![a-z0-9-])/i;

/**
 * `prefix`: the first PREFIX_BYTES, or the whole body where it is shorter. `shown`: the browser said that it
 * shows it as a document.
 */
export function isPage(prefix: string, shown: boolean): boolean {
  const first = /[^\t\n\f\r ]/.exec(withoutMark(prefix))?.[0];
  if (first === undefined || first === '{' || first === '[') return false;
  return shown || MARKUP.test(prefix);
}

/** Takes a UTF-8 byte order mark off, which decoders do not pass on. */
export function withoutMark(text: string): string {
  return text.startsWith('\u00ef\u00bb\u00bf') ? text.slice(3) : text;
}
