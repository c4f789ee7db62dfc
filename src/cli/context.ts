/** What a command may see of the process: main.ts hands it over, tests make their own. */
import type { Runtime } from '../app/runtime.ts';
import type { Arguments } from './arguments.ts';

export type Context = {
  args: Arguments;
  env: Readonly<Record<string, string | undefined>>;
  /** A person looks at standard error: colours, pretty lines, a banner. */
  terminal: boolean;
  /** Columns of the terminal that standard output is; null where it is none. */
  columns: number | null;
  /** A line on standard output. */
  print(text: string): void;
  /** Resolves when nobody reads standard output any more, as behind `| head`; asked for, that ends no process. */
  outputClosed(): Promise<void>;
  /** A line on standard error. */
  printError(text: string): void;
  readFile(path: string): string;
  runtime: Runtime;
  /** Resolves when the process is asked to stop, with the signal's name. */
  stopSignal(): Promise<string>;
  /** What would have ended the process: an exception or a rejection that nobody caught. */
  onFault(listener: (fault: unknown) => void): void;
  /** Each call of the listener is one SIGHUP. */
  onHangUp(listener: () => void): void;
};

/** Returns the exit code: 0 fine, 1 failed, 2 wrong usage or configuration. */
export type Command = (context: Context) => Promise<number>;
