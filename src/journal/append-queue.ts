/** Appends on their way to the disk: those that wait, and the group that was taken for the commit under way. */

/**
 * `ok`: the records are durable as JOURNAL_SYNC says. Otherwise the sender may come again, with the same event
 * ids, for a record of a refused append may all the same be on the disk and reach the sinks.
 * - `full`: JOURNAL_MAX_BYTES are used, until the sinks catch up.
 * - `busy`: too many bytes wait for the disk.
 * - `unavailable`: the disk fails, is full or does not answer, or the journal is not open.
 * - `closed`: this process is stopping.
 */
export type AppendOutcome = { ok: true } | { ok: false; reason: 'full' | 'busy' | 'unavailable' | 'closed' };

export const ACCEPTED: AppendOutcome = { ok: true };
export const UNAVAILABLE: AppendOutcome = { ok: false, reason: 'unavailable' };

type Append = {
  readonly records: readonly Buffer[];
  /** With frames. */
  readonly bytes: number;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** Only the first call counts. */
  readonly answer: (outcome: AppendOutcome) => void;
};

export type AppendQueue = {
  /** `bytes`: what the records take with their frames. Resolves with the answer, after `timeoutMs` in any case. */
  push(records: readonly Buffer[], bytes: number): Promise<AppendOutcome>;
  /** Takes the oldest as one group, as many as fit `maxBytes` but one at least: their records, or null. */
  take(maxBytes: number): readonly Buffer[] | null;
  /** Answers the group that was taken. */
  settle(outcome: AppendOutcome): void;
  /** Answers all that wait with `unavailable`. */
  refuse(): void;
  /** Of those that wait, with frames. */
  bytes(): number;
};

export function createAppendQueue(timeoutMs: number, now: () => number): AppendQueue {
  let waiting: Append[] = [];
  let taken: readonly Append[] = [];
  let bytes = 0;
  /** One for all: set while anything waits, and it looks at the oldest. */
  let timer: NodeJS.Timeout | null = null;

  const takeFirst = (count: number): readonly Append[] => {
    const first = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const append of first) bytes -= append.bytes;
    return first;
  };

  const expire = () => {
    const deadline = now() - timeoutMs;
    for (const append of taken) if (append.since <= deadline) append.answer(UNAVAILABLE);
    const count = waiting.findIndex((append) => append.since > deadline);
    for (const append of takeFirst(count === -1 ? waiting.length : count)) append.answer(UNAVAILABLE);
    const oldest = taken.find((append) => append.since > deadline) ?? waiting[0];
    timer = oldest === undefined ? null : setTimeout(expire, oldest.since - deadline).unref();
  };

  return {
    push: (records, size) =>
      new Promise((answer) => {
        waiting.push({ records, bytes: size, since: now(), answer });
        bytes += size;
        if (timer === null) timer = setTimeout(expire, timeoutMs).unref();
      }),
    take(maxBytes) {
      if (waiting.length === 0) return null;
      let count = 1;
      let sum = waiting[0]!.bytes;
      while (count < waiting.length && sum + waiting[count]!.bytes <= maxBytes) {
        sum += waiting[count]!.bytes;
        count += 1;
      }
      taken = takeFirst(count);
      return count === 1 ? taken[0]!.records : taken.flatMap((append) => append.records);
    },
    settle(outcome) {
      for (const append of taken) append.answer(outcome);
      taken = [];
    },
    refuse() {
      for (const append of takeFirst(waiting.length)) append.answer(UNAVAILABLE);
    },
    bytes: () => bytes,
  };
}
