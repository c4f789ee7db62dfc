/**
 * A response onto a stream of HTTP/2, by the calls that rooms know from node's ServerResponse. The head waits for
 * the first bytes or the end, as it does there, so that a small answer is one write.
 */
import type { ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2';
import type { Socket } from 'node:net';
import type { ClientRes } from '../../http/client-message.ts';
import type { RawHeaders } from '../../http/raw-headers.ts';
import { type HeldBytes, heldBy, RESERVED_BYTES } from './held-bytes.ts';
import type { Http2Request } from './request.ts';
import { headersObject, type ResponseHead, responseHead } from './response-head.ts';

const HEAD_ONLY = { endStream: true };
const MAY_HAVE_TRAILERS = { waitForTrailers: true };

/** A class, because one is made for each request. */
export class Http2Response implements ClientRes {
  readonly req: Http2Request;
  statusCode = 200;
  headersSent = false;
  shouldKeepAlive = true;
  /** All of it was given to the stream. */
  ended = false;
  readonly #stream: ServerHttp2Stream;
  /** Waits for what comes behind it; null before `writeHead` and when it is out. */
  #head: ResponseHead | null = null;
  #bodiless = false;
  #trailers: RawHeaders = [];
  readonly #closeListeners: (() => void)[] = [];
  /** The session's, and what of it is counted for this response. */
  readonly #held: HeldBytes;
  #counted = 0;
  /** Made when it is first needed. */
  #onWritten: (() => void) | null = null;

  constructor(stream: ServerHttp2Stream, req: Http2Request, held: HeldBytes) {
    this.#stream = stream;
    this.req = req;
    this.#held = held;
  }

  get socket(): Socket {
    return this.req.socket;
  }

  get writableLength(): number {
    return this.#stream.writableLength;
  }

  writeHead(status: number, reasonOrHeaders: string | RawHeaders, headers: RawHeaders = []): this {
    const flat = typeof reasonOrHeaders === 'string' ? headers : reasonOrHeaders;
    this.statusCode = status;
    this.headersSent = true;
    this.#head = responseHead(status, flat, this.req.method);
    this.#bodiless = this.#head.bodiless;
    return this;
  }

  flushHeaders(): void {
    if (this.#head === null || this.ended) return;
    if (this.#bodiless) this.#respond(this.#head, HEAD_ONLY);
    else if (this.#head.hasLength) this.#respond(this.#head);
    else {
      this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(headersObject(this.#trailers)));
      this.#respond(this.#head, MAY_HAVE_TRAILERS);
    }
  }

  writeContinue(): void {
    this.writeInformation(100, []);
  }

  /** RFC 9113 §8.6: there is no 101. */
  writeInformation(status: number, headers: RawHeaders): void {
    if (status === 101 || this.headersSent || this.#isGone()) return;
    this.#stream.additionalHeaders({ ':status': status, ...headersObject(headers) });
  }

  write(chunk: Buffer | string): boolean {
    if (this.ended || this.#isGone()) return true; // its close is on the way, and says it
    this.flushHeaders();
    if (this.#bodiless) return true;
    const isTaken = this.#held.isMuch ? this.#writeAlone(chunk) : this.#stream.write(chunk);
    this.recount();
    return isTaken;
  }

  /** The next piece is asked for when this one has gone; node would take 64 KB before it says so. */
  #writeAlone(chunk: Buffer | string): boolean {
    this.#onWritten ??= () => {
      if (this.#stream.writableLength === 0) this.#stream.emit('drain');
    };
    this.#stream.write(chunk, this.#onWritten);
    return false;
  }

  end(chunk: Buffer | string = '', encoding: BufferEncoding = 'utf8'): this {
    if (this.ended) return this;
    this.ended = true;
    if (this.#isGone()) return this;
    const isWhole = this.#head !== null && this.#trailers.length === 0;
    if (this.#bodiless || (isWhole && chunk.length === 0)) this.#endWithHead();
    else {
      if (isWhole) this.#respond(this.#head!);
      else this.flushHeaders();
      this.#stream.end(chunk, encoding);
    }
    this.recount();
    if (!this.shouldKeepAlive) this.#stream.once('finish', closeStream);
    return this;
  }

  addTrailers(trailers: [string, string][]): void {
    this.#trailers = trailers.flat();
  }

  /** RST_STREAM with INTERNAL_ERROR; node's `close` would end the body first. */
  destroy(): void {
    this.#stream.destroy(new Error('the answer was cut'));
  }

  on(_event: 'drain', listener: () => void): void {
    this.#stream.on('drain', listener);
  }

  once(event: 'close' | 'socket', listener: (socket: Socket) => void): void {
    if (event === 'close') this.#closeListeners.push(listener as () => void);
  }

  /** The request is about to be served: room is kept for its answer until that begins. */
  reserve(): void {
    this.#count(RESERVED_BYTES);
  }

  /** Called whenever something is written, and about once a second. */
  recount(): void {
    this.#count(heldBy(this.#stream.writableLength));
  }

  #count(bytes: number): void {
    if (bytes === this.#counted) return;
    this.#held.add(bytes - this.#counted);
    this.#counted = bytes;
  }

  /** The session calls it, once, when the stream is over. */
  onStreamClose(): void {
    this.#count(0);
    for (const listener of this.#closeListeners) listener.call(this);
  }

  #isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  #endWithHead(): void {
    if (this.#head !== null) this.#respond(this.#head, HEAD_ONLY);
  }

  #respond({ lines }: ResponseHead, options: ServerStreamResponseOptions = {}): void {
    this.#head = null;
    if (!this.#isGone() && !this.#stream.headersSent) this.#stream.respond(lines, options);
  }
}

/** RFC 9113 §8.1: what is left of the request is not wanted any more. */
function closeStream(this: ServerHttp2Stream): void {
  this.close();
}
