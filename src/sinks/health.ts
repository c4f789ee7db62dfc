/** How a delivery is doing, since when, and a line in the log whenever that changes. */
import type { Clock } from '../lib/clock.ts';

/**
 * - `starting`: the journal or the sink is not open yet.
 * - `ok`: the last thing that the sink was asked succeeded.
 * - `retrying`: an outage; the same records are tried again and again.
 * - `stalled`: it will not pass by itself: most records are refused alike, dead letters cannot be kept, a write
 *   does not return, or a fault of ours ended the delivery.
 * - `closed`
 */
export type DeliveryState = 'starting' | 'ok' | 'retrying' | 'stalled' | 'closed';

export type Condition = {
  readonly state: DeliveryState;
  /** Epoch milliseconds. */
  readonly sinceMs: number;
  /** For the operator; empty where all is well. */
  readonly detail: string;
};

/** A pino logger fits. */
export type SinkLog = {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
};

export type Health = {
  now(): Condition;
  become(state: DeliveryState, detail?: string): void;
};

export function createHealth(sink: string, clock: Clock, log: SinkLog): Health {
  let condition: Condition = { state: 'starting', sinceMs: clock.now(), detail: '' };
  return {
    now: () => condition,
    become(state, detail = '') {
      const { state: before, sinceMs } = condition;
      condition = { state, sinceMs: state === before ? sinceMs : clock.now(), detail };
      if (state === before) return;
      const facts = { sink, detail };
      if (state === 'retrying') log.warn(facts, 'sink does not take events, trying again until it does');
      if (state === 'stalled') log.error(facts, 'sink stalled: somebody has to look');
      if (state === 'ok')
        log.info({ sink, seconds: (clock.now() - sinceMs) / 1000 }, `sink takes events, was ${before}`);
    },
  };
}
