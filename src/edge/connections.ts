/**
 * What each connection of a visitor is doing: how many of its requests have no whole answer yet, and whether
 * the answer that is under way will be its last. RFC 9112 §9.6: what a client sends after the request whose
 * answer closes the connection is not processed, however well it is formed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { leaveGently } from './leave.ts';
import { newPace, type Pace } from './pace.ts';

/**
 * Requests of one connection that may wait for their answers at once. Each has an exchange of its own with the
 * origin: without a bound one connection could take them all.
 */
const MAX_PIPELINED = 64;

type Connection = {
  unanswered: number;
  latest: ServerResponse | null;
  closing: boolean;
  /** Bytes that were read when it became ours, as it does again after a refused upgrade. */
  before: number;
  /** The counters when a client began to hold its body back until a 100; null where it holds back none. */
  heldBack: { read: number; written: number } | null;
  pace: Pace;
};

export type Connections = {
  /** Called for each new connection, and for one that asked for a tunnel in vain. */
  opened(socket: Socket): void;
  has(socket: Socket): boolean;
  /** False: the request came after the connection's last one, or is one too many, and is left alone. */
  begin(clientReq: IncomingMessage, clientRes: ServerResponse): boolean;
  /** Called when the request was dispatched: its answer may be the connection's last. */
  dispatched(clientRes: ServerResponse): void;
  /** Whether a byte has come since `opened`. */
  hasSpoken(socket: Socket): boolean;
  /** Whether a request of this connection waits for the end of its answer. */
  isBusy(socket: Socket): boolean;
  /** Whether our own bytes may be written onto it: no answer of ours is under way that they would end up in. */
  mayInterrupt(socket: Socket): boolean;
  /** Whether a body is due that nobody but the client keeps back: we are reading, and it was asked for. */
  owesBody(socket: Socket): boolean;
  forEach(visit: (socket: Socket, pace: Pace) => void): void;
  count(): number;
  /** From now on answers close their connections; those on which nothing ever came are closed at once. */
  startDraining(): void;
  /** Cuts all that are open. */
  destroyAll(): void;
};

export function createConnections(): Connections {
  const connections = new Map<Socket, Connection>();
  let draining = false;

  function opened(socket: Socket): void {
    const isNew = !connections.has(socket);
    const before = socket.bytesRead;
    const nothing = { unanswered: 0, latest: null, closing: false, heldBack: null };
    connections.set(socket, { ...nothing, before, pace: newPace() });
    if (!isNew) return;
    socket.once('close', () => connections.delete(socket));
    leaveGently(socket, isUnread);
  }

  function hasSpoken(socket: Socket): boolean {
    return socket.bytesRead > (connections.get(socket)?.before ?? 0);
  }

  function isUnread(socket: Socket): boolean {
    return connections.get(socket)?.latest?.req.complete === false;
  }

  function begin(clientReq: IncomingMessage, clientRes: ServerResponse): boolean {
    const connection = connections.get(clientReq.socket);
    if (connection === undefined || connection.closing) return false;
    if (connection.unanswered >= MAX_PIPELINED) {
      connection.closing = true;
      clientReq.socket.destroy();
      return false;
    }
    if (draining) clientRes.shouldKeepAlive = false;
    connection.unanswered += 1;
    connection.latest = clientRes;
    connection.heldBack = clientReq.headers.expect === undefined ? null : countersOf(clientReq.socket);
    clientRes.once('close', onAnswered);
    return true;
  }

  function onAnswered(this: ServerResponse): void {
    const connection = connections.get(this.req.socket);
    if (connection !== undefined) connection.unanswered -= 1;
  }

  function dispatched(clientRes: ServerResponse): void {
    if (clientRes.shouldKeepAlive) return;
    const connection = connections.get(clientRes.req.socket);
    if (connection !== undefined) connection.closing = true;
  }

  function mayInterrupt(socket: Socket): boolean {
    const connection = connections.get(socket);
    if (connection === undefined || connection.unanswered === 0) return true;
    return connection.unanswered === 1 && !connection.latest!.headersSent;
  }

  /** No earlier answer is under way, whose delay would be ours or the origin's. */
  function owesBody(socket: Socket): boolean {
    const { unanswered, latest, heldBack } = connections.get(socket)!;
    if (unanswered !== 1 || latest!.headersSent || latest!.req.complete) return false;
    return latest!.req.readableFlowing === true && (heldBack === null || isAsked(socket, heldBack));
  }

  function startDraining(): void {
    draining = true;
    for (const [socket, connection] of connections) {
      // A browser opens connections that it may need: they are no exchanges, nobody waits for them.
      if (socket.bytesRead === 0) socket.destroy();
      else if (connection.unanswered > 0 && !connection.latest!.headersSent) {
        connection.latest!.shouldKeepAlive = false;
        connection.closing = true;
      }
    }
  }

  function destroyAll(): void {
    for (const socket of connections.keys()) socket.destroy();
  }

  return {
    opened,
    has: (socket) => connections.has(socket),
    begin,
    dispatched,
    hasSpoken,
    isBusy: (socket) => (connections.get(socket)?.unanswered ?? 0) > 0,
    mayInterrupt,
    owesBody,
    forEach: (visit) => connections.forEach(({ pace }, socket) => void visit(socket, pace)),
    count: () => connections.size,
    startDraining,
    destroyAll,
  };
}

const countersOf = ({ bytesRead, bytesWritten }: Socket) => ({ read: bytesRead, written: bytesWritten });

/** RFC 9110 §10.1.1: it got its 100, or did not wait for one. */
function isAsked({ bytesRead, bytesWritten }: Socket, before: { read: number; written: number }): boolean {
  return bytesWritten > before.written || bytesRead > before.read;
}
