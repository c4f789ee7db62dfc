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
/** It closes a paragraph, and a list item before it: li; dd and dt. */
export const ITEM = 6;
export const TERM = 7;
/** It closes a paragraph, and a heading that it would stand in. */
export const HEADING = 8;
/** It has no content. */
export const VOID = 9;
/** It closes a paragraph and has no content. */
export const RULE = 10;
/** The attributes of its start tag count. */
export const MARKS = 11;
/** Of a table: td and th, tr, tbody and its like. In the last two all but their own parts are told. */
export const CELL = 12;
export const ROW = 13;
export const SECTION = 14;
/** Those above are its lowest bits. */
export const KIND_MASK = 15;
/** Beside those above: it ends the search for a list item to close, and is none. */
export const ENDS_ITEMS = 16;

/** Names in the table are shorter. */
export const MAX_COMMON = 15;
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
/** Of each of these, in a list of their own whose first is none of them. */
export const OPEN_FIELDS = 10;
export const OPEN_NUMBER = 0;
export const OPEN_NAME_AT = 2;
export const OPEN_NAME_END = 3;
/** As many as may be open at all. */
export const MAX_OPEN = 512;
export const SAID_FIELDS = 7;
