/**
 * What the loops over a deflate stream and their caller say to each other, each a number of 32 bits. Read by two
 * compilers, TypeScript's and AssemblyScript's, so that they cannot differ.
 */

/** The bit that a call has come to, from the start of the window. */
export const BIT = 0;
/** What all that was read inflates to, in bytes. */
export const TEXT = 1;
/** Whether the block's last symbol was read. */
export const ENDED = 2;
/** Of the codes that were built last: how many lengths of literals and of distances; and the number of that build. */
export const LITERALS = 3;
export const DISTANCES = 4;
export const BUILD = 5;
export const FIELDS = 6;
