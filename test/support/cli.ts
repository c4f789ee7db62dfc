/** A command run in this process, through the door that main.ts uses. */
import { readFileSync } from 'node:fs';
import { parseArguments } from '../../src/cli/arguments.ts';
import { run } from '../../src/cli/run.ts';

export type CliRun = {
  /** What it printed so far. */
  out(): string;
  error(): string;
  /** Asks it to stop, as Ctrl-C does. */
  stop(): void;
  readonly code: Promise<number>;
};

export type CliOptions = {
  env?: Record<string, string>;
  /** Of the terminal that standard output is; null: it is none. */
  columns?: number | null;
};

export function startCli(argv: readonly string[], { env = {}, columns = null }: CliOptions = {}): CliRun {
  const out: string[] = [];
  const error: string[] = [];
  const stopping = Promise.withResolvers<string>();
  const code = run({
    args: parseArguments(argv),
    env: { LOG_LEVEL: 'silent', ...env },
    terminal: false,
    columns,
    print: (text) => void out.push(`${text}\n`),
    outputClosed: () => new Promise(() => {}),
    printError: (text) => void error.push(`${text}\n`),
    readFile: (path) => readFileSync(path, 'utf8'),
    runtime: {
      owner: `test ${process.pid}`,
      writeOut(bytes, done) {
        out.push(String(bytes));
        done();
      },
    },
    stopSignal: () => stopping.promise,
    onFault: () => {},
    onHangUp: () => {},
  });
  return {
    out: () => out.join(''),
    error: () => error.join(''),
    stop: () => stopping.resolve('SIGINT'),
    code,
  };
}

export async function runCli(argv: readonly string[], options?: CliOptions) {
  const running = startCli(argv, options);
  const code = await running.code;
  return { code, out: running.out(), error: running.error() };
}
