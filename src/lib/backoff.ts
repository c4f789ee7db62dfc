/** How long to wait between attempts at something that may come back. */

export type BackoffOptions = {
  /** Milliseconds before the second attempt. */
  readonly baseMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
};

/**
 * Milliseconds to wait after the given number of failures in a row (1 or more): doubled each time, half of it
 * at random, so that many senders do not come back in step and none comes back at once. `random` is in [0, 1).
 */
export function backoffMs(failures: number, options: BackoffOptions, random: () => number): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(failures - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}

/** Waits; sooner when the signal aborts. Never rejects, and never keeps the process alive by itself. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    timer.unref();
    signal?.addEventListener('abort', finish);
  });
