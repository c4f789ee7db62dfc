/**
 * A proxy in a process of its own, whose memory can then be measured: `fork` this file with the origin's port.
 * It sends `{ port }` when it listens, and answers any message with `{ rss }`, in bytes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startProxy } from './proxy.ts';

export type ProxyProcess = {
  readonly port: number;
  /** Resident bytes now. */
  rss(): Promise<number>;
  close(): Promise<void>;
};

export async function forkProxy(originPort: number): Promise<ProxyProcess> {
  const child = fork(fileURLToPath(import.meta.url), [String(originPort)]);
  const { port } = await nextMessage<{ port: number }>(child);
  async function rss(): Promise<number> {
    child.send('rss');
    return (await nextMessage<{ rss: number }>(child)).rss;
  }
  async function close(): Promise<void> {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  return { port, rss, close };
}

async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message');
  return message as T;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  const { port } = await startProxy(Number(process.argv[2]));
  process.send({ port });
  process.on('message', () => process.send!({ rss: process.memoryUsage.rss() }));
}
