/**
 * Streams that keep us waiting: a reader that takes nothing of what waits for it, a body that stops coming. Looked
 * at about once a second, so nothing here costs a request anything.
 */
import type { Http2Request } from './request.ts';
import type { Http2Response } from './response.ts';

export type Slowness = 'reader' | 'body';

/**
 * What a stream takes is known by whole pieces only, and a piece may be 64 KB. So its reader is late when the
 * whole connection has taken nothing, or when a piece takes this many times as long.
 */
const PIECE_PATIENCE = 5;

/** A class, because one is made for each request. */
export class StreamWatch {
  readonly #clientReq: Http2Request;
  readonly #clientRes: Http2Response;
  #waiting = 0;
  #sent = 0;
  #received = 0;
  #connectionTookAt: number;
  #streamTookAt: number;
  #receivedAt: number;

  constructor(clientReq: Http2Request, clientRes: Http2Response, now: number) {
    this.#clientReq = clientReq;
    this.#clientRes = clientRes;
    this.#connectionTookAt = now;
    this.#streamTookAt = now;
    this.#receivedAt = now;
  }

  /** Who has been waited for longer than `idleMs` at `now`, or null. */
  look(now: number, idleMs: number): Slowness | null {
    if (this.#readerIsLate(now, idleMs)) return 'reader';
    return this.#bodyIsLate(now, idleMs) ? 'body' : null;
  }

  #readerIsLate(now: number, idleMs: number): boolean {
    const { writableLength, socket } = this.#clientRes;
    const streamTook = writableLength === 0 || writableLength !== this.#waiting;
    if (streamTook) this.#streamTookAt = now;
    if (streamTook || socket.bytesWritten !== this.#sent) this.#connectionTookAt = now;
    this.#waiting = writableLength;
    this.#sent = socket.bytesWritten;
    return now - this.#connectionTookAt > idleMs || now - this.#streamTookAt > PIECE_PATIENCE * idleMs;
  }

  /** While we read nothing ourselves, the client is not late. */
  #bodyIsLate(now: number, idleMs: number): boolean {
    const { received, isWaitedFor } = this.#clientReq;
    if (!isWaitedFor || received !== this.#received) this.#receivedAt = now;
    this.#received = received;
    return now - this.#receivedAt > idleMs;
  }
}
