/**
 * The answer of an origin that refuses an upgrade (RFC 9110 §7.8): passed on as it came, framing too, so that the
 * client's connection can go on with HTTP. It must not where bytes followed the request: they were meant for the
 * tunnel that never came, and would be read as the next request.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, Transform, type TransformCallback } from 'node:stream';
import { headerValue, type RawHeaders } from '../http/raw-headers.ts';
import { headText } from './head-text.ts';
import { clientTrailers } from './request-trailers.ts';

export type Refusal = {
  originRes: IncomingMessage;
  /** The client's. */
  socket: Duplex;
  /** End-to-end ones, for the client. */
  headers: RawHeaders;
  /** The method of the request. */
  method: string;
  /** Called when the answer has been written and the connection may go on; null: it ends. */
  onReusable: (() => void) | null;
};

export function passRefusal({ originRes, socket, headers, method, onReusable }: Refusal): void {
  const { statusCode: status, statusMessage: reason } = originRes;
  const chunked = mayHaveBody(status!, method) && headerValue(headers, 'content-length') === undefined;
  const framing = chunked ? ['Transfer-Encoding', 'chunked'] : [];
  const connection = ['Connection', onReusable === null ? 'close' : 'keep-alive'];
  socket.write(
    headText({ status: status!, reason: reason! }, [...headers, ...framing, ...connection]),
    'latin1',
  );
  // A close alone could be taken for the end of the body.
  originRes.once('aborted', () => (socket as Socket).resetAndDestroy());
  const body = chunked ? originRes.pipe(new Chunked(originRes)) : originRes;
  body.once('end', () => {
    if (originRes.complete) end(socket, onReusable);
  });
  body.pipe(socket, { end: false });
}

function end(socket: Duplex, onReusable: (() => void) | null): void {
  if (onReusable === null) socket.end();
  else onReusable();
}

const mayHaveBody = (status: number, method: string) => method !== 'HEAD' && status !== 204 && status !== 304;

/** RFC 9112 §7.1, with the trailers that came. */
class Chunked extends Transform {
  readonly #originRes: IncomingMessage;

  constructor(originRes: IncomingMessage) {
    super();
    this.#originRes = originRes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.push(`${chunk.length.toString(16)}\r\n`, 'latin1');
    this.push(chunk);
    this.push('\r\n', 'latin1');
    done();
  }

  override _flush(done: TransformCallback): void {
    const trailers = clientTrailers(this.#originRes.rawTrailers);
    let lines = '';
    for (let i = 0; i < trailers.length; i += 2) lines += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
    this.push(`0\r\n${lines}\r\n`, 'latin1');
    done();
  }
}
