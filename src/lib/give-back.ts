/** Smaller pieces share their memory with others, or cost little. */
const WORTH_BYTES = 16 * 1024;

/**
 * Gives back the memory of a piece that nobody will look at again, if it has some of its own. Pieces of a large
 * body become garbage outside of the heap faster than it is collected (70 MiB for a GB).
 */
export function giveBack(piece: Buffer): void {
  const memory = piece.buffer as ArrayBuffer;
  if (isWorthIt(piece)) memory.transfer(0);
}

/** Whether there is something to give back: who needs a callback for it may do without. */
export function isWorthIt(piece: Buffer): boolean {
  return piece.length >= WORTH_BYTES && piece.buffer.byteLength === piece.length;
}
