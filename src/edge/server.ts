/** The listener that visitors reach: limits on what may come in, and a stop that lets exchanges finish. */
import type http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { KeyPair } from '../config/certificate.ts';
import { answerAndLeave, badRequestAnswer, METHOD_NOT_ALLOWED, SPEAK_HTTPS } from './bad-request.ts';
import { createConnections } from './connections.ts';
import type { Handle } from './handle.ts';
import type { Flood } from './http2/flood-guard.ts';
import { maxHeldBytes } from './http2/held-bytes.ts';
import { createPenalties, type Peer } from './http2/penalties.ts';
import type { Http2SessionDeps } from './http2/session.ts';
import { createHttp2Sessions } from './http2/sessions.ts';
import { createListener } from './listener.ts';
import type { PaceLimits } from './pace.ts';
import { watchSlowClients } from './slow-clients.ts';

export type EdgeOptions = {
  host: string | undefined;
  port: number;
  /** Other processes of ours listen there too. */
  reusePort?: true;
  maxConnections: number;
  /** How long exchanges may go on after `close` was called. */
  drainMs: number;
  /** 60 s and 500 B/s where it is not given. */
  pace?: PaceLimits;
  /** For a request's headers, and for a new connection's first byte; 20 s where it is not given. */
  headersTimeoutMs?: number;
  /** Where it is given, visitors speak TLS, and HTTP/2 or HTTP/1.1. */
  keyPair?: KeyPair | undefined;
  /** An idle connection; 75 s where it is not given. */
  keepAliveMs?: number;
  /** A stream of HTTP/2 whose client stops sending or taking; 60 s where it is not given. */
  slowStreamMs?: number;
  /** What may wait for readers over HTTP/2; 64 MB or less where it is not given (maxHeldBytes). */
  maxHeldBytes?: number;
  /** For how long an address that floods gets no HTTP/2; 10 s where it is not given. */
  penaltyMs?: number;
};

export type EdgeDeps = {
  handle: Handle;
  /** Cuts what is left of tunnels when the drain is over. */
  closeTunnels(): void;
  /** The parser refused something; `code` is its name for the fault. */
  onBadRequest(code: string): void;
  /** A client was cut because it kept a connection and did nothing with it. */
  onSlowClient(verdict: string): void;
  /** A session of HTTP/2 ended in ENHANCE_YOUR_CALM. */
  onFlood(what: Flood): void;
  /** Who is at the other end, and whether it is a proxy that we trust. */
  peerOf(socket: Socket): Peer;
} & Omit<Http2SessionDeps, 'handle' | 'onFlood'>;

export type Edge = {
  listen(): Promise<AddressInfo>;
  /** For new connections under TLS; throws where the pair is none. */
  setKeyPair(pair: KeyPair): void;
  /** Takes no new connections, waits for exchanges up to `drainMs`, then cuts. */
  close(): Promise<void>;
};

const MAX_HEADER_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 20_000;
/** How often node looks for headers that are late: they may be late by that much more. */
const TIMEOUT_SWEEP_MS = 1_000;
const KEEP_ALIVE_MS = 75_000;
const SLOW_STREAM_MS = 60_000;
const PENALTY_MS = 10_000;
/** TCP's own probes find peers that vanished without a word from a stream that says little. */
const TCP_PROBE_MS = 60_000;
const BACKLOG = 4096;
/** The system reports what a reader takes in steps of some 30 KB: a shorter window would see none of a slow one's. */
const PACE: PaceLimits = { idleMs: 60_000, windowMs: 30_000, minBytesPerSecond: 500 };
/** Above this share of MAX_CONNECTIONS rates count too. */
const PRESSED_SHARE = 0.8;
/** Sweeps over slow clients for one `idleMs` or `windowMs`, whichever is shorter. */
const SWEEPS = 10;
const IDLE_SWEEP_MS = 100;

export function createEdge(options: EdgeOptions, deps: EdgeDeps): Edge {
  const { handle } = deps;
  const connections = createConnections();
  let draining = false;
  const { headersTimeoutMs: silentMs = HEADERS_TIMEOUT_MS, keepAliveMs: idleMs = KEEP_ALIVE_MS } = options;
  const limits = options.pace ?? PACE;
  const pace = { ...limits, idleMs: options.slowStreamMs ?? SLOW_STREAM_MS };
  const isPressed = () => count() > options.maxConnections * PRESSED_SHARE;
  const penalties = createPenalties(options.penaltyMs ?? PENALTY_MS, deps.monotonic);
  const http2 = createHttp2Sessions(
    {
      silentMs,
      idleMs,
      pace,
      maxHeldBytes: options.maxHeldBytes ?? maxHeldBytes(options.maxConnections),
      isPressed,
    },
    { ...deps, onFlood },
  );
  const serverOptions = {
    ...limitsOf(options),
    optimizeEmptyRequests: true,
    requireHostHeader: false, // ours to refuse: see refuse.ts
    // While an earlier request waits for its answer, the bytes of a tunnel would get between.
    shouldUpgradeCallback: (clientReq: IncomingMessage) =>
      !draining && !connections.isBusy(clientReq.socket) && handle.mayUpgrade(clientReq),
  } as http.ServerOptions;
  const tls = options.keyPair && { keyPair: options.keyPair, handshakeTimeoutMs: silentMs };
  const listener = createListener(serverOptions, tls, {
    onHttp1: connections.opened,
    onHttp2: http2.serve,
    onClearText,
    mayUseHttp2: (socket) => penalties.mayUseHttp2(deps.peerOf(socket)),
  });
  const { server } = listener;
  server.maxHeadersCount = 0; // bounded by bytes; a cut list would be forwarded as if it were whole
  server.maxConnections = options.maxConnections;

  function count(): number {
    return connections.count() + http2.count();
  }

  function onFlood(what: Flood, socket: Socket): void {
    deps.onFlood(what);
    penalties.onFlood(deps.peerOf(socket));
  }

  function onClearText(socket: Socket): void {
    deps.onBadRequest('ERR_SSL_HTTP_REQUEST');
    answerAndLeave(socket, SPEAK_HTTPS);
  }

  function onRequest(clientReq: IncomingMessage, clientRes: ServerResponse): void {
    if (!connections.begin(clientReq, clientRes)) return;
    handle.request(clientReq, clientRes);
    connections.dispatched(clientRes);
  }

  /** A refused upgrade leaves a connection like any other; node forgot it when it asked for a tunnel. */
  function giveBack(socket: Socket): void {
    if (draining) return void socket.end();
    server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
    socket.resume();
  }

  function onClientError(error: Error & { code?: string }, duplex: Duplex): void {
    const socket = duplex as Socket;
    if (!connections.has(socket)) return void socket.destroy(); // no TLS: there was no connection yet
    if (!socket.writable) return; // it was answered, what comes after is thrown away
    const code = error.code ?? 'unknown';
    const busy = connections.isBusy(socket);
    // Bytes behind a request that said `Connection: close`: its answer is under way and ends the connection.
    if (busy && code === 'HPE_CLOSED_CONNECTION') return;
    // The client closed in the middle of its body: it is gone, and so is the exchange.
    if (busy && code === 'HPE_INVALID_EOF_STATE') return void socket.destroy();
    deps.onBadRequest(code);
    if (connections.hasSpoken(socket) && connections.mayInterrupt(socket))
      answerAndLeave(socket, badRequestAnswer(code));
    else socket.destroy();
  }

  server.on('request', onRequest);
  // Whoever reads the body asks for it, and refuse.ts judges every other expectation.
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);
  server.on('upgrade', (clientReq: IncomingMessage, socket: Duplex, early: Buffer) => {
    (socket as Socket).setTimeout(0);
    handle.upgrade(clientReq, { socket, early, giveBack: () => giveBack(socket as Socket) });
  });
  server.on('connect', (_clientReq, socket: Duplex) => answerAndLeave(socket as Socket, METHOD_NOT_ALLOWED));
  server.on('clientError', onClientError);

  let stopWatching = () => {};
  function watch(): void {
    const sweepMs = Math.min(limits.idleMs, limits.windowMs) / SWEEPS;
    const { monotonic, onSlowClient: onCut } = deps;
    stopWatching = watchSlowClients({ limits, sweepMs }, { connections, isPressed, monotonic, onCut });
  }

  async function close(): Promise<void> {
    draining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    listener.dropSilent();
    connections.startDraining();
    http2.startDraining();
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
    const cut = setTimeout(() => {
      deps.closeTunnels();
      connections.destroyAll();
      http2.destroyAll();
      listener.destroyAll();
    }, options.drainMs);
    await closed;
    http2.stop();
    clearInterval(sweep);
    stopWatching();
    clearTimeout(cut);
  }

  async function start(): Promise<AddressInfo> {
    const address = await listen(server, options);
    watch();
    return address;
  }

  return { listen: start, setKeyPair: listener.setKeyPair, close };
}

function limitsOf({
  headersTimeoutMs = HEADERS_TIMEOUT_MS,
  keepAliveMs = KEEP_ALIVE_MS,
}: EdgeOptions): http.ServerOptions {
  return {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: headersTimeoutMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_SWEEP_MS, headersTimeoutMs),
    requestTimeout: 0, // an upload may take as long as it moves
    keepAliveTimeout: keepAliveMs,
    keepAlive: true,
    keepAliveInitialDelay: TCP_PROBE_MS,
  };
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
