/**
 * What listens: node's HTTP server in the clear, or the same over TLS, where a client that chose `h2` (ALPN, RFC
 * 7301) is handed on before HTTP/1.1 would see it. Everything that holds for HTTP/1.1 in the clear holds over TLS.
 */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { KeyPair } from '../config/certificate.ts';

export type TlsOptions = {
  readonly keyPair: KeyPair;
  /** From the connection to the end of its handshake. */
  readonly handshakeTimeoutMs: number;
};

export type ListenerEvents = {
  /** A connection that speaks HTTP/1.1. */
  onHttp1(socket: Socket): void;
  onHttp2(socket: TLSSocket): void;
  /** Under TLS: a client that speaks HTTP in the clear. `socket` is the connection below TLS. */
  onClearText(socket: Socket): void;
  /** Whether a client that offers HTTP/2 gets it; HTTP/1.1 if not. */
  mayUseHttp2(socket: TLSSocket): boolean;
};

export type Listener = {
  server: http.Server;
  /** Closes connections that have not begun their TLS handshake: nobody waits for them. */
  dropSilent(): void;
  /** Cuts connections in whatever state they are. */
  destroyAll(): void;
  /** For new connections; throws where the pair is none. */
  setKeyPair(pair: KeyPair): void;
};

export function createListener(
  options: http.ServerOptions,
  tls: TlsOptions | undefined,
  events: ListenerEvents,
): Listener {
  if (tls !== undefined) return createTlsListener(options, tls, events);
  const server = http.createServer(options);
  server.on('connection', events.onHttp1);
  return { server, dropSilent: nothing, destroyAll: nothing, setKeyPair: nothing };
}

const MIN_VERSION = { minVersion: 'TLSv1.2' } as const;

/** Ours first. */
const PROTOCOLS = ['h2', 'http/1.1'];

function createTlsListener(options: http.ServerOptions, tls: TlsOptions, events: ListenerEvents): Listener {
  /** As they came from the network: TLS is between them and what the events get. */
  const sockets = new Set<Socket>();
  /** `this` is the client's socket; undefined refuses the handshake (RFC 7301 §3.2). */
  function chooseProtocol(this: unknown, { protocols }: { protocols: string[] }): string | undefined {
    const mayUse = (protocol: string) =>
      protocols.includes(protocol) && (protocol !== 'h2' || events.mayUseHttp2(this as TLSSocket));
    return PROTOCOLS.find(mayUse);
  }
  const server = https.createServer({
    ...options,
    ...MIN_VERSION,
    ...tls.keyPair,
    ALPNCallback: chooseProtocol,
    handshakeTimeout: tls.handshakeTimeoutMs,
  });
  const serveHttp1 = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // Before the listener that destroys it: what is below TLS can still be written to.
  server.prependListener('tlsClientError', (error: Error & { code?: string }, socket: TLSSocket) => {
    const { _parent: raw } = socket as TLSSocket & { _parent?: Socket };
    if (error.code === 'ERR_SSL_HTTP_REQUEST' && raw !== undefined) events.onClearText(raw);
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') return events.onHttp2(socket);
    events.onHttp1(socket);
    for (const serve of serveHttp1) serve.call(server, socket);
  });
  return {
    server: server as unknown as http.Server,
    dropSilent() {
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    },
    destroyAll() {
      for (const socket of sockets) socket.destroy();
    },
    setKeyPair: (pair) => server.setSecureContext({ ...MIN_VERSION, ...pair }),
  };
}

function nothing(): void {}
