/**
 * What rooms may use of a client's request and of the response to it. Node's IncomingMessage and ServerResponse
 * are such messages, and so is an exchange over HTTP/2: no room asks which.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { RawHeaders } from './raw-headers.ts';

/** A body in pieces (`data`), then `end` and its trailers; `close` without `end` before it: not all came. */
export type ClientBody = {
  on(event: 'data', listener: (chunk: Buffer) => void): ClientBody;
  on(event: 'end' | 'close', listener: () => void): ClientBody;
  on(event: 'error', listener: (cause: Error) => void): ClientBody;
  off(event: 'data', listener: (chunk: Buffer) => void): ClientBody;
  off(event: 'end' | 'close', listener: () => void): ClientBody;
  off(event: 'error', listener: (cause: Error) => void): ClientBody;
  pause(): unknown;
  resume(): unknown;
  /** Flat, complete when the body has ended. */
  readonly rawTrailers: RawHeaders;
};

export type ClientReq = ClientBody & {
  /** `1.0`, `1.1` or `2`; a request of HTTP/1 that calls itself HTTP/2 has `2.0`, and is refused. */
  readonly httpVersion: string;
  readonly method?: string | undefined;
  /** The request target. */
  url?: string | undefined;
  /** Without pseudo-headers: what HTTP/2 says in `:authority` stands in `Host`. */
  readonly rawHeaders: RawHeaders;
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined; readonly destroyed: boolean };
  /** All of it has come: at the head already where there is no body. */
  readonly complete: boolean;
  readonly readableEnded: boolean;
  readonly readableFlowing: boolean | null;
  readonly destroyed: boolean;
};

export type ClientRes = {
  readonly req: ClientReq;
  /** Null while a response of HTTP/1.1 waits behind another one of its connection. */
  readonly socket: Socket | null;
  statusCode: number;
  readonly headersSent: boolean;
  /** False closes the connection after this response; an HTTP/2 session goes on. */
  shouldKeepAlive: boolean;
  /** Bytes that wait for the client, 0 when all have been taken. */
  readonly writableLength: number;
  writeHead(status: number, headers: RawHeaders): ClientRes;
  writeHead(status: number, reason: string, headers: RawHeaders): ClientRes;
  flushHeaders(): void;
  writeContinue(): void;
  /** Missing in node before 24.18. */
  writeInformation?(status: number, headers: RawHeaders): void;
  /** False: `drain` says when to go on. */
  write(chunk: Buffer | string): boolean;
  end(chunk?: Buffer | string, encoding?: BufferEncoding): unknown;
  addTrailers(trailers: [string, string][]): void;
  /** Cuts: what was sent never looks whole. */
  destroy(): unknown;
  on(event: 'drain', listener: () => void): unknown;
  /** `close`: the response is over, whole or not. The response is `this`. */
  once(event: 'close', listener: () => void): unknown;
  /** The response waits for its turn no more. */
  once(event: 'socket', listener: (socket: Socket) => void): unknown;
};
