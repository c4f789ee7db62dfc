/**
 * A body that is gathered in one piece of memory, with room behind it for the snippet: what was copied here once is
 * not copied again, and the memory that it was read into is free at once.
 */
import type { PageMemory } from './page-memory.ts';

/** For a body whose length nobody announced. */
const FIRST_BYTES = 64 << 10;
/** Of a snippet, and more. */
const SPARE_BYTES = 16 << 10;
const NOTHING = Buffer.alloc(0);

/** `start` is ASCII. */
export type SnippetPieces = { readonly start: string; readonly rest: Buffer | null };

/** A class, because one is made for each page that is gathered. */
export class GatheredBytes {
  readonly #from: PageMemory;
  #memory: Buffer;
  #length = 0;

  constructor(announcedBytes: number | null, from: PageMemory) {
    this.#from = from;
    this.#memory = from.take((announcedBytes ?? FIRST_BYTES) + SPARE_BYTES);
  }

  get length(): number {
    return this.#length;
  }

  /** What is here; the memory is not written to again, but by `insert` and `grow`, until it is given back. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  add(chunk: Buffer): void {
    this.#reserve(chunk.length);
    chunk.copy(this.#memory, this.#length);
    this.#length += chunk.length;
  }

  /** All of it in memory that goes on for so many bytes, to be written to; nothing may be added after it. */
  grow(more: number): Buffer {
    this.#reserve(more);
    return this.#memory.subarray(0, this.#length + more);
  }

  /** Returns all with a snippet at that place; nothing may be added after it. */
  insert(at: number, { start, rest }: SnippetPieces): Buffer {
    const more = start.length + (rest?.length ?? 0);
    this.#reserve(more);
    this.#memory.copyWithin(at + more, at, this.#length);
    this.#length += more;
    this.#memory.write(start, at, 'latin1');
    rest?.copy(this.#memory, at + start.length);
    return this.bytes;
  }

  /** Nobody may hold what `bytes` or `insert` returned: another page's bytes come there. Nothing is here any more. */
  giveBack(): void {
    if (this.#memory.length > 0) this.#from.give(this.#memory);
    this.leave();
  }

  /** Nothing is here any more; the memory is left to those who hold it. */
  leave(): void {
    this.#memory = NOTHING;
    this.#length = 0;
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#memory.length) return;
    const larger = this.#from.take(Math.max(2 * this.#memory.length, wanted));
    this.#memory.copy(larger, 0, 0, this.#length);
    if (this.#memory.length > 0) this.#from.give(this.#memory);
    this.#memory = larger;
  }
}
