/** Puts a journal together over a folder, or says why it cannot. */
import { errorText, makeDurableDir, oneAtATime } from '../lib/fs.ts';
import { type Cursors, createCursors } from './cursors.ts';
import type { Journal, JournalDeps, JournalOptions, JournalStats, OpenOutcome } from './journal.ts';
import type { LockOutcome } from './lock.ts';
import { type Recovered, recover } from './recover.ts';
import { createRetention } from './retention.ts';
import { FORMAT_VERSION } from './segment.ts';
import type { SegmentList } from './segments.ts';
import { createSetAside, type SetAside } from './set-aside.ts';
import { createSubscribers } from './subscribers.ts';
import { createTail } from './tail.ts';
import { createAppendTimes } from './times.ts';
import { createWriter } from './writer.ts';

const MIB = 1024 * 1024;
const MAX_SEGMENT_BYTES = 64 * MIB;
/** A segment, and all copies of damage, are at most this part of the whole. */
const SHARE = 1 / 8;
const KEEP_CHECK_MS = 60_000;

const DEFAULTS = {
  commitBytes: MIB,
  queueBytes: 16 * MIB,
  appendTimeoutMs: 10_000,
  syncIntervalMs: 1000,
  checkpointMs: 50,
  backoff: { baseMs: 100, maxMs: 5000 },
};

type Settings = JournalOptions & typeof DEFAULTS & { readonly segmentBytes: number };

/** Opens the journal of a folder, created if need be, with one attempt (keepOpen makes more). Never rejects. */
export async function openJournal(options: JournalOptions, deps: JournalDeps): Promise<OpenOutcome> {
  const shareBytes = Math.floor(options.maxBytes * SHARE);
  const settings = { ...DEFAULTS, segmentBytes: Math.min(MAX_SEGMENT_BYTES, shareBytes), ...options };
  let release = () => {};
  try {
    await makeDurableDir(deps.fs, options.dir);
    const lock = deps.takeLock(options.dir, options.owner);
    if (!lock.ok) return lockProblem(options.dir, lock);
    release = lock.release;
    const outcome = await openLocked(settings, deps, release);
    if (!outcome.ok) release();
    return outcome;
  } catch (error) {
    release();
    return { ok: false, reason: 'unusable', message: `JOURNAL_DIR ${options.dir}: ${errorText(error)}` };
  }
}

function lockProblem(dir: string, lock: LockOutcome & { ok: false }): OpenOutcome {
  if (lock.reason === 'unusable') {
    return {
      ok: false,
      reason: 'unusable',
      message: `JOURNAL_DIR ${dir} cannot be locked: ${errorText(lock.error)}`,
    };
  }
  const message = `JOURNAL_DIR ${dir} is in use by ${lock.holder}: stop it, or give this instance a folder of its own`;
  return { ok: false, reason: 'locked', message };
}

async function openLocked(settings: Settings, deps: JournalDeps, release: () => void): Promise<OpenOutcome> {
  const { dir, maxBytes } = settings;
  // The writer has the disk to itself; everything else shares one call at a time.
  const side = { ...deps, fs: oneAtATime(deps.fs) };
  const names = await side.fs.readdir(dir);
  const setAside = await createSetAside(
    { dir, maxBytes: Math.floor(maxBytes * SHARE) },
    { ...side, damaged: deps.metrics.damagedBytes },
    names,
  );
  const found = await recover(dir, names, { ...side, setAside });
  if (!found.ok) {
    const message = `JOURNAL_DIR ${dir} was written by a later version (format ${found.version}, this one reads ${FORMAT_VERSION})`;
    return { ok: false, reason: found.reason, message };
  }
  return { ok: true, journal: await assemble(settings, deps, { side, setAside, found, release }) };
}

type Parts = {
  /** The dependencies with the file system of everything but the writer. */
  readonly side: JournalDeps;
  readonly setAside: SetAside;
  readonly found: Recovered & { ok: true };
  readonly release: () => void;
};

async function assemble(settings: Settings, deps: JournalDeps, parts: Parts): Promise<Journal> {
  const { side, setAside, found, release } = parts;
  const { segments } = found;
  const times = createAppendTimes();
  const subscribers = createSubscribers(deps.log);
  const cursors = createCursors(
    settings,
    { ...side, segments, times, onDamage: setAside.keep, saved: () => void retention.sweep() },
    found.checkpoints,
  );
  const retention = createRetention(settings, {
    ...side,
    segments,
    passedOffset: cursors.passedOffset,
    fill: () => writer.fill(),
  });
  const tail = createTail(
    { ...settings, start: found.next },
    {
      ...deps,
      dir: settings.dir,
      segments,
      closed: () => void retention.sweep(),
      advanced(from) {
        times.note(from, deps.clock.now());
        cursors.advanced();
      },
    },
  );
  const writer = createWriter(settings, {
    ...deps,
    tail,
    diskBytes: () => segments.bytes() + setAside.bytes(),
    committed: deps.metrics.syncSeconds,
    accepted: subscribers.tell,
  });
  await writer.start();
  // Without a time to keep them, a checkpoint or a full segment is what lets segments go.
  const keepCheck = settings.keepMs === 0 ? undefined : setInterval(retention.sweep, KEEP_CHECK_MS).unref();
  await retention.sweep();

  return {
    append: writer.append,
    fill: writer.fill,
    subscribe: subscribers.add,
    cursor: async (name) => cursors.get(name),
    state: writer.state,
    stats: () => statsOf(segments, setAside, deps.clock.now()),
    async close() {
      clearInterval(keepCheck);
      await writer.close();
      const done = await closedInTime(cursors, deps.sleep(settings.appendTimeoutMs));
      // Whoever comes next must not meet a call of ours that still hangs: then the lock ends with the process.
      if (done && writer.atRest()) release();
    },
  };
}

function statsOf(segments: SegmentList, setAside: SetAside, now: number): JournalStats {
  const oldest = segments.all.find((segment) => segment.end > segment.base);
  return {
    bytes: segments.bytes() + setAside.bytes(),
    segments: segments.all.length,
    oldestSeconds: oldest === undefined ? 0 : Math.max(0, now - oldest.createdMs) / 1000,
  };
}

function closedInTime(cursors: Cursors, patience: Promise<void>): Promise<boolean> {
  return Promise.race([cursors.close().then(() => true), patience.then(() => false)]);
}
