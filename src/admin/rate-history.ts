const SECONDS = 60;

/** How many events came in each of the last 60 seconds, so that a fresh viewer sees a past. */
export type RateHistory = {
  /** `nowMs` is monotonic. */
  add(count: number, nowMs: number): void;
  /** Oldest first; the last is the second before the one that runs. */
  read(nowMs: number): number[];
};

export function createRateHistory(): RateHistory {
  // One more than is shown: the second that runs is not yet whole.
  const counts = new Array<number>(SECONDS + 1).fill(0);
  let latest = 0;

  function moveTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    const gone = Math.min(Math.max(second - latest, 0), counts.length);
    for (let i = 0; i < gone; i++) counts[(second - i) % counts.length] = 0;
    latest = Math.max(latest, second);
  }

  return {
    add(count, nowMs) {
      moveTo(nowMs);
      counts[latest % counts.length]! += count;
    },
    read(nowMs) {
      moveTo(nowMs);
      return Array.from({ length: SECONDS }, (_, i) => counts[(latest + 1 + i) % counts.length]!);
    },
  };
}
