/**
 * Where a connection's bytes are read into. Node allocates 64 KiB for each read otherwise, which a large body turns
 * into garbage faster than it is collected. Two buffers take turns: one is read into while the client has not taken
 * what the other brought. They are small until a read fills one, because a thousand idle connections have them too.
 */
const SMALL_BYTES = 16 * 1024;
const LARGE_BYTES = 64 * 1024;

export type ReadBuffer = {
  /** For `net.connect`: node asks for a buffer before each read and calls back after it. */
  onread: { buffer(): Buffer; callback(length: number, buffer: Buffer): boolean };
  attach(reader: Reader): void;
};

export type Reader = {
  /** False: it has paused the connection until everything that was read has gone out. */
  take(bytes: Buffer): boolean;
  /** Whether somebody still needs what the last `take` brought. */
  isHolding(): boolean;
};

const NOBODY: Reader = { take: () => true, isHolding: () => false };

export function createReadBuffer(): ReadBuffer {
  let reader = NOBODY;
  let current: Buffer = Buffer.allocUnsafeSlow(SMALL_BYTES);
  /** Null while somebody may still read what it brought. */
  let spare: Buffer | null = null;
  /** Brought what is still held; free again when the connection reads on after a pause. */
  let waiting: Buffer | null = null;

  function callback(length: number): boolean {
    if (waiting !== null) {
      spare = waiting;
      waiting = null;
    }
    const paused = !reader.take(current.subarray(0, length));
    const wanted = length === current.length ? LARGE_BYTES : length > SMALL_BYTES ? LARGE_BYTES : SMALL_BYTES;
    if (reader.isHolding()) {
      const used = current;
      current = spare !== null && spare.length === wanted ? spare : Buffer.allocUnsafeSlow(wanted);
      spare = null;
      waiting = paused ? used : null;
    } else if (wanted !== current.length) {
      current = Buffer.allocUnsafeSlow(wanted);
      spare = null;
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
