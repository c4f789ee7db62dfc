/** One bound for memory that many pages hold at a time (design: "Memory"). */
export type ByteBudget = {
  /** False: no room; nothing was taken. */
  take(bytes: number): boolean;
  release(bytes: number): void;
};

export function createByteBudget(maxBytes: number): ByteBudget {
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
