/** CPU of a message of 100 bytes and its echo through a tunnel; 64 of them at once. */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Benchmark, plainSetting, runBenchmarks } from './support/bench.ts';
import { end } from './support/candidates.ts';
import { measureWorks, type Work } from './support/work.ts';

const SUPPORT = join(import.meta.dirname, 'support');
const CONNECTIONS = 64;
const run = promisify(execFile);

/** Resolves with the echoes that came back. */
async function load({ url }: { url: string }, seconds: number): Promise<number> {
  const args = [join(SUPPORT, 'ws-load.ts'), new URL(url).port, String(CONNECTIONS), String(seconds)];
  const { stdout } = await run(process.execPath, args);
  return Number(stdout);
}

export const echoWork = (origin: string): Work => ({
  id: 'websocket',
  name: 'WebSocket echo',
  setting: () => plainSetting(origin),
  load,
  byPart3: { xNginx: 1.25 },
  inTheEnd: { xNginx: 1.1 },
});

export async function withEchoServer<T>(use: (origin: string) => Promise<T>): Promise<T> {
  const server = fork(join(SUPPORT, 'ws-echo.ts'));
  const [{ port }] = (await once(server, 'message')) as [{ port: number }];
  try {
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    await end(server);
  }
}

export const websocket: Benchmark = (bench) =>
  withEchoServer((origin) => measureWorks([echoWork(origin)])(bench));

if (import.meta.main) await runBenchmarks([websocket]);
