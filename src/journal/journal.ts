/**
 * The journal: the durable queue between collection and the sinks. What it accepts is on the disk before the
 * sender hears of it, in order, and stays until every sink has it. It knows bytes, not events.
 *
 * Invariants, each with a test of its name:
 * - `append` answers ok after fdatasync (JOURNAL_SYNC=always); the records of one call are accepted all or none.
 * - A segment's name is on the disk before anything in it is accepted.
 * - Sinks read what is synced, and no further; every record's checksum is verified before it is handed out.
 * - A segment is removed only when the durable checkpoint of each of today's outputs lies behind it.
 * - A file under which a write or a sync failed is never written to again. Records of the failed group are not
 *   accepted; should they be on the disk all the same, they may be delivered after a restart (their senders come
 *   again with the same event ids, so consumers see a duplicate at worst).
 * - Offsets only grow, over all restarts: recovery begins a new segment beyond all that is there.
 * - At most two disk calls are in flight: one of the writer, one for everything else.
 *
 * On the disk (JOURNAL_DIR):
 *   00000000000000000000.seg      segments, named by the offset of their first frame (bytes: segment.ts)
 *   log.checkpoint                one for each sink that ever was (bytes: checkpoint.ts)
 *   BASE-FROM.damaged             copies of damaged spans (set-aside.ts)
 *   lock, lock.owner              held by one instance (lock.ts)
 *
 * Bounds: JOURNAL_MAX_BYTES on the disk, copies of damage within an eighth of it; `queueBytes` waiting in memory
 * and one group under way; one read window for each sink.
 *
 * A reader needs no writer (reader.ts takes a list of segments and files). For a reader in another process two
 * things must cross: which segments there are, which the folder's listing tells, and how far the last one is
 * synced, which only its writer knows; it has to say so by message after each commit (the list's `end()` at `advanced`).
 * When the writer has died, recovery of its folder under the lock says it instead.
 */
import type { BackoffOptions, Sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Fs } from '../lib/fs.ts';
import type { AppendOutcome } from './append-queue.ts';
import type { Cursor } from './cursor.ts';
import type { TakeLock } from './lock.ts';
import type { JournalLog } from './log.ts';
import type { SyncMode } from './tail.ts';
import type { WriterState } from './writer.ts';

export type JournalOptions = {
  readonly dir: string;
  /** JOURNAL_MAX_BYTES. */
  readonly maxBytes: number;
  readonly sync: SyncMode;
  /** JOURNAL_KEEP_HOURS, in milliseconds: how long a segment stays that every sink has, while there is room. */
  readonly keepMs: number;
  /** The names of today's sinks. */
  readonly outputs: readonly string[];
  /** Who we are, for the one who finds the journal locked: `pid 12 on web1`. */
  readonly owner: string;
  /** What follows has defaults (open-journal.ts). */
  readonly segmentBytes?: number;
  readonly commitBytes?: number;
  readonly queueBytes?: number;
  /** How long an append waits for a disk that does not answer. */
  readonly appendTimeoutMs?: number;
  /** Of JOURNAL_SYNC=interval. */
  readonly syncIntervalMs?: number;
  /** How old a checkpoint on the disk may be while a sink is busy: what a crash makes it send again. */
  readonly checkpointMs?: number;
  readonly backoff?: BackoffOptions;
};

export type JournalDeps = {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly log: JournalLog;
  readonly takeLock: TakeLock;
  readonly metrics: JournalMetrics;
};

export type JournalMetrics = {
  /** Of one group commit, write and sync. */
  syncSeconds(seconds: number): void;
  /** Of the journal that could not be read back. */
  damagedBytes(bytes: number): void;
};

export type JournalStats = {
  /** On the disk. */
  readonly bytes: number;
  readonly segments: number;
  /** Age of the oldest segment, 0 where no record is kept. */
  readonly oldestSeconds: number;
};

export type Journal = {
  /**
   * Resolves when the records (each 1 byte at least) are durable, or with the reason why they are not accepted:
   * all of them or none. The caller leaves the buffers alone until then. Throws only for a record of no or of
   * more than 16 MiB.
   */
  append(records: readonly Buffer[]): Promise<AppendOutcome>;
  /** How much of JOURNAL_MAX_BYTES is used, 0 to 1. */
  fill(): number;
  /** Calls back with the records of each group once they are accepted; returns what ends that. */
  subscribe(listener: (records: readonly Buffer[]) => void): () => void;
  /** The place of one of the outputs. Resolves when the journal is open, which may be never. */
  cursor(name: string): Promise<Cursor>;
  state(): WriterState;
  stats(): JournalStats;
  /** Commits what waits, saves the checkpoints, frees the lock. Never longer than a few `appendTimeoutMs`. */
  close(): Promise<void>;
};

export type OpenOutcome =
  | { ok: true; journal: Journal }
  /** `message` is for the operator: it says what is wrong, with the path, and where it can the cure. */
  | { ok: false; reason: 'locked' | 'newer-format' | 'unusable'; message: string };
