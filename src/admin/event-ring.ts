/**
 * The newest records, numbered from 0 in the order in which they came. Viewers read from here at their own
 * pace, so a slow one costs nothing but what it misses. Bounded by records and by bytes, whichever is less.
 */
export type EventRing = {
  push(record: Buffer): void;
  /** The number of the oldest record that is still here; equal to `end` when there is none. */
  start(): number;
  /** The number that the next record will have: how many there ever were. */
  end(): number;
  /** A record from `start` up to `end`; undefined outside. */
  get(number: number): Buffer | undefined;
};

export function createEventRing(bounds: { maxEvents: number; maxBytes: number }): EventRing {
  const slots = new Array<Buffer | undefined>(bounds.maxEvents).fill(undefined);
  let start = 0;
  let end = 0;
  let bytes = 0;

  function push(record: Buffer): void {
    if (end - start === bounds.maxEvents) dropOldest();
    slots[end % bounds.maxEvents] = record;
    end++;
    bytes += record.length;
    while (bytes > bounds.maxBytes && start < end) dropOldest();
  }

  function dropOldest(): void {
    const slot = start % bounds.maxEvents;
    bytes -= slots[slot]!.length;
    slots[slot] = undefined;
    start++;
  }

  return {
    push,
    start: () => start,
    end: () => end,
    get: (number) => (number >= start && number < end ? slots[number % bounds.maxEvents] : undefined),
  };
}
