/**
 * Upgrades (RFC 9110 §7.8): after the origin's 101, bytes both ways until either side is done. A refusal is
 * passed on as it came. Written on the platform's sockets, because what follows a 101 is no HTTP any more.
 */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RequestSide } from '../http/exchange.ts';
import { isName, type RawHeaders } from '../http/raw-headers.ts';
import { clientHeaders, originHeaders, type RequestHeaderOptions } from './request-headers.ts';

export type TunnelOptions = RequestHeaderOptions & {
  protocol: 'http:' | 'https:';
  hostname: string;
  port: number;
  socketPath?: string | undefined;
  basePath: string;
  connectTimeoutMs: number;
  headTimeoutMs: number;
  tls: { rejectUnauthorized: boolean; ca?: string | undefined };
};

export type TunnelDeps = {
  onOpen(): void;
  onClose(): void;
  onFailure(exchange: RequestSide, cause: Error): void;
};

/** What the edge hands over: the request, its socket, and the bytes that came right behind the head. */
export type Upgrade = { exchange: RequestSide; socket: Duplex; early: Buffer };

export type Tunnels = {
  open(upgrade: Upgrade): void;
  /** Cuts every tunnel that is open. */
  closeAll(): void;
};

export function createTunnels(options: TunnelOptions, deps: TunnelDeps): Tunnels {
  const open = new Set<Duplex>();

  function track(socket: Duplex): void {
    open.add(socket);
    deps.onOpen();
    socket.once('close', () => {
      open.delete(socket);
      deps.onClose();
    });
  }

  function openTunnel(upgrade: Upgrade): void {
    const { exchange, socket, early } = upgrade;
    const originReq = requestUpgrade(exchange, options);
    socket.on('error', () => originReq.destroy());
    socket.once('close', () => originReq.destroy());
    originReq.on('upgrade', (originRes: IncomingMessage, originSocket: Duplex, originEarly: Buffer) => {
      originReq.setTimeout(0);
      track(socket);
      socket.write(
        headOf(originRes, ['Connection', 'Upgrade', 'Upgrade', originRes.headers.upgrade ?? '']),
        'latin1',
      );
      if (originEarly.length > 0) socket.write(originEarly);
      if (early.length > 0) originSocket.write(early);
      join(socket, originSocket);
    });
    originReq.on('response', (originRes: IncomingMessage) => passRefusal(originRes, socket));
    originReq.on('error', (cause) => {
      if (!socket.destroyed) deps.onFailure(exchange, cause);
      socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    originReq.end();
  }

  return {
    open: openTunnel,
    closeAll: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

function requestUpgrade(exchange: RequestSide, options: TunnelOptions): http.ClientRequest {
  const { clientReq } = exchange;
  const headers = originHeaders(exchange, options);
  headers.push('Connection', 'Upgrade', 'Upgrade', clientReq.headers.upgrade ?? '');
  const secure = options.protocol === 'https:';
  const originReq = (secure ? https : http).request({
    host: options.hostname,
    port: options.port,
    socketPath: options.socketPath,
    method: clientReq.method,
    path: options.basePath + clientReq.url!,
    headers,
    setHost: false,
    agent: false,
    timeout: options.headTimeoutMs,
    ...(secure ? options.tls : {}),
  } as https.RequestOptions);
  originReq.on('timeout', () =>
    originReq.destroy(new Error('the origin did not answer the upgrade in time')),
  );
  return originReq;
}

/** Bytes both ways. A side that is done half-closes the other; a side that broke takes the other along. */
function join(client: Duplex, origin: Duplex): void {
  client.pipe(origin);
  origin.pipe(client);
  client.on('error', () => origin.destroy());
  origin.on('error', () => client.destroy());
  client.once('close', () => origin.destroy());
  origin.once('close', () => client.destroy());
}

/**
 * The origin said no: its answer as it came, and the end of the connection, whose next bytes nobody parsed.
 * The close ends the body, so a body that was cut must end in a reset instead.
 */
function passRefusal(originRes: IncomingMessage, socket: Duplex): void {
  socket.write(headOf(originRes, ['Connection', 'close']), 'latin1');
  originRes.once('aborted', () => (socket as Socket).resetAndDestroy());
  originRes.pipe(socket);
}

function headOf(originRes: IncomingMessage, hopByHop: RawHeaders): string {
  const headers = [...clientHeaders(originRes.rawHeaders), ...hopByHop];
  let text = `HTTP/1.1 ${originRes.statusCode} ${originRes.statusMessage}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    if (originRes.statusCode === 101 && isName(headers[i]!, 'content-length')) continue; // RFC 9110 §8.6
    text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  }
  return `${text}\r\n`;
}
