/** Exchanges that wait, in their order, for a connection to be free. */
import type { Sent } from './sent.ts';

export type Waiting = {
  /** `now`: monotonic milliseconds. */
  add(sent: Sent, now: number): void;
  /** The first that its client still wants. */
  next(): Sent | undefined;
  isEmpty(): boolean;
  /** All connections are busy: whoever waits as long as a connection may take is told so. */
  failOlderThan(maxMs: number, now: number): void;
};

export function createWaiting(): Waiting {
  const queue: { sent: Sent; since: number }[] = [];

  function next(): Sent | undefined {
    for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
      if (!first.sent.aborted) return first.sent;
    }
    return undefined;
  }

  function failOlderThan(maxMs: number, now: number): void {
    while (queue.length > 0 && (queue[0]!.sent.aborted || now - queue[0]!.since > maxMs)) {
      const { sent } = queue.shift()!;
      if (!sent.aborted)
        sent.handler.onFailure('connect-timeout', new Error('no connection to the origin is free'));
    }
  }

  return {
    add: (sent, now) => void queue.push({ sent, since: now }),
    next,
    isEmpty: () => queue.length === 0,
    failOlderThan,
  };
}
