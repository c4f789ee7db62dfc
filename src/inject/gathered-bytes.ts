/**
 * A body that is gathered in one piece of memory, with room behind it for the snippet: what was copied here once is
 * not copied again, and the memory that it was read into is free at once.
 */

/** For a body whose length nobody announced; memory that is not written to costs nothing. */
const FIRST_BYTES = 64 << 10;
/** Of a snippet, and more. */
const SPARE_BYTES = 16 << 10;

/** A class, because one is made for each page that is gathered. */
export class GatheredBytes {
  #memory: Buffer;
  #length = 0;

  constructor(announcedBytes: number | null) {
    this.#memory = Buffer.allocUnsafeSlow((announcedBytes ?? FIRST_BYTES) + SPARE_BYTES);
  }

  get length(): number {
    return this.#length;
  }

  /** What is here; the memory is not written to again, but by `insert`. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  add(chunk: Buffer): void {
    this.#reserve(chunk.length);
    chunk.copy(this.#memory, this.#length);
    this.#length += chunk.length;
  }

  /** Returns all with these bytes at that place; nothing may be added after it. */
  insert(at: number, bytes: Buffer): Buffer {
    this.#reserve(bytes.length);
    this.#memory.copyWithin(at + bytes.length, at, this.#length);
    bytes.copy(this.#memory, at);
    this.#length += bytes.length;
    return this.bytes;
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#memory.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#memory.length, wanted));
    this.#memory.copy(larger, 0, 0, this.#length);
    this.#memory = larger;
  }
}
