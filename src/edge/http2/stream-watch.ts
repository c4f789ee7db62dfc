/**
 * Streams that keep us waiting: a reader that takes nothing of what waits for it, a body that stops coming. Looked
 * at about once a second, so nothing here costs a request anything.
 */
import { judgePace, newPace, type PaceLimits } from '../pace.ts';
import type { Http2Request } from './request.ts';
import type { Http2Response } from './response.ts';

export type Slowness = 'reader' | 'body';

/** What a look needs to know of the whole connection. */
export type WatchFacts = {
  /** Monotonic milliseconds. */
  now: number;
  /** Rates count. */
  pressed: boolean;
  /** Bytes that the system has taken on for this connection. */
  taken: number;
};

/**
 * What a stream takes is known by whole pieces only, and a piece may be 64 KB. So its reader is late when the
 * whole connection has taken nothing, or too little, or when a piece takes this many times as long.
 */
const PIECE_PATIENCE = 5;

/** A class, because one is made for each request. */
export class StreamWatch {
  readonly #clientReq: Http2Request;
  readonly #clientRes: Http2Response;
  readonly #pace = newPace();
  #waiting = 0;
  #streamTookAt: number;

  constructor(clientReq: Http2Request, clientRes: Http2Response, now: number) {
    this.#clientReq = clientReq;
    this.#clientRes = clientRes;
    this.#streamTookAt = now;
  }

  /** Who has been waited for too long, or null. While we read nothing ourselves, the client is not late. */
  look({ now, pressed, taken }: WatchFacts, limits: PaceLimits): Slowness | null {
    const { received, isWaitedFor } = this.#clientReq;
    const { writableLength } = this.#clientRes;
    const hasWaiting = writableLength > 0;
    const facts = { now, pressed, taken, hasWaiting, read: received, owesBody: isWaitedFor };
    switch (judgePace(this.#pace, facts, limits)) {
      case 'idle-body':
      case 'slow-body':
        return 'body';
      case 'stuck-reader':
      case 'slow-reader':
        return 'reader';
      case 'fine':
        return this.#pieceIsLate(writableLength, now, limits) ? 'reader' : null;
    }
  }

  #pieceIsLate(writableLength: number, now: number, { idleMs }: PaceLimits): boolean {
    if (writableLength === 0 || writableLength !== this.#waiting) this.#streamTookAt = now;
    this.#waiting = writableLength;
    return now - this.#streamTookAt > PIECE_PATIENCE * idleMs;
  }
}
