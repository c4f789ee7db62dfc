import type { ParentChannel, WorkerProcess } from './workers/messages.ts';

/** What the app needs of the process that it runs in; only main.ts sees the process itself. */
export type Runtime = {
  /** Who we are, for somebody who finds the journal locked: `pid 12 on web1`. */
  owner: string;
  /** Writes on standard output and calls back when it has been handed over (LOG_PATH=stdout). */
  writeOut(bytes: Buffer, done: (error?: Error | null) => void): void;
  /** Starts another process like this one as its worker; absent where there are to be none. */
  fork?: () => WorkerProcess;
  /** In a worker: the line to the process that started it. */
  parent?: ParentChannel | undefined;
};
