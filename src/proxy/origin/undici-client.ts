/** The origin client on undici's dispatch: raw headers in and out, one exchange a connection at a time. */
import { STATUS_CODES } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { headerValues, type RawHeaders } from '../../http/raw-headers.ts';
import { failureOf } from './failure.ts';
import type {
  OriginClient,
  OriginExchange,
  OriginFailure,
  OriginRequest,
  OriginResponseHandler,
} from './origin-client.ts';
import { type Connection, createConnection, type OnConnection } from './undici-connection.ts';

export type UndiciClientOptions = {
  /** `http://host:port` or `https://host:port`. */
  origin: string;
  socketPath?: string | undefined;
  connectTimeoutMs: number;
  headTimeoutMs: number;
  tls: { rejectUnauthorized: boolean; ca?: string | undefined };
};

const MAX_HEADER_BYTES = 64 * 1024;
/**
 * undici makes a new connection whenever this changes, and would take the client's Host for it. The name that
 * the origin is verified by is the origin's own: see undici-connection.
 */
const SAME_SERVER = { servername: 'origin' };

export function createUndiciClient(options: UndiciClientOptions): OriginClient {
  const pool = new Pool(options.origin, {
    pipelining: 1,
    allowH2: false, // its headers have no case and no order, and its trailers another shape
    factory: createConnection,
    headersTimeout: options.headTimeoutMs,
    bodyTimeout: 0, // a server-sent event may come an hour after the last one
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: {
      timeout: options.connectTimeoutMs,
      socketPath: options.socketPath ?? null,
      rejectUnauthorized: options.tls.rejectUnauthorized,
      ...(options.tls.ca === undefined ? {} : { ca: options.tls.ca }),
    },
  });
  return {
    send: (request, handler) => new UndiciExchange(pool, request, handler),
    close: () => pool.destroy(),
  };
}

/** A class, because one is made for each request: methods on the prototype instead of closures. */
class UndiciExchange implements OriginExchange, OnConnection {
  connection: Connection | null = null;
  readonly #handler: OriginResponseHandler;
  #controller: Dispatcher.DispatchController | null = null;
  #started = false;
  #aborted = false;
  #pauseWanted = false;

  constructor(pool: Pool, request: OriginRequest, handler: OriginResponseHandler) {
    this.#handler = handler;
    const { path, headers, body } = request;
    const method = request.method as Dispatcher.HttpMethod;
    pool.dispatch({ method, path, headers, body, ...SAME_SERVER } as Dispatcher.DispatchOptions, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(new Error('client gone'));
  }

  /** undici: the first byte of a response has come. */
  onResponseStarted(): void {
    this.#started = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason?: string,
  ): void {
    if (this.#aborted) return;
    const headers = latin1(controller.rawHeaders);
    if (status < 200) this.#handler.onInformational(status, headers);
    else if (hasUnknownCoding(headers)) controller.abort(new Error('a transfer coding that we do not know'));
    else this.#handler.onHead(status, reasonBytes(status, reason ?? ''), headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#aborted) return;
    this.#pauseWanted = !this.#handler.onData(chunk);
    if (this.#pauseWanted) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#aborted) return;
    this.connection!.answers += 1;
    if (this.connection!.broken) this.#handler.onFailure('reset', new Error('reset in mid-body'));
    else this.#handler.onEnd(latin1(controller.rawTrailers));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#handler.onFailure(this.#failureOf(error), error);
  }

  #failureOf(error: Error): OriginFailure {
    const failure = failureOf(error);
    const servedBefore = this.connection !== null && this.connection.answers > 0;
    return failure === 'reset' && servedBefore && !this.#started ? 'stale' : failure;
  }

  resume(): void {
    if (!this.#pauseWanted) return;
    this.#pauseWanted = false;
    this.#controller?.resume();
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort(new Error('client gone'));
  }
}

function latin1(raw: Dispatcher.DispatchController['rawHeaders']): RawHeaders {
  const headers: RawHeaders = [];
  if (!Array.isArray(raw)) return headers;
  for (const item of raw) headers.push(typeof item === 'string' ? item : item.toString('latin1'));
  return headers;
}

/**
 * The reason phrase's bytes, a character each. undici decoded them as UTF-8: where they were none, they are
 * lost, and the standard phrase stands in (RFC 9112 §4: a client should ignore it anyway).
 */
function reasonBytes(status: number, reason: string): string {
  if (reason.includes('\ufffd')) return STATUS_CODES[status] ?? '';
  return Buffer.from(reason, 'utf8').toString('latin1');
}

/** A coding below `chunked` (RFC 9112 §6.1) would reach the client undone and unnamed. */
function hasUnknownCoding(headers: RawHeaders): boolean {
  return headerValues(headers, 'transfer-encoding').some((value) => value.trim().toLowerCase() !== 'chunked');
}
