/**
 * One connection to the origin and the exchange that it serves. It writes the request, hands the parts of the
 * response on, and tells the pool when it is free or gone. A fault, a surplus byte or an abort ends it.
 */
import type { Socket } from 'node:net';
import { headerValue, type RawHeaders } from '../../http/raw-headers.ts';
import type { OriginFailure, OriginRequest, OriginResponseHandler } from './origin-client.ts';
import type { ReadBuffer } from './read-buffer.ts';
import { type BodyWriting, writeRequest } from './request-writer.ts';
import type { ResponseHead } from './response-head.ts';
import { createResponseParser } from './response-parser.ts';

export type Job = { readonly request: OriginRequest; readonly handler: OriginResponseHandler };

export type ConnectionEvents = {
  /** The exchange has ended and the connection may serve another, for `idleMs` at most. */
  onFree(connection: Connection, idleMs: number): void;
  /** The connection has ended. A job that it did not finish comes back with the reason. */
  onGone(connection: Connection, unfinished: Unfinished | null): void;
};

export type Unfinished = {
  job: Job;
  failure: OriginFailure;
  cause: Error;
  /** No byte of a response had come on a connection that had served others: it died of age. */
  stale: boolean;
};

export type Connection = {
  start(job: Job): void;
  resume(): void;
  destroy(): void;
};

const MAX_IDLE_MS = 60_000;

export type ConnectionOptions = {
  socket: Socket;
  /** Null where the socket reads into buffers of its own (TLS). */
  reads: ReadBuffer | null;
  headTimeoutMs: number;
};

export function createConnection(
  { socket, reads, headTimeoutMs }: ConnectionOptions,
  events: ConnectionEvents,
): Connection {
  let job: Job | null = null;
  /** Got the last bytes and may still hold them, though its exchange is over and the next has begun. */
  let taker: OriginResponseHandler | null = null;
  let body: BodyWriting | null = null;
  let served = 0;
  let answered = false;
  let continued = false;
  let head: ResponseHead | null = null;
  let gone = false;

  const timer = setTimeout(onHeadTimeout, headTimeoutMs);
  const parser = createResponseParser({
    onHead: (next) => {
      if (next.status < 200) {
        timer.refresh();
        continued ||= next.status === 100;
        return job?.handler.onInformational(next.status, next.headers);
      }
      head = next;
      job?.handler.onHead(next.status, next.reason, next.headers);
    },
    onData: (chunk) => {
      if (job !== null && !job.handler.onData(chunk)) socket.pause();
    },
    onEnd: finish,
    onFault: (fault) => end('invalid', new Error(`the origin's response is not valid HTTP: ${fault}`)),
  });

  function take(bytes: Buffer): void {
    answered = true;
    taker = job?.handler ?? null;
    parser.execute(bytes);
  }

  function start(next: Job): void {
    job = next;
    answered = false;
    continued = false;
    head = null;
    parser.expect(next.request.method);
    timer.refresh();
    body = writeRequest(socket, next.request, writeEvents);
  }
  const writeEvents = { onProgress: () => void timer.refresh(), onBroken: () => destroy() };

  function finish(trailers: RawHeaders, surplus: boolean): void {
    if (job === null) return;
    const { handler } = job;
    const reusable = !surplus && head!.keepAlive && body!.isDone();
    served += 1;
    job = null;
    handler.onEnd(trailers);
    if (gone) return;
    if (!reusable) return destroy();
    socket.resume();
    events.onFree(connection, idleMsOf(head!.headers));
  }

  function onHeadTimeout(): void {
    if (job === null || head !== null) return;
    if (isClientsTurn(job)) timer.refresh();
    else end('head-timeout', new Error('the origin sent no response in time'));
  }

  /** Nobody but the client keeps the body back: the origin takes what comes, and owes it no 100. */
  function isClientsTurn({ request }: Job): boolean {
    const owesContinue = !continued && headerValue(request.headers, 'expect') !== undefined;
    return !body!.isDone() && !socket.writableNeedDrain && !owesContinue;
  }

  /** The one way out: whatever the reason, listeners are told once. */
  function end(failure: OriginFailure, cause: Error): void {
    if (gone) return;
    gone = true;
    clearTimeout(timer);
    body?.detach();
    socket.destroy();
    const unfinished = job && { job, failure, cause, stale: served > 0 && !answered };
    job = null;
    events.onGone(connection, unfinished);
  }

  function destroy(): void {
    job = null;
    end('aborted', new Error('aborted'));
  }

  if (reads === null) socket.on('data', take);
  else
    reads.attach({ take, isHolding: () => taker?.isHolding() ?? false, isPaused: () => socket.isPaused() });
  socket.on('end', () => {
    parser.finish();
    end('reset', new Error('the origin closed the connection'));
  });
  socket.on('error', (cause) => end('reset', cause));
  socket.on('close', () => end('reset', new Error('the origin closed the connection')));

  const connection: Connection = { start, resume: () => void socket.resume(), destroy };
  return connection;
}

/** `Keep-Alive: timeout=n` says when the origin will close; a second less, so that we are first. */
function idleMsOf(headers: RawHeaders): number {
  const match = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(headerValue(headers, 'keep-alive') ?? '');
  return match === null ? MAX_IDLE_MS : Math.min(MAX_IDLE_MS, Math.max(0, Number(match[1]) * 1000 - 1000));
}
