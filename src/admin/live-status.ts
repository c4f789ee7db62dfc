/** Totals since the start. */
export type LiveCounters = {
  requests: number;
  injections: Readonly<Record<string, number>>;
  rejections: Readonly<Record<string, number>>;
};
