/**
 * Requests of one session that have come and are not served yet. While too much is kept for readers everywhere, a
 * session that has its share of it gets no more: its requests wait here, and beyond a bound they are refused.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { ARRIVED_BYTES, type HeldBytes } from './held-bytes.ts';
import type { Http2Request } from './request.ts';
import type { Http2Response } from './response.ts';

export type Arrival = {
  stream: ServerHttp2Stream;
  clientReq: Http2Request;
  clientRes: Http2Response;
  isConnect: boolean;
};

export type Arrivals = {
  /** False: a further request is not to be taken. */
  hasRoom(): boolean;
  add(arrival: Arrival): void;
  /** Its stream is over. */
  remove(clientRes: Http2Response): void;
  /** Serves those that there is room for, at the end of this turn of the event loop. */
  serveSoon(): void;
};

/** `held` is the session's share. `serve` is called for streams that are still open. */
export function createArrivals(held: HeldBytes, serve: (arrival: Arrival) => void): Arrivals {
  let queue: Arrival[] = [];
  let willServe = false;

  function add(arrival: Arrival): void {
    queue.push(arrival);
    held.add(ARRIVED_BYTES);
    serveSoon();
  }

  /** After all that came with it: a stream that was reset in the same breath costs the origin nothing. */
  function serveSoon(): void {
    if (willServe || queue.length === 0) return;
    willServe = true;
    setImmediate(serveAll);
  }

  function serveAll(): void {
    willServe = false;
    while (queue.length > 0 && mayServe()) {
      const next = queue.shift()!;
      held.add(-ARRIVED_BYTES);
      if (next.stream.destroyed || next.stream.closed) continue;
      next.clientRes.reserve();
      serve(next);
    }
  }

  const mayServe = () => !held.isOver || held.bytes === queue.length * ARRIVED_BYTES;

  function remove(clientRes: Http2Response): void {
    if (queue.length === 0) return;
    const before = queue.length;
    queue = queue.filter((waiting) => waiting.clientRes !== clientRes);
    held.add((queue.length - before) * ARRIVED_BYTES);
    serveSoon();
  }

  return { hasRoom: () => !held.isFull, add, remove, serveSoon };
}
