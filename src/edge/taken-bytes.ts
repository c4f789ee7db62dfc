/** How much of what was written onto a connection the system has taken on, which is how fast its reader reads. */
import type { Socket } from 'node:net';

/**
 * `socket.bytesWritten` counts a write whole when it begins, and a large one may take a slow reader minutes; how much
 * of it is left only the handle knows. Under TLS it is the handle below, whose bytes are encrypted. -1 where the
 * connection is gone.
 */
export function takenBytes(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: Handle | null };
  if (!handle) return -1;
  const { bytesWritten, writeQueueSize } = handle._parent ?? handle;
  return bytesWritten - writeQueueSize;
}

type Handle = { bytesWritten: number; writeQueueSize: number; _parent?: Handle };
