/**
 * What readers over HTTP/2 keep in our memory, a session's and everybody's. One connection may ask for 128 answers
 * and read none; over HTTP/1.1 it takes a connection for each.
 */

/** Besides what waits: the exchange itself, and the buffers that its origin is read into. */
const EXCHANGE_BYTES = 32 * 1024;
/**
 * So much is reckoned for an answer that has not begun, the first piece included: those that were asked for together
 * would otherwise all be on their way before any of them is seen to wait.
 */
export const RESERVED_BYTES = EXCHANGE_BYTES + 16 * 1024;
/** Of a request that is not served yet. */
export const ARRIVED_BYTES = 8 * 1024;

const MAX_BYTES = 64 << 20;
/** A session has that in any case: an answer, and ten requests that wait. */
const GRANTED_BYTES = 128 * 1024;

/**
 * Readers that take nothing must not hold all connections to the origin either: they get as much as comes to a
 * quarter of what visitors may open.
 */
export function maxHeldBytes(maxConnections: number): number {
  return Math.min(MAX_BYTES, (maxConnections / 4) * RESERVED_BYTES);
}

/** What an answer of which `waiting` bytes wait is reckoned to keep. */
export function heldBy(waiting: number): number {
  return waiting === 0 ? 0 : waiting + EXCHANGE_BYTES;
}

/** A class, because it is asked for every piece of every answer. */
export class HeldBytes {
  /** Bytes that are kept now, or are reckoned to be. */
  bytes = 0;
  readonly #all: HeldBytes;
  readonly #maxBytes: number;

  constructor(maxBytes: number, all: HeldBytes | null = null) {
    this.#maxBytes = maxBytes;
    this.#all = all ?? this;
  }

  /** The share of one session. */
  share(): HeldBytes {
    return new HeldBytes(this.#maxBytes, this);
  }

  add(bytes: number): void {
    this.bytes += bytes;
    if (this.#all !== this) this.#all.add(bytes);
  }

  /** Everybody's are so many that no answer should have more than one piece waiting. */
  get isMuch(): boolean {
    return this.#all.bytes > this.#maxBytes / 4;
  }

  /** Everybody's are more than there may be: who has some gets no more. */
  get isOver(): boolean {
    return this.#all.bytes > this.#maxBytes;
  }

  /** Even what only waits to be served is too much, and this session has its part in it. */
  get isFull(): boolean {
    return this.bytes > GRANTED_BYTES && this.#all.bytes > 2 * this.#maxBytes;
  }
}
