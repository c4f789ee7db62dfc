/**
 * What waits in our memory for readers over HTTP/2, a session's and everybody's. One connection may ask for 128 answers
 * and read none; over HTTP/1.1 it takes a connection for each.
 */

/**
 * So much is reckoned for an answer that has not begun: those that were asked for together would otherwise all be
 * on their way before any of them is seen to wait.
 */
export const RESERVED_BYTES = 32 * 1024;

/** A class, because it is asked for every piece of every answer. */
export class HeldBytes {
  /** Bytes that wait now, or are reckoned to. */
  bytes = 0;
  readonly #all: HeldBytes | null;
  readonly #maxBytes: number;

  constructor(maxBytes: number, all: HeldBytes | null = null) {
    this.#maxBytes = maxBytes;
    this.#all = all;
  }

  /** The share of one session. */
  share(): HeldBytes {
    return new HeldBytes(this.#maxBytes, this);
  }

  add(bytes: number): void {
    this.bytes += bytes;
    this.#all?.add(bytes);
  }

  /** Whether everybody's are more than there may be. */
  get isOver(): boolean {
    return (this.#all ?? this).bytes > this.#maxBytes;
  }
}
