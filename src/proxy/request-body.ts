/**
 * The client's body as a stream of its own. The origin client destroys the stream that it was given when an
 * exchange ends early; a destroyed IncomingMessage never lets its connection read on, and a client that is
 * still sending would hang for ever. Here the rest is read and thrown away.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Chunks that wait; each is at most what one read of a socket gives, 64 KiB. */
const MAX_WAITING = 1;

/** In object mode, because undici replaces the framing of a body whose length it can see by that length. */
export function requestBody(clientReq: IncomingMessage): Readable {
  const body = new Readable({
    objectMode: true,
    highWaterMark: MAX_WAITING,
    read: () => void clientReq.resume(),
    destroy(cause, done) {
      clientReq.off('data', onData).off('end', onEnd).off('close', onClose).resume();
      done(cause);
    },
  });
  function onData(chunk: Buffer): void {
    if (!body.push(chunk)) clientReq.pause();
  }
  function onEnd(): void {
    body.push(null);
  }
  /** Without an end: the client was lost. */
  function onClose(): void {
    if (!clientReq.readableEnded) body.destroy(new Error('the client closed within its body'));
  }
  clientReq.on('data', onData).on('end', onEnd).on('close', onClose);
  return body;
}
