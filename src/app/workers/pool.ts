/** The workers of the first process: as many as there are to be, started again when they end. */
import { type BackoffOptions, backoffMs, type Sleep } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import { countedIn, mergeSnapshots, type Snapshot } from '../../telemetry/snapshots.ts';
import type { ListenError, ToPrimary, ToWorker, WorkerProcess } from './messages.ts';

export type PoolOptions = {
  readonly workers: number;
  /** How long a worker may take to end when it is asked to. */
  readonly stopMs: number;
};

export type PoolDeps = {
  readonly fork: () => WorkerProcess;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: () => number;
  readonly log: Logger;
  /** What a new worker is told first. */
  readonly greeting: () => ToWorker;
  /** Appends of a worker; resolves with the message that answers them. */
  readonly append: (message: ToPrimary & { kind: 'append' }) => Promise<ToWorker>;
};

export type Pool = {
  /** Resolves with the site's URL when each worker serves; rejects with what the first that cannot says. */
  start(): Promise<string>;
  broadcast(message: ToWorker): void;
  /** What the workers counted, those that are gone included; one that does not answer in time is left out. */
  snapshots(): Promise<Snapshot[]>;
  /** Has all workers stop and waits for their end. */
  close(): Promise<void>;
};

const BACKOFF: BackoffOptions = { baseMs: 200, maxMs: 30_000 };
/** A worker that lived this long did not fail because of how it started. */
const STEADY_MS = 10_000;
const METRICS_MS = 1000;

type Asked = { readonly id: number; readonly answer: (snapshot: Snapshot | null) => void };

/** A worker that runs, and what it counted when it was asked last. */
type Running = { readonly line: WorkerProcess; snapshot: Snapshot | null; asked: Asked | null };

export function createPool(options: PoolOptions, deps: PoolDeps): Pool {
  const { clock, log } = deps;
  const running = new Set<Running>();
  const stopping = new AbortController();
  const first = Promise.withResolvers<string>();
  let listening = 0;
  let gone: Snapshot = [];
  let nextId = 1;

  const take = (worker: Running, message: ToPrimary) => {
    if (message.kind === 'append') void deps.append(message).then(worker.line.send);
    if (message.kind === 'metrics' && worker.asked?.id === message.id) worker.asked.answer(message.snapshot);
    if (message.kind === 'failed') first.reject(errorOf(message.error));
    if (message.kind === 'listening') {
      listening += 1;
      if (listening === options.workers) first.resolve(message.url);
      if (listening > options.workers) log.info({ pid: worker.line.pid }, 'a new worker serves');
    }
  };

  /** Runs one worker to its end. */
  const runOne = async (): Promise<string> => {
    const worker: Running = { line: deps.fork(), snapshot: null, asked: null };
    running.add(worker);
    worker.line.onMessage((message) => take(worker, message));
    worker.line.send(deps.greeting());
    const how = await new Promise<string>((resolve) => worker.line.onExit(resolve));
    running.delete(worker);
    worker.asked?.answer(null);
    if (worker.snapshot !== null) gone = await mergeSnapshots([gone, countedIn(worker.snapshot)]);
    return how;
  };

  /** Keeps one place filled. */
  const keepOne = async () => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const began = clock.monotonic();
      const how = await runOne();
      if (stopping.signal.aborted) return;
      failures = clock.monotonic() - began < STEADY_MS ? failures + 1 : 0;
      log.error({ how }, 'a worker ended and is started again; the others serve on');
      first.reject(new Error(`a worker ended with ${how} before it could serve`));
      if (failures > 0) await deps.sleep(backoffMs(failures, BACKOFF, deps.random), stopping.signal);
    }
  };

  const ask = async (worker: Running): Promise<void> => {
    const id = nextId++;
    const answered = new Promise<Snapshot | null>((answer) => {
      worker.asked = { id, answer };
    });
    worker.line.send({ kind: 'collect-metrics', id });
    const answer = await Promise.race([answered, deps.sleep(METRICS_MS).then(() => null)]);
    worker.snapshot = answer ?? worker.snapshot;
  };

  let places: Promise<void>[] = [];
  return {
    start() {
      first.promise.catch(() => {});
      places = Array.from({ length: options.workers }, keepOne);
      return first.promise;
    },
    broadcast(message) {
      for (const { line } of running) line.send(message);
    },
    async snapshots() {
      await Promise.all([...running].map(ask));
      const live = [...running].flatMap(({ snapshot }) => (snapshot === null ? [] : [snapshot]));
      return [gone, ...live];
    },
    async close() {
      stopping.abort();
      for (const { line } of running) line.send({ kind: 'stop' });
      const ended = Promise.all(places);
      await Promise.race([ended, deps.sleep(options.stopMs)]);
      for (const { line } of running) line.kill();
      await ended;
    },
  };
}

function errorOf({ message, ...facts }: ListenError): Error {
  return Object.assign(new Error(message), facts);
}
