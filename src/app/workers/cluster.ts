/**
 * Processes and the lines between them by node:cluster. Connections do not come through the first process, as is
 * node's way: with a worker that dies it would lose those that it was just handing over, and their visitors wait.
 */
import cluster, { type Worker } from 'node:cluster';
import type { ParentChannel, ToPrimary, ToWorker, WorkerProcess } from './messages.ts';

/** Starts another process with the same arguments and environment. */
export function forkWorker(): WorkerProcess {
  // Bytes cross as bytes, not as text.
  cluster.setupPrimary({ serialization: 'advanced' });
  const worker = cluster.fork();
  // What cannot be sent any more was for a worker that is gone; its end is reported by `exit`.
  worker.on('error', () => {});
  const child = worker.process;
  return {
    pid: child.pid!,
    send: (message) => sendTo(worker, message),
    onMessage: (listener) => void worker.on('message', listener),
    onExit: (listener) => void worker.once('exit', (code, signal) => listener(signal || `exit code ${code}`)),
    kill: () => child.kill('SIGKILL'),
  };
}

function sendTo(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => {});
}

/** In a worker the line to the first process; undefined in a process that nobody forked. */
export function parentChannel(): ParentChannel | undefined {
  const { worker } = cluster;
  if (worker === undefined) return undefined;
  return {
    send: (message: ToPrimary) => {
      if (worker.isConnected()) worker.send(message, () => {});
    },
    onMessage: (listener) => void worker.on('message', listener),
    onClose: (listener) =>
      void worker.once('disconnect', () => {
        // Else node ends the process in this instant, and visitors' exchanges with it.
        worker.exitedAfterDisconnect = true;
        listener();
      }),
    leave: () => {
      const self = worker.process;
      if (worker.isConnected()) self.disconnect();
    },
  };
}
