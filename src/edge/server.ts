/** The listener that visitors reach: limits on what may come in, and a stop that lets exchanges finish. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Handle } from './handle.ts';

export type EdgeOptions = {
  host: string | undefined;
  port: number;
  maxConnections: number;
  /** How long exchanges may go on after `close` was called. */
  drainMs: number;
};

export type EdgeDeps = {
  handle: Handle;
  /** Cuts what is left of tunnels when the drain is over. */
  closeTunnels(): void;
  onBadRequest(code: string): void;
};

export type Edge = {
  listen(): Promise<AddressInfo>;
  /** Takes no new connections, waits for exchanges up to `drainMs`, then cuts. */
  close(): Promise<void>;
};

const MAX_HEADER_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_MS = 75_000;
const BACKLOG = 4096;
const IDLE_SWEEP_MS = 100;

export function createEdge(options: EdgeOptions, deps: EdgeDeps): Edge {
  const { handle } = deps;
  let draining = false;
  const server = http.createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0, // an upload may take as long as it moves
    keepAliveTimeout: KEEP_ALIVE_MS,
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: handle.mayUpgrade,
  } as http.ServerOptions);
  server.maxHeadersCount = 0; // bounded by bytes; a cut list would be forwarded as if it were whole
  server.maxConnections = options.maxConnections;

  function onRequest(clientReq: IncomingMessage, clientRes: ServerResponse): void {
    if (draining) clientRes.shouldKeepAlive = false;
    handle.request(clientReq, clientRes);
  }
  server.on('request', onRequest);
  server.on('checkContinue', (clientReq: IncomingMessage, clientRes: ServerResponse) => {
    clientRes.writeContinue();
    onRequest(clientReq, clientRes);
  });
  server.on('upgrade', (clientReq: IncomingMessage, socket: Duplex, early: Buffer) => {
    (socket as Socket).setTimeout(0);
    handle.upgrade(clientReq, socket, early);
  });
  server.on('connect', (_clientReq, socket: Duplex) => socket.end(BARE_ANSWERS[405]));
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    deps.onBadRequest(error.code ?? 'unknown');
    answerBadRequest(error.code, socket);
  });

  async function close(): Promise<void> {
    draining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
    const cut = setTimeout(() => {
      server.closeAllConnections();
      deps.closeTunnels();
    }, options.drainMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  }

  return { listen: () => listen(server, options), close };
}

function listen(server: http.Server, { host, port }: EdgeOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, backlog: BACKLOG, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

const bare = (status: string) => `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
const BARE_ANSWERS = {
  400: bare('400 Bad Request'),
  405: bare('405 Method Not Allowed\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'),
  408: bare('408 Request Timeout'),
  431: bare('431 Request Header Fields Too Large'),
};

/** What the parser refused never became a request: the answer goes onto the socket, which is then closed. */
function answerBadRequest(code: string | undefined, socket: Duplex): void {
  if (!socket.writable || code === 'ECONNRESET') return void socket.destroy();
  if (code === 'HPE_HEADER_OVERFLOW') return void socket.end(BARE_ANSWERS[431]);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return void socket.end(BARE_ANSWERS[408]);
  socket.end(BARE_ANSWERS[400]);
}
