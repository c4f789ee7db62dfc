/** The listener that visitors reach: limits on what may come in, and a stop that lets exchanges finish. */
import type http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { KeyPair } from '../config/certificate.ts';
import { answerAndLeave, SPEAK_HTTPS } from './bad-request.ts';
import { createConnections } from './connections.ts';
import { drain } from './drain.ts';
import { type EdgeOptions, edgeLimits, serverLimits } from './edge-options.ts';
import type { Handle } from './handle.ts';
import { http1Options, serveHttp1 } from './http1.ts';
import { createHttp2Sessions, type Http2SessionsDeps } from './http2/sessions.ts';
import { createListener } from './listener.ts';
import { watchSlowClients } from './slow-clients.ts';

export type EdgeDeps = {
  handle: Handle;
  /** Cuts what is left of tunnels when the drain is over. */
  closeTunnels(): void;
  /** A client was cut because it kept a connection and did nothing with it. */
  onSlowClient(verdict: string): void;
} & Omit<Http2SessionsDeps, 'handle'>;

export type Edge = {
  listen(): Promise<AddressInfo>;
  /** For new connections under TLS; throws where the pair is none. */
  setKeyPair(pair: KeyPair): void;
  /** Takes no new connections, waits for exchanges up to `drainMs`, then cuts. */
  close(): Promise<void>;
};

const BACKLOG = 4096;
/** Sweeps over slow clients for one `idleMs` or `windowMs`, whichever is shorter. */
const SWEEPS = 10;

export function createEdge(options: EdgeOptions, deps: EdgeDeps): Edge {
  const { keyPair } = options;
  const limits = edgeLimits(options);
  const { pace, silentMs } = limits;
  const connections = createConnections();
  let draining = false;
  const isPressed = () => connections.count() + http2.count() > limits.pressedAbove;
  const http2 = createHttp2Sessions({ ...limits, pace: limits.streamPace, isPressed }, deps);
  const http1 = { ...deps, connections, isDraining: () => draining };
  const listener = createListener(
    { ...serverLimits(limits), ...http1Options(http1) },
    keyPair && { keyPair, handshakeTimeoutMs: silentMs },
    { onHttp1: connections.opened, onHttp2: http2.serve, onClearText, mayUseHttp2: http2.mayUse },
  );
  const { server } = listener;
  server.maxHeadersCount = 0; // bounded by bytes; a cut list would be forwarded as if it were whole
  server.maxConnections = options.maxConnections;
  serveHttp1(server, http1);

  function onClearText(socket: Socket): void {
    deps.onBadRequest('ERR_SSL_HTTP_REQUEST');
    answerAndLeave(socket, SPEAK_HTTPS);
  }

  let stopWatching = () => {};
  async function start(): Promise<AddressInfo> {
    const address = await listen(server, options);
    const sweepMs = Math.min(pace.idleMs, pace.windowMs) / SWEEPS;
    const { monotonic, onSlowClient: onCut } = deps;
    stopWatching = watchSlowClients({ limits: pace, sweepMs }, { connections, isPressed, monotonic, onCut });
    return address;
  }

  async function close(): Promise<void> {
    draining = true;
    await drain({ listener, connections, http2, closeTunnels: deps.closeTunnels }, options.drainMs);
    http2.stop();
    stopWatching();
  }

  return { listen: start, setKeyPair: listener.setKeyPair, close };
}

function listen(server: http.Server, { host, port, reusePort }: EdgeOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const address = { port, ...(host !== undefined && { host }), ...(reusePort && { reusePort }) };
    server.listen({ ...address, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}
