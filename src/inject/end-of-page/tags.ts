/**
 * What the tree construction rules of the HTML standard (§13.2.4.2, §13.2.6) need to know of a tag, as one
 * table. Only what decides which elements are open is here: attributes, text and the tree itself are not.
 */

/** Classes of elements, as bits of `Tag.flags`. */
export const SPECIAL = 1;
/** Ends the search for a list item to close: special, but not address, div or p. */
export const ITEM_STOP = 2;
/** Bounds the default scope, and so every other scope but the table's. */
export const SCOPE = 4;
/** Bounds the list item scope too: ol and ul. */
export const LIST_SCOPE = 8;
/** Bounds the button scope too. */
export const BUTTON_SCOPE = 16;
/** Closed by "generate implied end tags". */
export const IMPLIED = 32;
/** A start tag that leaves SVG or MathML. */
export const BREAKOUT = 64;
/** caption, col, colgroup, tbody, td, tfoot, th, thead, tr. */
export const TABLE_PART = 128;
/** An element of SVG or MathML. */
export const FOREIGN = 256;
/** A foreign element in which start tags and text are HTML again. */
export const HTML_POINT = 512;
/** A MathML element in which start tags and text are HTML, but for mglyph and malignmark. */
export const MATH_POINT = 1024;
/** Nothing of ours may stand anywhere in it: its content is foreign, inert, a fallback, or a choice. */
export const UNSAFE = 2048;
/** A foreign element of MathML. */
export const MATHML = 4096;

/** Which rule of "in body" a start tag follows. */
export type StartRule =
  | 'other'
  | 'block'
  | 'heading'
  | 'pre'
  | 'form'
  | 'item'
  | 'button'
  | 'a'
  | 'nobr'
  | 'format'
  | 'object'
  | 'table'
  | 'void'
  | 'void-inline'
  | 'input'
  | 'hr'
  | 'rawtext'
  | 'rcdata'
  | 'script'
  | 'xmp'
  | 'select'
  | 'option'
  | 'ruby-base'
  | 'ruby-text'
  | 'svg'
  | 'math'
  | 'template'
  | 'ignored'
  | 'html'
  | 'doubt';

/** Which rule of "in body" an end tag follows. */
export type EndRule =
  | 'other'
  | 'block'
  | 'p'
  | 'item'
  | 'heading'
  | 'form'
  | 'format'
  | 'object'
  | 'br'
  | 'template'
  | 'page';

export type Tag = {
  /** Lower case. Of an open foreign element with a colon in front, which no HTML tag can match. */
  readonly name: string;
  readonly flags: number;
  readonly start: StartRule;
  readonly end: EndRule;
  /** Allowed in a head without opening the body (in head, after head). */
  readonly head: boolean;
  /** Its attributes may say something of the page: html and meta. */
  readonly marks: boolean;
};

type Row = Partial<Omit<Tag, 'name'>>;

const TAGS = new Map<string, Tag>();

function define(names: string, row: Row): void {
  for (const name of names.split(' ')) {
    const known = TAGS.get(name);
    const flags = (known?.flags ?? 0) | (row.flags ?? 0);
    TAGS.set(name, {
      start: 'other',
      end: 'other',
      head: false,
      marks: false,
      ...known,
      ...row,
      name,
      flags,
    });
  }
}

define('address div', { start: 'block', end: 'block', flags: SPECIAL });
define('dialog search', { start: 'block', end: 'block' });
define(
  'article aside blockquote center details dir dl fieldset figcaption figure footer header hgroup main menu nav ol section summary ul',
  { start: 'block', end: 'block', flags: SPECIAL | ITEM_STOP },
);
define('p', { start: 'block', end: 'p', flags: SPECIAL | IMPLIED });
define('ol ul', { flags: LIST_SCOPE });
define('h1 h2 h3 h4 h5 h6', { start: 'heading', end: 'heading', flags: SPECIAL | ITEM_STOP });
define('pre listing', { start: 'pre', end: 'block', flags: SPECIAL | ITEM_STOP });
define('form', { start: 'form', end: 'form', flags: SPECIAL | ITEM_STOP });
define('li dd dt', { start: 'item', end: 'item', flags: SPECIAL | ITEM_STOP | IMPLIED });
define('button', { start: 'button', end: 'block', flags: SPECIAL | ITEM_STOP | BUTTON_SCOPE });
define('b big code em font i s small strike strong tt u', { start: 'format', end: 'format' });
define('a', { start: 'a', end: 'format' });
define('nobr', { start: 'nobr', end: 'format' });
define('applet marquee object', {
  start: 'object',
  end: 'object',
  flags: SPECIAL | ITEM_STOP | SCOPE | UNSAFE,
});
define('table', { start: 'table', flags: SPECIAL | ITEM_STOP | SCOPE });
define('area br embed img image keygen wbr', { start: 'void-inline', flags: SPECIAL | ITEM_STOP });
define('br', { end: 'br' });
define('input', { start: 'input', flags: SPECIAL | ITEM_STOP });
define('param source track', { start: 'void', flags: SPECIAL | ITEM_STOP });
define('base basefont bgsound link meta', { start: 'void', head: true, flags: SPECIAL | ITEM_STOP });
define('hr', { start: 'hr', flags: SPECIAL | ITEM_STOP });
define('style noframes', { start: 'rawtext', head: true, flags: SPECIAL | ITEM_STOP });
// After the head a noscript opens the body; taking it for head content too only makes us more careful.
define('noscript', { start: 'rawtext', head: true, flags: SPECIAL | ITEM_STOP });
define('iframe noembed', { start: 'rawtext', flags: SPECIAL | ITEM_STOP });
define('title', { start: 'rcdata', head: true, flags: SPECIAL | ITEM_STOP });
define('textarea', { start: 'rcdata', flags: SPECIAL | ITEM_STOP });
define('script', { start: 'script', head: true, flags: SPECIAL | ITEM_STOP });
define('xmp', { start: 'xmp', flags: SPECIAL | ITEM_STOP });
define('select', { start: 'select', flags: SPECIAL | ITEM_STOP });
define('option optgroup', { start: 'option', flags: IMPLIED });
define('rb rtc', { start: 'ruby-base', flags: IMPLIED });
define('rp rt', { start: 'ruby-text', flags: IMPLIED });
define('svg', { start: 'svg' });
define('math', { start: 'math' });
define('template', {
  start: 'template',
  end: 'template',
  head: true,
  flags: SPECIAL | ITEM_STOP | SCOPE | UNSAFE,
});
define('caption td th', { start: 'ignored', flags: SPECIAL | ITEM_STOP | SCOPE | TABLE_PART });
define('col colgroup tbody tfoot thead tr', { start: 'ignored', flags: SPECIAL | ITEM_STOP | TABLE_PART });
define('frame', { start: 'ignored', flags: SPECIAL | ITEM_STOP });
define('html head body', { start: 'html', flags: SPECIAL | ITEM_STOP });
define('html body', { end: 'page' });
define('html meta', { marks: true });
define('frameset plaintext', { start: 'doubt', flags: SPECIAL | ITEM_STOP });
define('audio canvas picture video', { flags: UNSAFE });
// HTML standard §13.2.6.5; font, whose attributes decide, is a doubt of its own there.
define(
  'b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var',
  { flags: BREAKOUT },
);

// Ordinary elements that pages are full of; a row of their own only spares making one each time.
define('abbr cite del dfn ins kbd label legend mark output picture q samp span sub sup time var', {});
define('path circle rect use defs ellipse line polygon polyline symbol', {});

/** All that are in the table. */
export const TAG_NAMES: readonly string[] = [...TAGS.keys()];

/** The row of an HTML tag; any name that is not in the table is an ordinary element. `name` is lower case. */
export function tagOf(name: string): Tag {
  return TAGS.get(name) ?? { name, flags: 0, start: 'other', end: 'other', head: false, marks: false };
}

const FOREIGN_POINTS: Readonly<Record<string, number>> = {
  ':foreignobject': HTML_POINT | SCOPE | SPECIAL | ITEM_STOP,
  ':desc': HTML_POINT | SCOPE | SPECIAL | ITEM_STOP,
  ':title': HTML_POINT | SCOPE | SPECIAL | ITEM_STOP,
};
const MATH_POINTS = new Set([':mi', ':mo', ':mn', ':ms', ':mtext']);

/** The row of an SVG (or with `flag` MATHML, MathML) element. `name` is lower case. */
export function foreignTagOf(name: string, flag: number): Tag {
  const foreign = `:${name}`;
  let flags = FOREIGN | UNSAFE | flag;
  if (flag === MATHML) {
    if (MATH_POINTS.has(foreign)) flags |= MATH_POINT | SCOPE | SPECIAL | ITEM_STOP;
  } else flags |= FOREIGN_POINTS[foreign] ?? 0;
  return { name: foreign, flags, start: 'other', end: 'other', head: false, marks: false };
}
