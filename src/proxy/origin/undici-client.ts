/** The origin client on undici's dispatch: raw headers in and out, one exchange a connection at a time. */
import { type Dispatcher, Pool } from 'undici';
import type { RawHeaders } from '../../http/raw-headers.ts';
import type {
  OriginClient,
  OriginExchange,
  OriginFailure,
  OriginRequest,
  OriginResponseHandler,
} from './origin-client.ts';

export type UndiciClientOptions = {
  /** `http://host:port` or `https://host:port`. */
  origin: string;
  socketPath?: string | undefined;
  connectTimeoutMs: number;
  headTimeoutMs: number;
  tls: { rejectUnauthorized: boolean; ca?: string | undefined };
};

const MAX_HEADER_BYTES = 64 * 1024;

export function createUndiciClient(options: UndiciClientOptions): OriginClient {
  const pool = new Pool(options.origin, {
    pipelining: 1,
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
class UndiciExchange implements OriginExchange, Dispatcher.DispatchHandler {
  readonly #handler: OriginResponseHandler;
  #controller: Dispatcher.DispatchController | null = null;
  #aborted = false;
  #pauseWanted = false;

  constructor(pool: Pool, request: OriginRequest, handler: OriginResponseHandler) {
    this.#handler = handler;
    const { method, path, headers, body } = request;
    pool.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, body }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(new Error('client gone'));
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
    else this.#handler.onHead(status, reason ?? '', headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#aborted) return;
    this.#pauseWanted = !this.#handler.onData(chunk);
    if (this.#pauseWanted) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (!this.#aborted) this.#handler.onEnd(latin1(controller.rawTrailers));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#aborted) this.#handler.onFailure(failureOf(error), error);
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

function failureOf(error: Error & { code?: string }): OriginFailure {
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ENOENT': // no such unix socket
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'unresolvable';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'connect-timeout';
    case 'UND_ERR_HEADERS_TIMEOUT':
      return 'head-timeout';
    case 'UND_ERR_ABORTED':
      return 'aborted';
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
      return 'reset';
    default:
      return isTls(error.code) ? 'tls' : 'invalid';
  }
}

const isTls = (code = '') => code.startsWith('ERR_TLS') || code.includes('CERT') || code.includes('SSL');
