/**
 * The origin client: HTTP/1.1 over TCP, TLS or a unix socket, one exchange a connection at a time, the connection
 * that was free last used first, so that the others grow old and close.
 */
import type { Socket } from 'node:net';
import { connect, type OriginPlace } from './connect.ts';
import { type Connection, createConnection, type Unfinished } from './connection.ts';
import { failureOf } from './failure.ts';
import type { OriginClient, OriginExchange, OriginRequest, OriginResponseHandler } from './origin-client.ts';
import type { ReadBuffer } from './read-buffer.ts';
import { Sent } from './sent.ts';
import { createWaiting } from './waiting.ts';

export type Http1ClientOptions = OriginPlace & {
  headTimeoutMs: number;
  /** Connections at once; further exchanges wait for one. */
  maxConnections: number;
  /** Milliseconds that never go back. */
  monotonic(): number;
};

/** RFC 9110 §9.2.2: safe to send again when the connection died before it answered. */
const IDEMPOTENT = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
]);
const SWEEP_MS = 1000;

type Idle = { connection: Connection; until: number };

export function createHttp1Client(options: Http1ClientOptions): OriginClient {
  const idle: Idle[] = [];
  const waiting = createWaiting();
  const open = new Set<Connection>();
  const connecting = new Set<Socket>();
  let closed = false;

  const sweep = setInterval(() => {
    const now = options.monotonic();
    closeOldIdle(now);
    waiting.failOlderThan(options.connectTimeoutMs, now);
  }, SWEEP_MS);
  sweep.unref();

  function send(request: OriginRequest, handler: OriginResponseHandler): OriginExchange {
    const sent = new Sent(request, handler);
    const free = idle.pop();
    if (free !== undefined) startOn(free.connection, sent);
    else if (hasRoom()) connectFor(sent);
    else waiting.add(sent, options.monotonic());
    return sent;
  }

  function startOn(connection: Connection, sent: Sent): void {
    sent.connection = connection;
    connection.start(sent);
  }

  const hasRoom = () => open.size + connecting.size < options.maxConnections;

  function connectFor(sent: Sent): void {
    const socket = connect(options, {
      onConnected(socket, reads) {
        connecting.delete(socket);
        useNew(socket, reads, sent);
      },
      onFailed(socket, cause) {
        connecting.delete(socket);
        if (!sent.aborted) sent.handler.onFailure(failureOf(cause), cause);
        serveWaiting();
      },
    });
    connecting.add(socket);
  }

  /** Another may have it where the client went while it was made. */
  function useNew(socket: Socket, reads: ReadBuffer | null, sent: Sent): void {
    const connection = createConnection({ socket, reads, headTimeoutMs: options.headTimeoutMs }, events);
    open.add(connection);
    const next = sent.aborted ? waiting.next() : sent;
    if (next !== undefined) startOn(connection, next);
    else events.onFree(connection, SWEEP_MS);
  }

  const events = {
    onFree(connection: Connection, idleMs: number): void {
      const next = waiting.next();
      if (next !== undefined) startOn(connection, next);
      else if (closed || idleMs === 0) connection.destroy();
      else idle.push({ connection, until: options.monotonic() + idleMs });
    },
    onGone(connection: Connection, unfinished: Unfinished | null): void {
      open.delete(connection);
      const at = idle.findIndex((one) => one.connection === connection);
      if (at !== -1) idle.splice(at, 1);
      if (unfinished !== null) failOrRetry(unfinished);
      serveWaiting();
    },
  };

  /** A kept connection may die just as a request is written to it; the visitor must not see that. */
  function failOrRetry({ job, failure, cause, stale }: Unfinished): void {
    const { method, body } = job.request;
    if (stale && !closed && body === null && IDEMPOTENT.has(method)) connectFor(job as Sent);
    else job.handler.onFailure(failure, cause);
  }

  function serveWaiting(): void {
    if (waiting.isEmpty() || !hasRoom()) return;
    const next = waiting.next();
    if (next !== undefined) connectFor(next);
  }

  function closeOldIdle(now: number): void {
    for (const { connection } of idle.filter(({ until }) => until <= now)) connection.destroy();
  }

  async function close(): Promise<void> {
    closed = true;
    clearInterval(sweep);
    for (const socket of connecting) socket.destroy(new Error('closing'));
    for (const connection of [...open]) connection.destroy();
  }

  return { send, close };
}
