/** The program itself as a child process, as a user starts it: environment in, addresses out of its log. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type GotrackProcess = {
  site: string;
  /** Null where METRICS_ENABLED is not set. */
  admin: string | null;
  pid: number;
  /** Every line of its log so far. */
  log: string[];
  /** Asks it to stop and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
export const TEST_SECRET = 'a secret for tests that nobody else has, 0123456789';

type Listening = { msg: string; site: string; admin: string | null };

export async function startGotrack(env: Record<string, string>, command = 'serve'): Promise<GotrackProcess> {
  const child = spawn(process.execPath, [MAIN, command], {
    env: { PATH: process.env.PATH ?? '', SERVER_ADDR: '127.0.0.1:0', METRICS_ADDR: '127.0.0.1:0', ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const log: string[] = [];
  const listening = await firstListening(child, log);
  return {
    site: listening.site,
    admin: listening.admin,
    pid: child.pid!,
    log,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      const [code] = await exited;
      return code as number | null;
    },
  };
}

function firstListening(child: ChildProcess, log: string[]): Promise<Listening> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      log.push(line);
      const parsed = parse(line);
      if (parsed?.msg === 'listening') resolve(parsed);
    });
    child.once('exit', (code) =>
      reject(new Error(`gotrack ended with ${code} before it listened:\n${log.join('\n')}`)),
    );
  });
}

function parse(line: string): Listening | null {
  try {
    return JSON.parse(line) as Listening;
  } catch {
    return null;
  }
}
