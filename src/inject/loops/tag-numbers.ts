/**
 * What the loop over plain tags and its caller say to each other, in numbers. Read by two compilers, TypeScript's and
 * AssemblyScript's, so that they cannot differ.
 */

/** What an element does where all is quiet, that is, in the body, with no formatting to be opened again. */
/** Every tag of it is told. */
export const TOLD = 0;
/** It only opens. */
export const INLINE = 1;
/** It joins the list of formatting elements. */
export const FORMAT = 2;
/** The same, and closes another of its kind first. */
export const ANCHOR = 3;
/** It closes a paragraph first. */
export const BLOCK = 4;
/** It closes a paragraph and is one. */
export const PARAGRAPH = 5;
/** It closes a paragraph, and a list item before it. */
export const ITEM = 6;
/** It closes a paragraph, and a heading that it would stand in. */
export const HEADING = 7;
/** It has no content. */
export const VOID = 8;
/** It closes a paragraph and has no content. */
export const RULE = 9;
/** The attributes of its start tag count. */
export const MARKS = 10;
/** Those above are its lowest bits. */
export const KIND_MASK = 15;
/** Beside those above: it ends the search for a list item to close, and is none. */
export const ENDS_ITEMS = 16;

/** So many formatting elements of a kind their list takes. */
export const NOAHS_ARK = 3;

/** How a call ends: at the end of what is here. */
export const AT_END = 0;
/** Before a `<` that begins no plain tag. */
export const AT_OTHER = 1;
/** Before a tag whose `>` is not here. */
export const AT_CUT = 2;
/** Behind a tag that is told. */
export const BEHIND_START = 3;
export const BEHIND_END = 4;

/** What is said of a call, each a number of 32 bits; places are bytes from the start of the window. */
/** Where it has ended; where its last `<` is. */
export const NEXT = 0;
export const LESS = 1;
/** Of the tag that is told: its number, or 0 for a name that is in no table; the name; whether it closes itself. */
export const NUMBER = 2;
export const NAME_AT = 3;
export const NAME_END = 4;
export const SELF_CLOSING = 5;
/** How many elements were left open before that tag. */
export const OPEN = 6;
/** Of the first of these; each has the fields below. */
export const FIRST_OPEN = 16;
export const OPEN_FIELDS = 8;
export const OPEN_NUMBER = 0;
export const OPEN_NAME_AT = 2;
export const OPEN_NAME_END = 3;
/** As many as may be open at all. */
export const MAX_OPEN = 512;
