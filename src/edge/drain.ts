/** The stop: nothing new is taken, exchanges finish, what is left when their time is over is cut. */
import type { Connections } from './connections.ts';
import type { Http2Sessions } from './http2/sessions.ts';
import type { Listener } from './listener.ts';

export type Drained = {
  listener: Listener;
  connections: Connections;
  http2: Http2Sessions;
  closeTunnels(): void;
};

const IDLE_SWEEP_MS = 100;

/** Resolves when no connection is left, at most a moment after `drainMs`. */
export async function drain(
  { listener, connections, http2, closeTunnels }: Drained,
  drainMs: number,
): Promise<void> {
  const { server } = listener;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  listener.dropSilent();
  connections.startDraining();
  http2.startDraining();
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  const cut = setTimeout(() => {
    closeTunnels();
    connections.destroyAll();
    http2.destroyAll();
    listener.destroyAll();
  }, drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}
