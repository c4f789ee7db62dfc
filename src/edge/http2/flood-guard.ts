/**
 * What honest clients do now and then and floods without end, counted for one session. Beyond its budget the session
 * ends with GOAWAY ENHANCE_YOUR_CALM.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Budget } from './budget.ts';
import { RESETS } from './session-options.ts';

/** `reset`: streams that ended before their answer did. `control`: PING and SETTINGS. */
export type Flood = 'reset' | 'control';

export type FloodGuard = {
  onReset(): void;
  onControl(): void;
  /** The session is about to end: nothing more is served. */
  isCalmed(): boolean;
};

export type FloodGuardDeps = {
  monotonic(): number;
  onFlood(what: Flood): void;
  /** Ends the session and its connection. */
  destroy(): void;
};

/** RFC 9113 §7. */
const ENHANCE_YOUR_CALM = 0xb;
/** Closing on unread bytes makes TCP reset the connection, and the GOAWAY would be lost. */
const LINGER_MS = 100;
const CONTROL_FRAMES = { burst: 200, perSecond: 20 };

/** `socket` is the session's own. */
export function createFloodGuard(
  session: ServerHttp2Session,
  socket: TLSSocket,
  deps: FloodGuardDeps,
): FloodGuard {
  const { monotonic } = deps;
  const resets = new Budget(RESETS, monotonic());
  const control = new Budget(CONTROL_FRAMES, monotonic());
  let calmed = false;

  /** nghttp2 may have ended the session for the same reason; a client that has gone only left its streams open. */
  function spend(budget: Budget, what: Flood): void {
    if (!socket.destroyed && !budget.spend(monotonic())) calm(what);
  }

  function calm(what: Flood): void {
    if (calmed) return;
    calmed = true;
    deps.onFlood(what);
    if (!session.destroyed) session.goaway(ENHANCE_YOUR_CALM); // from here on nghttp2 ignores what it would open
    setTimeout(deps.destroy, LINGER_MS);
  }

  return {
    onReset: () => spend(resets, 'reset'),
    onControl: () => spend(control, 'control'),
    isCalmed: () => calmed,
  };
}
