/**
 * Sees to it that an address is free before several processes share it: they would share it with a stranger's
 * processes just as well. Each of them has a socket of its own there (SO_REUSEPORT), so that a worker that dies
 * takes no connection with it but its own.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { ListenAddress } from '../../config/parsers.ts';

/** Resolves with the port, a free one for 0; rejects with the system's error where it cannot be had. */
export async function claimPort({ host, port }: ListenAddress): Promise<number> {
  const server = createServer();
  server.listen({ host, port });
  await once(server, 'listening');
  const claimed = (server.address() as AddressInfo).port;
  server.close();
  await once(server, 'close');
  return claimed;
}
