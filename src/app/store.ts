/** Where accepted events go: the journal, and the sinks behind it. One process of an instance has it. */
import type { Config } from '../config/fields.ts';
import type { AppendOutcome } from '../journal/append-queue.ts';
import type { Journal, JournalOptions } from '../journal/journal.ts';
import { keepOpen } from '../journal/keep-open.ts';
import { takeLock } from '../journal/lock.ts';
import { openJournal } from '../journal/open-journal.ts';
import { sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { nodeFs } from '../lib/fs.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { JournalReport, StoreReport } from '../telemetry/readiness.ts';
import { startDeliveries } from './delivery.ts';
import type { Runtime } from './runtime.ts';

export type StoreDeps = { clock: Clock; log: Logger; metrics: Metrics; runtime: Runtime };

/** As the rest of the house sees it, in whichever process it is. */
export type Store = {
  /** Resolves when the records are durable, or with the reason why they are not accepted: all or none. */
  append(records: readonly Buffer[]): Promise<AppendOutcome>;
  /** How much of JOURNAL_MAX_BYTES is used, 0 to 1. */
  fill(): number;
  report(): StoreReport;
  close(): Promise<void>;
};

export type OwnStore = Store & {
  subscribe: Journal['subscribe'];
  journalBytes(): number;
  /** Of DEAD_LETTER_PATH. */
  deadLetterBytes(): number;
  /** Reopens log files (SIGHUP). */
  reload(): void;
  /** Syncs what was accepted and gives the sinks a moment; what is left stays in the journal. */
  close(): Promise<void>;
};

/** A disk that does not answer at the start must not keep the site from being served. */
const OPEN_PATIENCE_MS = 5000;
const DELIVERY_DEADLINE_MS = 1500;
const HOUR_MS = 3_600_000;

export async function openStore(config: Config, deps: StoreDeps): Promise<OwnStore> {
  const journal = await openTheJournal(config, deps);
  const deliveries = startDeliveries(config, { ...deps, journal });
  return {
    append: journal.append,
    fill: journal.fill,
    subscribe: journal.subscribe,
    journalBytes: () => journal.stats().bytes,
    deadLetterBytes: deliveries.deadLetterBytes,
    report: () => ({ journal: reportOf(journal), sinks: deliveries.report() }),
    reload: deliveries.reopen,
    close: async () => {
      await deliveries.close(DELIVERY_DEADLINE_MS);
      await journal.close();
    },
  };
}

async function openTheJournal(config: Config, deps: StoreDeps): Promise<Journal> {
  const { clock, log, metrics } = deps;
  const options: JournalOptions = {
    dir: config.journalDir,
    maxBytes: config.journalMaxBytes,
    sync: config.journalSync,
    keepMs: config.journalKeepHours * HOUR_MS,
    outputs: config.outputs.map(({ name }) => name),
    owner: deps.runtime.owner,
  };
  const common = { log, sleep, random: Math.random };
  const journalMetrics = {
    syncSeconds: (seconds: number) => metrics.journalSyncSeconds.observe(seconds),
    damagedBytes: (bytes: number) => metrics.journalDamagedBytes.inc(bytes),
  };
  const open = () =>
    openJournal(options, { ...common, fs: nodeFs, clock, takeLock, metrics: journalMetrics });
  const { journal, firstAttempt } = keepOpen(open, common);
  const outcome = await Promise.race([firstAttempt, sleep(OPEN_PATIENCE_MS)]);
  if (outcome === undefined) {
    log.error(
      { dir: config.journalDir },
      'JOURNAL_DIR does not open: the disk does not answer. Events are refused until it does',
    );
  }
  return journal;
}

function reportOf(journal: Journal): JournalReport {
  const state = journal.state();
  const error = state.kind === 'unavailable' ? { error: state.reason } : {};
  return { state: state.kind, used: journal.fill(), ...error };
}
