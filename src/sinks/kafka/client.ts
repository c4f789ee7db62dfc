/** Clients of the library: loaded, kept from harm, dropped. */
import type { Base } from '@platformatic/kafka';

/** By the first Kafka sink that opens, and not at all without one: it takes tens of megabytes. */
export const library = () => import('@platformatic/kafka');

/** The second error of a connection finds no listener of the library, and would end the process. */
export function listen(client: Base): void {
  client.connections.on('connecting', ({ connection }) => connection.on('error', () => {}));
}

/** At once: a frozen broker never takes the bytes that a close would wait for. */
export function drop(client: Base): void {
  const sockets = [...client.connections].map(([, connection]) => connection.socket);
  client.close().catch(() => {});
  for (const socket of sockets) socket?.destroy();
}
