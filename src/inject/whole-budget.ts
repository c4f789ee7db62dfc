/** One bound for all pages that are edited whole at a time; beyond it a page streams (design: "Memory"). */
export type WholeBudget = {
  /** False: no room; nothing was taken. */
  take(bytes: number): boolean;
  release(bytes: number): void;
};

export function createWholeBudget(maxBytes: number): WholeBudget {
  let used = 0;
  return {
    take(bytes) {
      if (used + bytes > maxBytes) return false;
      used += bytes;
      return true;
    },
    release(bytes) {
      used -= bytes;
    },
  };
}
