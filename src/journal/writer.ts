/**
 * Appends wait in a queue; while one group of them is written and synced, the next one gathers (natural group
 * commit). At most one disk call is in flight here, whatever waits.
 *
 * A write or a sync that fails is never tried again on the same file: the kernel may have dropped the pages and
 * call the next sync good. Its group is told `unavailable` and the next one goes to a new file; if that fails
 * too, appends are refused while the writer tries again with growing pauses. While a call hangs, appends wait
 * for `appendTimeoutMs`; then they, and all that come until it returns, are told `unavailable`.
 */
import { type BackoffOptions, backoffMs, type Sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { errorText } from '../lib/fs.ts';
import { ACCEPTED, type AppendOutcome, createAppendQueue, UNAVAILABLE } from './append-queue.ts';
import type { JournalLog } from './log.ts';
import { framedBytes } from './segment.ts';
import type { SyncMode, Tail } from './tail.ts';

export type WriterOptions = {
  readonly sync: SyncMode;
  /** Of the whole journal, on the disk and in the queue. */
  readonly maxBytes: number;
  /** One group; a single append may be larger. */
  readonly commitBytes: number;
  /** Appends that wait in memory. */
  readonly queueBytes: number;
  readonly appendTimeoutMs: number;
  readonly syncIntervalMs: number;
  readonly backoff: BackoffOptions;
};

export type WriterDeps = {
  readonly tail: Tail;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly log: JournalLog;
  /** Bytes that the journal takes on the disk. */
  readonly diskBytes: () => number;
  /** Seconds of each group commit, write and sync. */
  readonly committed: (seconds: number) => void;
  /** The records of each group that was answered `ok`. */
  readonly accepted: (records: readonly Buffer[]) => void;
};

export type WriterState = { kind: 'open' } | { kind: 'unavailable'; reason: string } | { kind: 'closed' };

export type Writer = {
  /** Makes the first segment; where that fails the writer starts out unavailable and goes on trying. */
  start(): Promise<void>;
  append(records: readonly Buffer[]): Promise<AppendOutcome>;
  state(): WriterState;
  /** 0 to 1: how much of the maximum is used. */
  fill(): number;
  /** Whether no disk call is under way, not even one that hangs. */
  atRest(): boolean;
  /** Refuses new appends, commits those that wait, closes the file; waits for a hanging disk like an append. */
  close(): Promise<void>;
};

export function createWriter(options: WriterOptions, deps: WriterDeps): Writer {
  const { clock, tail, log } = deps;
  const queue = createAppendQueue(options.appendTimeoutMs, clock.monotonic);
  const stop = new AbortController();
  let state: WriterState = { kind: 'open' };
  let failuresInARow = 0;
  /** Since when a disk call is under way, monotonic. */
  let atDiskSince: number | null = null;
  let running: Promise<void> | null = null;
  let syncIsDue = false;

  const hangs = () => atDiskSince !== null && clock.monotonic() - atDiskSince > options.appendTimeoutMs;

  const refusal = (bytes: number): AppendOutcome | null => {
    if (state.kind === 'closed') return { ok: false, reason: 'closed' };
    if (state.kind === 'unavailable' || hangs()) return UNAVAILABLE;
    const waiting = queue.bytes();
    if (deps.diskBytes() + waiting + bytes > options.maxBytes) return { ok: false, reason: 'full' };
    return waiting > 0 && waiting + bytes > options.queueBytes ? { ok: false, reason: 'busy' } : null;
  };

  const wake = () => {
    // The rest of this turn of the event loop joins the first group.
    if (running === null) running = new Promise((resolve) => setImmediate(() => resolve(run())));
  };

  const run = async (): Promise<void> => {
    for (;;) {
      if (syncIsDue) await visitDisk(syncLate);
      const records = queue.take(options.commitBytes);
      if (records === null) break;
      await visitDisk(() => commit(records));
    }
    running = null;
  };

  const visitDisk = async (work: () => Promise<void>) => {
    const problem = await problemAtDisk(work);
    if (problem === null) return;
    queue.settle(UNAVAILABLE);
    failed(problem);
  };

  const problemAtDisk = async (work: () => Promise<void>): Promise<string | null> => {
    atDiskSince = clock.monotonic();
    try {
      await work();
      return null;
    } catch (error) {
      return errorText(error);
    } finally {
      atDiskSince = null;
    }
  };

  const commit = async (records: readonly Buffer[]) => {
    const started = clock.monotonic();
    await tail.commit(records);
    failuresInARow = 0;
    if (options.sync === 'interval') syncLater();
    deps.committed((clock.monotonic() - started) / 1000);
    queue.settle(ACCEPTED);
    deps.accepted(records);
  };

  const syncLate = async () => {
    syncIsDue = false;
    await tail.sync();
  };

  const failed = (problem: string) => {
    failuresInARow += 1;
    log.error({ error: problem, failuresInARow }, 'the journal could not write');
    // Once is an accident: those that wait go to a new file. Twice in a row is a disk that fails.
    if (failuresInARow === 1) return;
    queue.refuse();
    if (state.kind === 'open') becomeUnavailable(problem);
  };

  const becomeUnavailable = (problem: string) => {
    state = { kind: 'unavailable', reason: problem };
    void tryAgain();
  };

  const tryAgain = async () => {
    while (state.kind === 'unavailable') {
      await deps.sleep(backoffMs(failuresInARow, options.backoff, deps.random), stop.signal);
      if (stop.signal.aborted) return;
      const problem = await problemAtDisk(tail.begin);
      if (stop.signal.aborted) return;
      if (problem === null) log.info({}, 'the journal has a file to write to again');
      else failuresInARow += 1;
      state = problem === null ? { kind: 'open' } : { kind: 'unavailable', reason: problem };
    }
  };

  let syncTimer: NodeJS.Timeout | null = null;
  const syncLater = () => {
    if (syncTimer !== null) return;
    syncTimer = setTimeout(() => {
      syncTimer = null;
      syncIsDue = true;
      wake();
    }, options.syncIntervalMs).unref();
  };

  return {
    async start() {
      const problem = await problemAtDisk(tail.begin);
      if (problem === null) return;
      failuresInARow = 1;
      log.error({ error: problem }, 'the journal has no file to write to');
      becomeUnavailable(problem);
    },
    append(records) {
      const bytes = framedBytes(records);
      if (bytes === 0) return Promise.resolve(ACCEPTED);
      const refused = refusal(bytes);
      if (refused !== null) return Promise.resolve(refused);
      const answer = queue.push(records, bytes);
      wake();
      return answer;
    },
    state: () => (state.kind === 'open' && hangs() ? HANGS : state),
    fill: () => (deps.diskBytes() + queue.bytes()) / options.maxBytes,
    atRest: () => atDiskSince === null,
    async close() {
      if (state.kind === 'closed') return;
      state = { kind: 'closed' };
      stop.abort();
      const patience = deps.sleep(options.appendTimeoutMs);
      await Promise.race([running, patience]);
      // A call that still hangs may return at any time, and nothing else may be under way on its file then.
      if (atDiskSince === null) await Promise.race([visitDisk(tail.close), patience]);
    },
  };
}

const HANGS: WriterState = { kind: 'unavailable', reason: 'the disk does not answer' };
