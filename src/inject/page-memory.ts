/**
 * Memory for pages that are gathered, used again where the client took their bytes at once. A piece made for each page would be
 * garbage outside of V8's heap, for which V8 walks its whole heap every few hundred pages, on cores that could serve.
 */

/** Powers of two, so that a page of about the same size finds what another has left. */
const SMALLEST_BYTES = 32 << 10;
/** What waits for the next page, all sizes together: seventy pages of 100 KB that are under way at a time. */
const MAX_FREE_BYTES = 9 << 20;

export type PageMemory = {
  /** At least so many bytes; what was written there before may still be there. */
  take(bytes: number): Buffer;
  /** Nobody reads it any more, nor writes to it: it may become another page's. */
  give(memory: Buffer): void;
};

export function createPageMemory(maxFreeBytes = MAX_FREE_BYTES): PageMemory {
  const free = new Map<number, Buffer[]>();
  let freeBytes = 0;

  function take(bytes: number): Buffer {
    const size = sizeFor(bytes);
    const memory = free.get(size)?.pop();
    if (memory === undefined) return Buffer.allocUnsafeSlow(size);
    freeBytes -= size;
    return memory;
  }

  function give(memory: Buffer): void {
    const size = memory.length;
    if (freeBytes + size > maxFreeBytes) return;
    freeBytes += size;
    const same = free.get(size);
    if (same === undefined) free.set(size, [memory]);
    else same.push(memory);
  }

  return { take, give };
}

function sizeFor(bytes: number): number {
  let size = SMALLEST_BYTES;
  while (size < bytes) size *= 2;
  return size;
}
