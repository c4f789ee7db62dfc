/** What node's HTTP/1.1 server tells, and what becomes of it: requests, upgrades, CONNECT, what the parser refuses. */
import type http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerAndLeave, badRequestAnswer, METHOD_NOT_ALLOWED } from './bad-request.ts';
import type { Connections } from './connections.ts';
import type { Handle } from './handle.ts';

export type Http1Deps = {
  connections: Connections;
  handle: Handle;
  /** The parser refused something; `code` is its name for the fault. */
  onBadRequest(code: string): void;
  isDraining(): boolean;
};

export function serveHttp1(server: http.Server, deps: Http1Deps): void {
  const { connections, handle } = deps;

  function onRequest(clientReq: IncomingMessage, clientRes: ServerResponse): void {
    if (!connections.begin(clientReq, clientRes)) return;
    handle.request(clientReq, clientRes);
    connections.dispatched(clientRes);
  }

  function onUpgrade(clientReq: IncomingMessage, duplex: Duplex, early: Buffer): void {
    const socket = duplex as Socket;
    socket.setTimeout(0);
    handle.upgrade(clientReq, { socket, early, giveBack: () => giveBack(socket) });
  }

  /** A refused upgrade leaves a connection like any other; node forgot it when it asked for a tunnel. */
  function giveBack(socket: Socket): void {
    if (deps.isDraining()) return void socket.end();
    server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
    socket.resume();
  }

  function onConnect(_clientReq: IncomingMessage, socket: Duplex): void {
    answerAndLeave(socket as Socket, METHOD_NOT_ALLOWED);
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
  server.on('upgrade', onUpgrade);
  server.on('connect', onConnect);
  server.on('clientError', onClientError);
}

/** For node's server; `connections` and `handle` say what may become a tunnel. */
export function http1Options({ connections, handle, isDraining }: Http1Deps): http.ServerOptions {
  return {
    optimizeEmptyRequests: true,
    requireHostHeader: false, // ours to refuse: see refuse.ts
    // While an earlier request waits for its answer, the bytes of a tunnel would get between.
    shouldUpgradeCallback: (clientReq: IncomingMessage) =>
      !isDraining() && !connections.isBusy(clientReq.socket) && handle.mayUpgrade(clientReq),
  } as http.ServerOptions;
}
