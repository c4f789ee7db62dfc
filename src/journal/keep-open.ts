/**
 * A journal for the whole life of the process, even while its folder cannot be opened: the site is served and
 * events are refused with `unavailable`, and a disk that comes back, or a folder that another instance lets go,
 * is used from then on.
 */
import { type BackoffOptions, backoffMs, type Sleep } from '../lib/backoff.ts';
import { ACCEPTED, UNAVAILABLE } from './append-queue.ts';
import type { Cursor } from './cursor.ts';
import type { Journal, OpenOutcome } from './journal.ts';
import type { JournalLog } from './log.ts';
import { createSubscribers } from './subscribers.ts';

export type KeepOpenDeps = {
  readonly sleep: Sleep;
  readonly random: () => number;
  readonly log: JournalLog;
};

export type KeptJournal = {
  /** The same object before, while and after the real one is open. */
  readonly journal: Journal;
  /** What came of the first attempt, for the one who reads the start of the log. */
  readonly firstAttempt: Promise<OpenOutcome>;
};

const BACKOFF: BackoffOptions = { baseMs: 1000, maxMs: 30_000 };

/** `open` makes one attempt; it is called until it succeeds or the journal is closed. */
export function keepOpen(
  open: () => Promise<OpenOutcome>,
  deps: KeepOpenDeps,
  backoff: BackoffOptions = BACKOFF,
): KeptJournal {
  const subscribers = createSubscribers(deps.log);
  const stop = new AbortController();
  const opened = Promise.withResolvers<Journal>();
  const firstAttempt = Promise.withResolvers<OpenOutcome>();
  let current = unavailableJournal('it is being opened');

  const attempts = async () => {
    for (let failures = 0; !stop.signal.aborted; ) {
      const outcome = await open();
      firstAttempt.resolve(outcome);
      if (outcome.ok) return use(outcome.journal);
      failures += 1;
      if (failures === 1)
        deps.log.error({ reason: outcome.reason }, `no journal, events are refused: ${outcome.message}`);
      current = unavailableJournal(outcome.message);
      await deps.sleep(backoffMs(failures, backoff, deps.random), stop.signal);
    }
  };

  const use = async (journal: Journal) => {
    if (stop.signal.aborted) return journal.close();
    journal.subscribe(subscribers.tell);
    current = journal;
    opened.resolve(journal);
  };

  const running = attempts();
  const journal: Journal = {
    append: (records) => current.append(records),
    fill: () => current.fill(),
    subscribe: subscribers.add,
    cursor: async (name) => (await opened.promise).cursor(name),
    state: () => (stop.signal.aborted ? { kind: 'closed' } : current.state()),
    stats: () => current.stats(),
    async close() {
      stop.abort();
      // An attempt at a disk that hangs is left behind; should it succeed after all, it closes again by itself.
      await Promise.race([running, deps.sleep(backoff.baseMs)]);
      await current.close();
    },
  };
  return { journal, firstAttempt: firstAttempt.promise };
}

/** A journal that cannot be used: it accepts nothing, holds nothing, and its cursors never come. */
export function unavailableJournal(reason: string): Journal {
  const never = new Promise<Cursor>(() => {});
  return {
    append: async (records) => (records.length === 0 ? ACCEPTED : UNAVAILABLE),
    fill: () => 0,
    subscribe: () => () => {},
    cursor: () => never,
    state: () => ({ kind: 'unavailable', reason }),
    stats: () => ({ bytes: 0, segments: 0, oldestSeconds: 0 }),
    close: async () => {},
  };
}
