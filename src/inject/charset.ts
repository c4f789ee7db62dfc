/** Whether a page's encoding contains ASCII, so that our bytes mean in it what we mean (proxy: `charset`). */

/** Where these begin a label, ASCII is something else: UTF-16, UTF-32, UTF-7, ISO-2022, and `replacement`. */
const OTHER = [
  'utf-16',
  'utf16',
  'utf-32',
  'utf32',
  'utf-7',
  'utf7',
  'ucs-',
  'iso-10646-ucs',
  'iso-2022',
  'csiso2022',
  'csunicode',
  'hz-gb',
  'replacement',
];
/** Labels of UTF-16 and UTF-7 that begin like labels of UTF-8 (Encoding standard §4.2). */
const OTHER_LABELS = new Set(['unicode', 'unicodefeff', 'unicodefffe', 'unicode-1-1-utf-7']);

/**
 * By byte order mark, then by the header, then by a meta in the first bytes; a page that says nothing is read
 * as something that contains ASCII. `contentType` is the header's value.
 */
export function containsAscii(prefix: Buffer, contentType: string): boolean {
  const mark = byteOrderMark(prefix);
  if (mark !== null) return mark === 'utf-8';
  // No page in an encoding that contains ASCII begins with NUL: this is UTF-16 or UTF-32 without a mark.
  if (prefix.subarray(0, 4).includes(0)) return false;
  const header = headerCharset(contentType);
  if (header !== null && isOther(header)) return false;
  if (header !== null && isLabel(header)) return true;
  const meta = metaCharset(prefix.toString('latin1'));
  return meta === null || !isOther(meta);
}

function isOther(label: string): boolean {
  return OTHER_LABELS.has(label) || OTHER.some((start) => label.startsWith(start));
}

/** Browsers go on to the meta where the header's label is none. */
function isLabel(label: string): boolean {
  if (label === 'utf-8') return true;
  try {
    return new TextDecoder(label) !== null;
  } catch {
    return false; // RangeError: that is how it says that it does not know the label.
  }
}

function byteOrderMark([first, second, third]: Buffer): 'utf-8' | 'other' | null {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if ((first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe)) return 'other';
  // UTF-7's: `+/v`.
  return first === 0x2b && second === 0x2f && third === 0x76 ? 'other' : null;
}

function headerCharset(contentType: string): string | null {
  const match = /;\s*charset\s*=\s*(?:"\s*([^"\s]*)|([^\s;"]*))/i.exec(contentType);
  const label = match?.[1] ?? match?.[2] ?? '';
  return label === '' ? null : label.toLowerCase();
}

/** The first label in a meta tag, in whatever attribute: a doubt is on the safe side. */
function metaCharset(prefix: string): string | null {
  for (const [tag] of prefix.matchAll(/<meta[\s/][^>]*/gi)) {
    const label = /charset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(tag)?.[1];
    if (label !== undefined) return label.toLowerCase();
  }
  return null;
}
