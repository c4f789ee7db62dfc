import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';

/** The workshop's kiln: a server-sent event a second, to show that a stream passes the proxy as it is made. */
export type Kiln = {
  /** A stream of events, or null where 64 visitors watch already. */
  watch(): AsyncIterable<string> | null;
};

const MAX_WATCHERS = 64;
const EVERY_MS = 1000;

export function createKiln(deps: { clock: Clock }): Kiln {
  let watchers = 0;

  async function* readings(): AsyncGenerator<string> {
    watchers++;
    try {
      yield 'retry: 3000\n\n';
      for (;;) {
        yield `data: ${JSON.stringify({ celsius: celsiusAt(deps.clock.now()) })}\n\n`;
        await sleep(EVERY_MS, undefined, { ref: false });
      }
    } finally {
      watchers--;
    }
  }

  return { watch: () => (watchers >= MAX_WATCHERS ? null : readings()) };
}

/** Between 1,192 and 1,248 degrees, as a controller hunts around its set point. */
function celsiusAt(nowMs: number): number {
  const seconds = nowMs / 1000;
  return Math.round(1220 + 20 * Math.sin(seconds / 11) + 8 * Math.sin(seconds / 2.3));
}
