/**
 * The room `proxy`: one exchange, read top to bottom as the bytes move. Everything is passed on as it came but
 * hop-by-hop headers and what `http/forwarded` says; bodies stream both ways, and whoever is slow slows the
 * other side. Redirects are the client's to follow.
 */
import type { ClientReq } from '../http/client-message.ts';
import type { Exchange } from '../http/exchange.ts';
import { headerValue, type RawHeaders } from '../http/raw-headers.ts';
import type { ResponseWriter } from '../http/response-writer.ts';
import { ClientWriter } from './client-writer.ts';
import type {
  OriginClient,
  OriginExchange,
  OriginFailure,
  OriginResponseHandler,
  RequestTrailers,
} from './origin/origin-client.ts';
import { answerError, errorOf } from './proxy-error.ts';
import {
  clientHeaders,
  endToEndHeaders,
  originHeaders,
  originTarget,
  type RequestHeaderOptions,
} from './request-headers.ts';
import { clientTrailers, originTrailers } from './request-trailers.ts';

/** What injection wants of one exchange: a writer before the client's. */
export type EditedExchange = { wrap(next: ResponseWriter): ResponseWriter };

export type ForwardDeps = {
  client: OriginClient;
  /** Asked once for each exchange; may edit the headers that go to the origin. Null: nothing to edit. */
  beginEdit(exchange: Exchange, headers: RawHeaders): EditedExchange | null;
  onOriginHead(seconds: number): void;
  onOriginFailure(exchange: Exchange, failure: OriginFailure, cause: Error): void;
  /** Milliseconds that never go back. */
  monotonic(): number;
};

export type ForwardOptions = RequestHeaderOptions & { basePath: string };

export type Forward = (exchange: Exchange) => void;

export function createForward(options: ForwardOptions, deps: ForwardDeps): Forward {
  return function forward(exchange) {
    new Forwarding(exchange, options, deps).start();
  };
}

/** A class, because one is made for each request: methods on the prototype instead of closures. */
class Forwarding implements OriginResponseHandler, RequestTrailers {
  readonly #exchange: Exchange;
  readonly #options: ForwardOptions;
  readonly #deps: ForwardDeps;
  readonly #headers: RawHeaders;
  readonly #body: ClientReq | null;
  #writer: ResponseWriter;
  #origin: OriginExchange | null = null;
  #sentAt = 0;
  #state: 'waiting' | 'answering' | 'done' = 'waiting';

  constructor(exchange: Exchange, options: ForwardOptions, deps: ForwardDeps) {
    this.#exchange = exchange;
    this.#options = options;
    this.#deps = deps;
    this.#headers = originHeaders(exchange, options);
    this.#body = hasBody(exchange.clientReq) ? exchange.clientReq : null;
    const client = new ClientWriter(exchange.clientRes);
    this.#writer = deps.beginEdit(exchange, this.#headers)?.wrap(client) ?? client;
  }

  start(): void {
    this.#writer.onDrain(() => this.#origin?.resume());
    this.#exchange.clientRes.once('close', () => this.#onClientClosed());
    this.#send();
  }

  #send(): void {
    const { method, url } = this.#exchange.clientReq;
    const path = originTarget(url!, this.#options.basePath);
    this.#sentAt = this.#deps.monotonic();
    const request = { method: method!, path, headers: this.#headers, body: this.#body, trailers: this };
    this.#origin = this.#deps.client.send(request, this);
  }

  ofRequest(): RawHeaders {
    return originTrailers(this.#exchange, this.#options);
  }

  /** RFC 9110 §15.2: passed on, whatever they are; HTTP/1.0 knows none. */
  onInformational(status: number, headers: RawHeaders): void {
    const { clientReq, clientRes } = this.#exchange;
    if (clientReq.httpVersion === '1.0' || clientRes.headersSent) return;
    // Node keeps a connection whose client expects a 100 only if this says it.
    if (status === 100 && headers.length === 0) clientRes.writeContinue();
    else clientRes.writeInformation?.(status, endToEndHeaders(headers)); // node before 24.18 cannot
  }

  onHead(status: number, reason: string, headers: RawHeaders): void {
    this.#deps.onOriginHead((this.#deps.monotonic() - this.#sentAt) / 1000);
    this.#writer.head({ status, reason, headers: clientHeaders(headers, this.#exchange, this.#options) });
    this.#state = 'answering';
  }

  onData(chunk: Buffer): boolean {
    return this.#writer.data(chunk);
  }

  isHolding(): boolean {
    return this.#writer.isHolding();
  }

  onEnd(trailers: RawHeaders): void {
    this.#writer.end(clientTrailers(trailers));
    this.#finish();
  }

  onFailure(failure: OriginFailure, cause: Error): void {
    if (this.#state === 'done') return;
    if (this.#exchange.clientReq.socket.destroyed) return this.#finish(); // the client went first
    this.#deps.onOriginFailure(this.#exchange, failure, cause);
    if (this.#state === 'waiting') answerError(this.#exchange, errorOf(failure));
    else this.#writer.abort();
    this.#finish();
  }

  #onClientClosed(): void {
    if (this.#state === 'done') return;
    this.#origin?.abort();
    this.#finish();
  }

  /** What the client still sends of its body is read and thrown away, so that its next request is in step. */
  #finish(): void {
    this.#state = 'done';
    this.#body?.resume();
  }
}

/** RFC 9112 §6.3: a request has a body only if one of these headers says so. In HTTP/2 its head's last flag does. */
function hasBody({ rawHeaders, httpVersion, complete }: ClientReq): boolean {
  if (httpVersion === '2') return !complete;
  if (headerValue(rawHeaders, 'transfer-encoding') !== undefined) return true;
  return (headerValue(rawHeaders, 'content-length') ?? '0') !== '0';
}
