/**
 * What the first process and its workers say to each other (WORKERS). The first has the journal, the sinks, the
 * metrics listener and the live view; the workers serve visitors and hand over what they accepted.
 */
import type { AppendOutcome } from '../../journal/append-queue.ts';
import type { StoreReport } from '../../telemetry/readiness.ts';
import type { Snapshot } from '../../telemetry/snapshots.ts';

export type ToPrimary =
  /** `lengths`: for each append the lengths of its records, which stand in `bytes` one behind the other. */
  | { kind: 'append'; id: number; lengths: number[][]; bytes: Uint8Array }
  | { kind: 'listening'; url: string }
  /** The worker cannot be had as it is: an address in use, and the like; it ends. */
  | { kind: 'failed'; error: ListenError }
  | { kind: 'metrics'; id: number; snapshot: Snapshot };

export type ToWorker =
  /** First of all: the port to serve on, and how the store stands. */
  | { kind: 'begin'; port: number; store: StoreStatus }
  /** One for each append of the message with that id, in order. */
  | { kind: 'appended'; id: number; outcomes: AppendOutcome[] }
  /** Now and then: what the worker says of the store. */
  | { kind: 'status'; store: StoreStatus }
  | { kind: 'collect-metrics'; id: number }
  | { kind: 'reload' }
  | { kind: 'stop' };

export type StoreStatus = { fill: number; report: StoreReport };

export type ListenError = { message: string; code?: string; address?: string; port?: number };

/** One end of the line between two processes. Messages arrive in order, or not at all once a side is gone. */
export type Channel<Out, In> = {
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
};

/** The line of a worker to the first process. */
export type ParentChannel = Channel<ToPrimary, ToWorker> & {
  /** The first process is gone. The worker is not ended by that; it has to end itself. */
  onClose(listener: () => void): void;
  /** Hangs up, so that the line keeps the process alive no longer. */
  leave(): void;
};

/** The line of the first process to a worker. */
export type WorkerProcess = Channel<ToWorker, ToPrimary> & {
  readonly pid: number;
  /** `how`: `exit code 1`, `SIGKILL`. */
  onExit(listener: (how: string) => void): void;
  kill(): void;
};
