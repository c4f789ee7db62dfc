/**
 * Where a connection's bytes are read into. Node allocates 64 KiB for each read otherwise, which a large body turns
 * into garbage faster than it is collected. Two buffers take turns: one is read into while the client has not taken
 * what the other brought. They are small until a read fills one, because a thousand idle connections have them too;
 * and nobody reads while the client takes nothing, so the one that waits for that needs to be no larger.
 */
const SMALL_BYTES = 16 * 1024;
const LARGE_BYTES = 64 * 1024;

export type ReadBuffer = {
  /** For `net.connect`: node asks for a buffer before each read and calls back after it. */
  onread: { buffer(): Buffer; callback(length: number, buffer: Buffer): boolean };
  attach(reader: Reader): void;
};

export type Reader = {
  take(bytes: Buffer): void;
  /** Whether somebody still needs what the last `take` brought, or anything before it. */
  isHolding(): boolean;
  /** Whether nothing is read for now. */
  isPaused(): boolean;
};

const NOBODY: Reader = { take: () => {}, isHolding: () => false, isPaused: () => false };

export function createReadBuffer(): ReadBuffer {
  let reader = NOBODY;
  let current: Buffer = Buffer.allocUnsafeSlow(SMALL_BYTES);
  /** Free, and not the current one. */
  let spare: Buffer | null = null;
  /** Was held when it had brought its bytes. Once only may it become free: a second time it is left to the collector. */
  let held: Buffer | null = null;

  function callback(length: number): boolean {
    if (held !== null && !reader.isHolding()) spare = held;
    held = null;
    reader.take(current.subarray(0, length));
    const wanted = length === current.length || length > SMALL_BYTES ? LARGE_BYTES : SMALL_BYTES;
    if (reader.isHolding()) {
      held = current;
      current = nextOf(spare, reader.isPaused() ? SMALL_BYTES : wanted);
      spare = null;
    } else if (wanted !== current.length) {
      current = Buffer.allocUnsafeSlow(wanted);
    }
    return true;
  }

  return {
    onread: { buffer: () => current, callback },
    attach(next) {
      reader = next;
    },
  };
}

/** A larger one than is wanted is as good: it is there already. */
function nextOf(spare: Buffer | null, wanted: number): Buffer {
  return spare !== null && spare.length >= wanted ? spare : Buffer.allocUnsafeSlow(wanted);
}
