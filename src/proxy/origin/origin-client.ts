/**
 * What forwarding needs of an HTTP client: one request out, the response in pieces, nothing interpreted.
 * Header arrays are raw and hold hop-by-hop headers too; the caller removes them.
 */
import type { ClientBody } from '../../http/client-message.ts';
import type { RawHeaders } from '../../http/raw-headers.ts';

export type OriginRequest = {
  method: string;
  /** Path and query, byte for byte. */
  path: string;
  headers: RawHeaders;
  body: RequestBody | null;
  trailers: RequestTrailers;
};

export type RequestBody = Omit<ClientBody, 'rawTrailers'>;

/** Asked when a chunked body has ended: what goes behind it. */
export type RequestTrailers = { ofRequest(): RawHeaders };

/** How an https origin is spoken to; certificates and the key in PEM. */
export type OriginTls = {
  rejectUnauthorized: boolean;
  ca?: string | undefined;
  /** The client's own, where the origin asks for one. */
  cert?: string | undefined;
  key?: string | undefined;
};

/** Why the origin gave no response, or not all of it. */
export type OriginFailure =
  | 'refused'
  | 'unresolvable'
  | 'connect-timeout'
  | 'head-timeout'
  | 'reset'
  | 'tls'
  | 'invalid'
  | 'aborted';

/** Called in order: `onInformational` any number of times, `onHead` once, `onData`, then one of the last two. */
export type OriginResponseHandler = {
  onInformational(status: number, headers: RawHeaders): void;
  onHead(status: number, reason: string, headers: RawHeaders): void;
  /** False pauses the origin until `resume`. */
  onData(chunk: Buffer): boolean;
  /** Whether the bytes of the last `onData` are still needed; asked after `onEnd` too. Then they are not reused. */
  isHolding(): boolean;
  onEnd(trailers: RawHeaders): void;
  /** After `onHead` too: the body was cut. Never after `onEnd`. */
  onFailure(failure: OriginFailure, cause: Error): void;
};

export type OriginExchange = {
  resume(): void;
  /** Ends the exchange and its connection; the handler is not called again. */
  abort(): void;
};

export type OriginClient = {
  /**
   * An idempotent request without a body whose kept connection turns out to be dead before its first byte is sent
   * once more, on a new one (RFC 9110 §9.2.2).
   */
  send(request: OriginRequest, handler: OriginResponseHandler): OriginExchange;
  /** Ends idle connections now and busy ones too. */
  close(): Promise<void>;
};
