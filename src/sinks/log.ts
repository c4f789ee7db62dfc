/**
 * The log sink: one event a line in a file that a SIEM agent follows. Whole lines only, synced before the ack,
 * rotated by size, and no line twice after a crash of ours (log-resume.ts).
 *
 * The file is ours alone to write. It may be renamed or removed under us (logrotate with SIGHUP, or without: it is
 * looked after once a second), and emptied in place.
 */
import type { Clock } from '../lib/clock.ts';
import { errorText, type Fs } from '../lib/fs.ts';
import { createLane } from '../lib/lane.ts';
import type { SinkLog } from './health.ts';
import { type FileEnd, type LineFile, openLineFile } from './line-file.ts';
import { joinLines, refuseMultiline } from './lines.ts';
import { createResume, type Resume } from './log-resume.ts';
import { prune, rotate } from './rotation.ts';
import type { ReadyOutcome, Refusal, Sink, SinkOpenOutcome, SinkState, WriteOutcome } from './sink.ts';

export type LogSinkOptions = {
  readonly name: string;
  /** LOG_PATH. Its folder must exist. */
  readonly path: string;
  /** LOG_ROTATE_MB in bytes: a batch that would make the file larger goes to a new one; 0: never rotated. */
  readonly rotateBytes: number;
  /** LOG_BACKUPS: how many rotated files stay; 0: all. */
  readonly backups: number;
  /** LOG_MAX_AGE_DAYS in milliseconds: how old a rotated file may become; 0: any age. */
  readonly maxAgeMs: number;
  /** What a record is on its line; as it is where this is not given. The same record must always give the same bytes. */
  readonly format?: (record: Buffer) => Buffer;
};

export type LogSinkDeps = { readonly fs: Fs; readonly clock: Clock; readonly log: SinkLog };

export type LogSink = Sink & {
  /** Closes the file and opens what is at its path now (SIGHUP). */
  reopen(): Promise<void>;
};

/** A sync costs the same for one line and for a thousand, so what has gathered goes in one write. */
const LIMITS = { maxRecords: 4096, maxBytes: 1024 * 1024 };
const LOOK_AFTER_MS = 1000;
const PRUNE_EVERY_MS = 3_600_000;
/** After a rename that failed the file grows on for so long. */
const ROTATE_AGAIN_MS = 60_000;

export function createLogSink(options: LogSinkOptions, deps: LogSinkDeps): LogSink {
  const { path } = options;
  const { clock, fs, log } = deps;
  /** `reopen` and `close` come from elsewhere: one thing at a time. */
  const lane = createLane();
  let file: LineFile | null = null;
  /** Up to where the last open file is in order, for cutting off what a failure left behind that. */
  let acked: FileEnd | null = null;
  let resume: Resume | null = null;
  /** Of the records that come next, how many the log holds already: found out before a write failed. */
  let recognised = 0;
  let lookAfterAt = 0;
  let pruneAt = 0;
  let rotateAt = 0;

  const closeFile = async () => {
    const old = file;
    file = null;
    await old?.close();
  };

  /** The file at the path, opened if need be. */
  const ready = async (): Promise<LineFile> => {
    if (file !== null && clock.monotonic() >= lookAfterAt) {
      lookAfterAt = clock.monotonic() + LOOK_AFTER_MS;
      if (!(await file.checkIdentity())) await closeFile();
    }
    if (file === null) {
      file = await openLineFile(fs, path, acked);
      acked = file.end();
    }
    return file;
  };

  /** Rotation that fails is no reason to take no events: the file grows on. */
  const rotateIfFull = async (current: LineFile, bytes: number): Promise<LineFile> => {
    const { size } = current.end();
    const isFull = options.rotateBytes > 0 && size > 0 && size + bytes > options.rotateBytes;
    if (!isFull || clock.monotonic() < rotateAt) return current;
    try {
      await rotate(fs, path, clock.now());
    } catch (error) {
      rotateAt = clock.monotonic() + ROTATE_AGAIN_MS;
      log.warn({ path, error: errorText(error) }, 'log not rotated, it grows on');
      return current;
    }
    await closeFile();
    pruneAt = 0;
    return ready();
  };

  const pruneIfDue = async () => {
    if (resume !== null || clock.monotonic() < pruneAt) return;
    pruneAt = clock.monotonic() + PRUNE_EVERY_MS;
    try {
      const removed = await prune(fs, options, clock.now());
      if (removed.length > 0) log.info({ removed }, 'rotated logs removed');
    } catch (error) {
      log.warn({ path, error: errorText(error) }, 'rotated logs not removed');
    }
  };

  /** The records that the log does not hold already. */
  const unknownOf = async (current: LineFile, records: readonly Buffer[]): Promise<readonly Buffer[]> => {
    if (resume !== null && recognised < records.length) {
      recognised += await resume.known(records.slice(recognised));
      const garbage = resume.garbageAt();
      if (garbage !== null) await current.cut(garbage);
      if (resume.isOver()) resume = null;
    }
    return records.slice(recognised);
  };

  const writeLines = async (records: readonly Buffer[]): Promise<FileEnd> => {
    let current = await ready();
    const fresh = await unknownOf(current, records);
    if (fresh.length > 0) {
      const lines = joinLines(fresh);
      current = await rotateIfFull(current, lines.length);
      await current.append(lines);
    }
    acked = current.end();
    recognised = Math.max(0, recognised - records.length);
    await pruneIfDue();
    return resume?.end() ?? acked;
  };

  const write = async (records: readonly Buffer[]): Promise<WriteOutcome> => {
    const { single, refusals } = refuseMultiline(options.format ? records.map(options.format) : records);
    try {
      return outcomeOf(await writeLines(single), refusals);
    } catch (error) {
      // Opening it again cuts off what could not be undone, and nothing is synced twice on one descriptor.
      await closeFile().catch(() => {});
      return { kind: 'retry', detail: `LOG_PATH ${path}: ${errorText(error)}` };
    }
  };

  const open = async (state: SinkState): Promise<SinkOpenOutcome> => {
    try {
      const current = await ready();
      resume = await createResume(fs, path, state);
      if (resume === null) await cutHole(current);
      return { ok: true, state: resume?.end() ?? current.end() };
    } catch (error) {
      return { ok: false, detail: `LOG_PATH ${path}: ${errorText(error)}` };
    }
  };

  /** Where nothing is compared, nobody else would find it. What it held comes again: it was never acked. */
  const cutHole = async (current: LineFile) => {
    const bytes = await current.cutHole();
    acked = current.end();
    if (bytes > 0)
      log.warn({ path, bytes }, 'the end of the log was damaged by a power cut and is written anew');
  };

  const probe = async (): Promise<ReadyOutcome> => {
    try {
      await ready();
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: `LOG_PATH ${path}: ${errorText(error)}` };
    }
  };

  return {
    name: options.name,
    limits: LIMITS,
    open: (state) => lane(() => open(state)),
    write: (records) => lane(() => write(records)),
    probe: () => lane(probe),
    reopen: () =>
      lane(closeFile)
        .then(() => lane(probe))
        .then(() => {}),
    close: () =>
      lane(async () => {
        await resume?.close();
        await closeFile();
      }),
  };
}

function outcomeOf(state: FileEnd, refusals: readonly Refusal[]): WriteOutcome {
  return refusals.length === 0 ? { kind: 'ack', state } : { kind: 'refused', refusals, state };
}
