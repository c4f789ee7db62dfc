/**
 * Sends records to sinks of the configuration once more, through the same delivery as a running instance. It holds no
 * journal; where one of the sinks is a file, it sees to it that no instance writes to that file meanwhile.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../config/fields.ts';
import { takeLock } from '../../journal/lock.ts';
import { sleep } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import { errorText, nodeFs } from '../../lib/fs.ts';
import { createDeadLetters } from '../../sinks/dead-letters.ts';
import { type Resent, resend } from '../../sinks/resend.ts';
import type { Logger } from '../../telemetry/log.ts';
import { deadLetterPathOf } from '../dead-letter-path.ts';
import type { Runtime } from '../runtime.ts';
import type { CreateSink } from '../sinks.ts';

export type ReplayDeps = {
  clock: Clock;
  log: Logger;
  runtime: Runtime;
  createSink: CreateSink;
  /** Aborts when nothing more is to be sent. */
  stop: AbortSignal;
};

export type ReplayRow = { sink: string; delivered: number; refused: number };

export type Replayed = {
  rows: ReplayRow[];
  /** Whether every record was sent: what is not delivered was refused again. */
  finished: boolean;
  /** File of what was refused again; null where nothing was. */
  left: string | null;
};

/** `problem`: for a person, with the cure; nothing was sent. */
export type Refused = { ok: false; problem: string };

export type Sender = {
  send(sink: string, records: AsyncIterable<Buffer>): Promise<Resent>;
  /** Frees what was held, and says what became of everything that was sent. */
  end(): Promise<Replayed>;
};

export type SenderOptions = {
  readonly sinks: readonly string[];
  /** The records were refused once already: refusals say nothing about the sink. */
  readonly refusedBefore: boolean;
};

/** Locks what has to be locked. Whoever gets a sender ends it. */
export function createSender(
  config: Config,
  options: SenderOptions,
  deps: ReplayDeps,
): { ok: true; sender: Sender } | Refused {
  const names = config.outputs.map(({ name }) => name);
  const unknown = options.sinks.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const problem = `${unknown} is no sink of OUTPUTS (${names.join(', ')}): add it there with its settings, or choose a sink with --sink NAME`;
    return { ok: false, problem };
  }
  const built = config.outputs
    .filter(({ name }) => options.sinks.includes(name))
    .map((output) => deps.createSink(output, config, deps));
  const files = built.map(({ file }) => file).filter((file) => file !== null);
  const guard =
    files.length > 0 ? holdOff(config, files, deps.runtime) : { ok: true as const, release: () => {} };
  if (!guard.ok) return guard;

  const left = leftPathOf(config, deps.clock);
  const letters = createDeadLetters(
    { path: left, maxBytes: Number.POSITIVE_INFINITY },
    { ...deps, fs: nodeFs },
  );
  const rows: ReplayRow[] = [];
  let finished = true;
  const sender: Sender = {
    async send(name, records) {
      const { sink, batchSize } = built.find((other) => other.sink.name === name)!;
      const sent = await resend(
        records,
        { batchSize, suspectsSink: !options.refusedBefore },
        { ...deps, sink, sleep, random: Math.random, keepDeadLetters: letters.keep },
      );
      rows.push({ sink: name, delivered: sent.delivered, refused: sent.refused });
      finished &&= sent.finished;
      return sent;
    },
    async end() {
      guard.release();
      return { rows, finished, left: rows.some(({ refused }) => refused > 0) ? left : null };
    },
  };
  return { ok: true, sender };
}

/** Beside the dead letters, under a name that was never there. */
function leftPathOf(config: Config, clock: Clock): string {
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[-:]/g, '');
  return join(dirname(deadLetterPathOf(config)), `dead-letter-${stamp}.left.ndjson`);
}

/**
 * While the lock of the journal is held, no instance of this configuration runs. Beside one that does, only a file that
 * is not there yet is surely none of its own.
 */
function holdOff(
  { journalDir: dir }: Config,
  files: readonly string[],
  runtime: Runtime,
): { ok: true; release: () => void } | Refused {
  const unlocked = { ok: true, release: () => {} } as const;
  const lock = existsSync(dir) ? takeLock(dir, `gotrack replay, ${runtime.owner}`) : unlocked;
  if (lock.ok) return lock;
  if (lock.reason === 'unusable')
    return { ok: false, problem: `JOURNAL_DIR ${dir} cannot be locked: ${errorText(lock.error)}` };
  const taken = files.find((file) => existsSync(file));
  return taken === undefined ? unlocked : { ok: false, problem: writerProblem(taken, lock.holder) };
}

function writerProblem(file: string, holder: string): string {
  return `an instance runs (${holder}), and it may be the one that writes ${file}, which only one may do: stop it first, or let this replay write a file that is not there yet: --log-path=FILE`;
}
