/** A socket to the origin: TCP, TLS or unix, within its time. */
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { OriginTls } from './origin-client.ts';
import { createReadBuffer, type ReadBuffer } from './read-buffer.ts';

export type OriginPlace = {
  protocol: 'http:' | 'https:';
  hostname: string;
  port: number;
  socketPath?: string | undefined;
  connectTimeoutMs: number;
  tls: OriginTls;
  lookup?: net.LookupFunction;
};

/** One of the two is called, once. `reads` is null where the socket reads into buffers of its own (TLS). */
export type ConnectEvents = {
  onConnected(socket: Socket, reads: ReadBuffer | null): void;
  onFailed(socket: Socket, cause: Error): void;
};

/** The socket that comes back may be destroyed, with a reason, to give up. */
export function connect(place: OriginPlace, events: ConnectEvents): Socket {
  const secure = place.protocol === 'https:';
  const reads = secure ? null : createReadBuffer();
  const socket = openSocket(place, reads);
  const timer = setTimeout(() => socket.destroy(connectTimeout()), place.connectTimeoutMs);
  function onError(cause: Error): void {
    clearTimeout(timer);
    events.onFailed(socket, cause);
  }
  socket.once('error', onError);
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    socket.off('error', onError);
    events.onConnected(socket, reads);
  });
  return socket;
}

function openSocket(place: OriginPlace, reads: ReadBuffer | null): Socket {
  const { port, socketPath, lookup } = place;
  const hostname = place.hostname.replace(/^\[|\]$/g, ''); // an IPv6 address stands in brackets
  const where = socketPath === undefined ? { host: hostname, port } : { path: socketPath };
  const common = { ...where, noDelay: true, ...(lookup === undefined ? {} : { lookup }) };
  if (reads !== null)
    return net.connect({ ...common, keepAlive: true, onread: reads.onread } as net.NetConnectOpts);
  const servername = net.isIP(hostname) === 0 ? hostname : '';
  const ALPNProtocols = ['http/1.1'];
  return tls.connect({ ...common, ...place.tls, servername, ALPNProtocols } as tls.ConnectionOptions);
}

const connectTimeout = () => Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });
