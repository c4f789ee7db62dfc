/**
 * The end of a connection after its last answer. Node closes both directions as soon as the answer is written; where
 * a body is still on its way, TCP answers it with a reset, and a reset takes the answer along. So what still comes is
 * read and thrown away for a moment (RFC 9112 §9.6).
 */
import type { Socket } from 'node:net';

const LINGER_MS = 500;

/** `isUnread`: whether the body of the last request has not all come. Called once for each connection. */
export function leaveGently(socket: Socket, isUnread: (socket: Socket) => boolean): void {
  const { destroySoon } = socket;
  // The one word that node's server has for the end of a connection.
  socket.destroySoon = () => {
    if (!isUnread(socket)) return destroySoon.call(socket);
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
  };
}
