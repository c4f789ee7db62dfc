/** A request onto a socket (RFC 9112 §3, §6, §7): the head as one string, the body with the framing it came in. */
import type { Socket } from 'node:net';
import { headerValue, type RawHeaders } from '../../http/raw-headers.ts';
import { giveBack, isWorthIt } from '../../lib/give-back.ts';
import type { OriginRequest, RequestBody, RequestTrailers } from './origin-client.ts';

/** How far a body is; `detach` ends what it still sends to the socket. */
export type BodyWriting = { isDone(): boolean; detach(): void };

const DONE: BodyWriting = { isDone: () => true, detach: () => {} };

/** `onProgress` is called for each piece that went out, `onBroken` when the client left in mid-body. */
export type WriteEvents = { onProgress(): void; onBroken(): void };

export function writeRequest(socket: Socket, request: OriginRequest, events: WriteEvents): BodyWriting {
  const { method, path, headers, body, trailers } = request;
  const head = `${method} ${path} HTTP/1.1\r\n${linesOf(headers)}`;
  if (body === null) {
    socket.write(`${head}\r\n`, 'latin1');
    return DONE;
  }
  const chunked = headerValue(headers, 'content-length') === undefined;
  socket.write(chunked ? `${head}Transfer-Encoding: chunked\r\n\r\n` : `${head}\r\n`, 'latin1');
  return pipeBody({ socket, body, trailers: chunked ? trailers : null, events });
}

/** `trailers` null: the body has a length, and its bytes go as they are. */
type Piping = { socket: Socket; body: RequestBody; trailers: RequestTrailers | null; events: WriteEvents };

/** By hand instead of `pipe`: the socket outlives the body, and chunks need their sizes. */
function pipeBody({ socket, body, trailers, events }: Piping): BodyWriting {
  let done = false;
  function onData(chunk: Buffer): void {
    events.onProgress();
    if (!(trailers === null ? writePiece(socket, chunk) : writeChunk(socket, chunk))) body.pause();
  }
  function onDrain(): void {
    events.onProgress();
    body.resume();
  }
  function onEnd(): void {
    done = true;
    if (trailers !== null) socket.write(`0\r\n${linesOf(trailers.ofRequest())}\r\n`, 'latin1');
    detach();
  }
  function onClose(): void {
    detach();
    if (!done) events.onBroken();
  }
  function detach(): void {
    body.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    socket.off('drain', onDrain);
  }
  body.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  socket.on('drain', onDrain);
  return { isDone: () => done, detach };
}

function writeChunk(socket: Socket, chunk: Buffer): boolean {
  socket.cork();
  socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
  writePiece(socket, chunk);
  const more = socket.write('\r\n', 'latin1');
  socket.uncork();
  return more;
}

/** What the system has taken is nobody's any more: a large upload must not wait for the collector. */
function writePiece(socket: Socket, piece: Buffer): boolean {
  if (!isWorthIt(piece)) return socket.write(piece);
  return socket.write(piece, (error) => {
    if (!error) giveBack(piece);
  });
}

function linesOf(fields: RawHeaders): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
}
