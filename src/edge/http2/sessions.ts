/** All connections that speak HTTP/2: who may, when each has been idle too long, and how they end together. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { PaceLimits } from '../pace.ts';
import type { Flood } from './flood-guard.ts';
import { HeldBytes } from './held-bytes.ts';
import { createPenalties, type Peer } from './penalties.ts';
import { createHttp2Session, type Http2Session, type Http2SessionDeps } from './session.ts';

export type Http2SessionsOptions = {
  /** A connection on which no stream is open. */
  idleMs: number;
  /** A new connection on which nothing comes, headers that do not come to their end. */
  silentMs: number;
  /** A body that stops coming, a reader that takes nothing of what waits. */
  pace: PaceLimits;
  /** What may be kept for readers in all sessions together. */
  maxHeldBytes: number;
  /** For how long an address that floods is offered none. */
  penaltyMs: number;
  /** Connections are about to run out: rates count, too. */
  isPressed(): boolean;
};

export type Http2SessionsDeps = Omit<Http2SessionDeps, 'onFlood'> & {
  /** A session ended in ENHANCE_YOUR_CALM. */
  onFlood(what: Flood): void;
  /** Who is at the other end, and whether it is a proxy that we trust. */
  peerOf(socket: Socket): Peer;
};

export type Http2Sessions = {
  /** Whether a client that asks for `h2` gets it. */
  mayUse(socket: TLSSocket): boolean;
  /** Takes a socket that chose `h2`. */
  serve(socket: TLSSocket): void;
  /** GOAWAY to all: open streams finish, new ones are the client's to send elsewhere. */
  startDraining(): void;
  destroyAll(): void;
  count(): number;
  /** All have ended. */
  stop(): void;
};

const SWEEP_MS = 1_000;
/** A client that keeps its side open after our GOAWAY is waited for no longer. */
const LINGER_MS = 2_000;
/** When memory runs short, readers that take nothing are waited for this many times shorter. */
const HURRY = 10;

type Served = { session: Http2Session; closingSince: number | null };

export function createHttp2Sessions(options: Http2SessionsOptions, deps: Http2SessionsDeps): Http2Sessions {
  const sessions = new Set<Served>();
  const held = new HeldBytes(options.maxHeldBytes);
  const penalties = createPenalties(options.penaltyMs, deps.monotonic);
  const { pace, silentMs, idleMs: maxIdleMs } = options;
  const hurried = { ...pace, idleMs: pace.idleMs / HURRY };
  let draining = false;
  const sweep = setInterval(
    () => {
      const now = deps.monotonic();
      const limits = held.isOver ? hurried : pace;
      const pressed = options.isPressed();
      for (const { session } of sessions) if (session.streams() > 0) session.sweep(limits, pressed);
      for (const served of sessions) if (served.session.streams() === 0) endIdle(served, now);
    },
    Math.min(SWEEP_MS, silentMs, maxIdleMs, pace.idleMs, pace.windowMs),
  );
  sweep.unref();

  function onFlood(what: Flood, socket: Socket): void {
    deps.onFlood(what);
    penalties.onFlood(deps.peerOf(socket));
  }

  function serve(socket: TLSSocket): void {
    const session = createHttp2Session(socket, held.share(), { ...deps, onFlood });
    const served: Served = { session, closingSince: null };
    sessions.add(served);
    socket.once('close', () => sessions.delete(served));
    if (draining) close(served);
  }

  function endIdle(served: Served, now: number): void {
    const { session, closingSince } = served;
    const idleMs = now - session.idleSince();
    if (closingSince !== null) {
      if (Math.min(now - closingSince, idleMs) > LINGER_MS) session.destroy();
    } else if (!session.spoke() && idleMs > silentMs) session.destroy();
    else if (session.hasLateHeaders(silentMs)) session.destroy();
    else if (idleMs > maxIdleMs) close(served);
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

  const mayUse = (socket: TLSSocket) => penalties.mayUseHttp2(deps.peerOf(socket));
  const stop = () => clearInterval(sweep);
  return { mayUse, serve, startDraining, destroyAll, count: () => sessions.size, stop };
}
