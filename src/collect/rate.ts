/**
 * How often one address may do one thing (protocol: "Rates"): a token bucket that holds a minute's worth, so
 * that bursts of a page are fine. Only the last addresses are remembered; one that is forgotten starts full.
 */
import { createLru } from '../lib/lru.ts';

export type Rate = {
  /** Takes one: 0 when it was there, else the seconds until the next, at least 1. */
  take(ipKey: string): number;
};

type Bucket = { tokens: number; at: number };

const MAX_ADDRESSES = 50_000;
const MINUTE_MS = 60_000;

/** `perMinute` 0 is no limit. */
export function createRate(perMinute: number, clock: { monotonic(): number }): Rate {
  if (perMinute === 0) return { take: () => 0 };
  const buckets = createLru<string, Bucket>(MAX_ADDRESSES);
  const perMs = perMinute / MINUTE_MS;

  function take(ipKey: string): number {
    const now = clock.monotonic();
    let bucket = buckets.get(ipKey);
    if (bucket === undefined) {
      bucket = { tokens: perMinute, at: now };
      buckets.set(ipKey, bucket);
    }
    bucket.tokens = Math.min(perMinute, bucket.tokens + (now - bucket.at) * perMs);
    bucket.at = now;
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perMs / 1_000));
    bucket.tokens -= 1;
    return 0;
  }

  return { take };
}
