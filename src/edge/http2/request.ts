/** A request of HTTP/2 as rooms see every request. */
import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { ClientReq } from '../../http/client-message.ts';
import type { RawHeaders } from '../../http/raw-headers.ts';
import type { RequestHead } from './request-head.ts';

/** A class, because one is made for each request. The stream is listened to only where somebody wants the body. */
export class Http2Request extends EventEmitter implements ClientReq {
  readonly httpVersion = '2';
  readonly method: string;
  url: string;
  readonly rawHeaders: RawHeaders;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
  rawTrailers: RawHeaders = [];
  /** RFC 9113 §6.5.2. */
  readonly headerBytes: number;
  complete: boolean;
  /** Bytes of the body that have come. */
  received = 0;
  readonly #stream: ServerHttp2Stream;
  #listens = false;
  #ending = false;

  constructor(stream: ServerHttp2Stream, socket: Socket, head: RequestHead) {
    super();
    this.#stream = stream;
    this.socket = socket;
    this.method = head.method;
    this.url = head.target;
    this.rawHeaders = head.rawHeaders;
    this.headers = head.headers;
    this.headerBytes = head.bytes;
    this.complete = stream.endAfterHeaders;
    // They may come before anybody reads.
    if (!this.complete) {
      stream.once('trailers', (_parsed, _flags, raw?: string[]) => {
        this.rawTrailers = raw ?? [];
      });
    }
  }

  override on(event: string, listener: (...values: never[]) => void): this {
    super.on(event, listener as () => void);
    if (event === 'data') this.resume();
    else if (event === 'close') this.#listen();
    return this;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#listen();
    this.#stream.resume();
  }

  /** Somebody reads, and the client has not sent all. */
  get isWaitedFor(): boolean {
    return this.#listens && !this.complete && !this.#ending && !this.#stream.isPaused();
  }

  get readableEnded(): boolean {
    return this.#stream.readableEnded;
  }

  get readableFlowing(): boolean | null {
    return this.#stream.readableFlowing;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed;
  }

  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#stream.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      this.emit('data', chunk);
    });
    this.#stream.on('end', () => {
      this.#ending = true;
      setImmediate(settleEnd, this);
    });
    this.#stream.on('close', () => {
      this.settleEnd();
      this.emit('close');
    });
  }

  /**
   * Node ends the reading side of a stream that was reset, too, and only afterwards says that it was: a body that
   * was cut must not look whole.
   */
  settleEnd(): void {
    if (!this.#ending) return;
    this.#ending = false;
    if (this.#stream.aborted || this.#stream.rstCode !== 0) return;
    this.complete = true;
    this.emit('end');
  }
}

function settleEnd(clientReq: Http2Request): void {
  clientReq.settleEnd();
}
