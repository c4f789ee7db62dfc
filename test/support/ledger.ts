/**
 * The ledger that counts loss (promise 2: nothing accepted is lost): ids of what was accepted against the ids of what
 * a sink holds. Every test that says "nothing was lost" says it by this.
 */
export type Balance = {
  accepted: number;
  /** Different ids that the sink holds. */
  held: number;
  /** Accepted, and the sink does not hold it. */
  lost: string[];
  /** Held more than once, each named once. */
  repeated: string[];
  /** Held and not accepted: an answer that its sender never got, or a refused append that reached the disk. */
  unasked: string[];
};

export type Ledger = {
  /** Somebody was told that these are accepted. */
  accept(...ids: readonly string[]): void;
  /** `held`: the id of everything in the sink, as often as it is there. */
  balance(held: readonly string[]): Balance;
};

export function createLedger(): Ledger {
  const accepted = new Set<string>();
  return {
    accept(...ids) {
      for (const id of ids) accepted.add(id);
    },
    balance(held) {
      const counts = new Map<string, number>();
      for (const id of held) counts.set(id, (counts.get(id) ?? 0) + 1);
      return {
        accepted: accepted.size,
        held: counts.size,
        lost: [...accepted].filter((id) => !counts.has(id)),
        repeated: [...counts].filter(([, count]) => count > 1).map(([id]) => id),
        unasked: [...counts.keys()].filter((id) => !accepted.has(id)),
      };
    },
  };
}
