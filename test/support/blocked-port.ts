/**
 * A port that takes no connection and refuses none, as a machine that is too busy or behind a silent firewall:
 * its queue of connections is full, and a thread that never accepts holds it.
 */
import net from 'node:net';
import { Worker } from 'node:worker_threads';

const HOLDER = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;

export async function blockedPort(): Promise<{ port: number; close(): Promise<unknown> }> {
  const holder = new Worker(HOLDER, { eval: true });
  const port = await new Promise<number>((resolve) => holder.once('message', resolve));
  const fillers = Array.from({ length: 4 }, () =>
    net.connect({ port, host: '127.0.0.1' }).on('error', () => {}),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    port,
    close: () => {
      for (const filler of fillers) filler.destroy();
      return holder.terminate();
    },
  };
}
