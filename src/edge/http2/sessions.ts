/** All connections that speak HTTP/2: when each has been idle too long, and how they end together. */
import type { TLSSocket } from 'node:tls';
import { createHttp2Session, type Http2Session, type Http2SessionDeps } from './session.ts';

export type Http2SessionsOptions = {
  /** A connection on which no stream is open. */
  idleMs: number;
  /** A new connection on which nothing comes. */
  silentMs: number;
  /** A body that stops coming, a reader that takes nothing of what waits. */
  slowMs: number;
};

export type Http2Sessions = {
  /** Takes a socket that chose `h2`. */
  serve(socket: TLSSocket): void;
  /** GOAWAY to all: open streams finish, new ones are the client's to send elsewhere. */
  startDraining(): void;
  destroyAll(): void;
  /** All have ended. */
  stop(): void;
};

const SWEEP_MS = 1_000;
/** A client that keeps its side open after our GOAWAY is waited for no longer. */
const LINGER_MS = 2_000;

type Served = { session: Http2Session; closingSince: number | null };

export function createHttp2Sessions(options: Http2SessionsOptions, deps: Http2SessionDeps): Http2Sessions {
  const sessions = new Set<Served>();
  let draining = false;
  const sweep = setInterval(
    () => {
      const now = deps.monotonic();
      for (const served of sessions) look(served, now);
    },
    Math.min(SWEEP_MS, options.silentMs, options.idleMs, options.slowMs),
  );
  sweep.unref();

  function serve(socket: TLSSocket): void {
    const served: Served = { session: createHttp2Session(socket, deps), closingSince: null };
    sessions.add(served);
    socket.once('close', () => sessions.delete(served));
    if (draining) close(served);
  }

  function look(served: Served, now: number): void {
    const { session, closingSince } = served;
    if (session.streams() > 0) return session.endSlow(options.slowMs);
    const idleMs = now - session.idleSince();
    if (closingSince !== null) {
      if (Math.min(now - closingSince, idleMs) > LINGER_MS) session.destroy();
    } else if (!session.spoke() && idleMs > options.silentMs) session.destroy();
    else if (idleMs > options.idleMs) close(served);
  }

  function close(served: Served): void {
    served.closingSince ??= deps.monotonic();
    served.session.close();
  }

  function startDraining(): void {
    draining = true;
    for (const served of sessions) close(served);
  }

  function destroyAll(): void {
    for (const { session } of sessions) session.destroy();
  }

  return { serve, startDraining, destroyAll, stop: () => clearInterval(sweep) };
}
