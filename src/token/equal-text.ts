import { timingSafeEqual } from 'node:crypto';

/** Whether two MACs in text are the same, in a time that says nothing of where they differ. */
export function equalText(right: string, given: string): boolean {
  if (right.length !== given.length) return false;
  const rightBytes = Buffer.from(right, 'utf8');
  const givenBytes = Buffer.from(given, 'utf8');
  return rightBytes.length === givenBytes.length && timingSafeEqual(rightBytes, givenBytes);
}
