/** One sweep over all connections at intervals: whoever holds one and neither sends nor takes is cut. */
import type { Socket } from 'node:net';
import { answerAndLeave, badRequestAnswer } from './bad-request.ts';
import type { Connections } from './connections.ts';
import { judgePace, type PaceFacts, type PaceLimits, type PaceVerdict } from './pace.ts';
import { takenBytes } from './taken-bytes.ts';

export type SlowClientOptions = {
  limits: PaceLimits;
  sweepMs: number;
};

export type SlowClientDeps = {
  connections: Pick<Connections, 'forEach' | 'owesBody' | 'mayInterrupt'>;
  /** Connections are about to run out: rates count, too. */
  isPressed(): boolean;
  monotonic(): number;
  onCut(verdict: Cut): void;
};

type Cut = Exclude<PaceVerdict, 'fine'>;

/** Call the function that comes back to stop. */
export function watchSlowClients(options: SlowClientOptions, deps: SlowClientDeps): () => void {
  const { connections } = deps;

  function sweep(): void {
    const now = deps.monotonic();
    const pressed = deps.isPressed();
    connections.forEach((socket, pace) => {
      const verdict = judgePace(pace, factsOf(socket, now, pressed), options.limits);
      if (verdict !== 'fine') cut(socket, verdict);
    });
  }

  function factsOf(socket: Socket, now: number, pressed: boolean): PaceFacts {
    const hasWaiting = socket.writableLength > 0;
    const taken = hasWaiting ? takenBytes(socket) : 0;
    return {
      now,
      pressed,
      read: socket.bytesRead,
      taken,
      hasWaiting,
      owesBody: socket.writable && connections.owesBody(socket), // who got a last answer owes no more
    };
  }

  function cut(socket: Socket, verdict: Cut): void {
    deps.onCut(verdict);
    const isBody = verdict === 'idle-body' || verdict === 'slow-body';
    if (isBody && connections.mayInterrupt(socket)) {
      answerAndLeave(socket, badRequestAnswer('ERR_HTTP_REQUEST_TIMEOUT'));
    } else if ('encrypted' in socket) socket.destroy();
    else socket.resetAndDestroy(); // what waits in the system for a reader that takes nothing must go too
  }

  const timer = setInterval(sweep, options.sweepMs);
  timer.unref();
  return () => clearInterval(timer);
}
