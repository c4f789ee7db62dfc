/** Brings one batch to its end: written, or given up record by record, or left to the journal when we stop. */
import { assertNever } from '../lib/assert-never.ts';
import type { Clock } from '../lib/clock.ts';
import { errorText } from '../lib/fs.ts';
import {
  type DeadLetter,
  isSinkAtFault,
  NO_RUN,
  type RefusalKind,
  refusalKind,
  runAfter,
} from './refusals.ts';
import type { Sink, SinkState, WriteOutcome } from './sink.ts';

/** Keeps letters durably; where it cannot, the batch waits and so does everything behind it. */
export type KeepDeadLetters = (
  sink: string,
  letters: readonly DeadLetter[],
) => Promise<{ ok: true } | { ok: false; detail: string }>;

export type DeliveryMetrics = {
  /** Records that the sink has acked. */
  delivered(records: number): void;
  /** `retryable`: one call failed and is made again; `refused`: so many records became dead letters. */
  failed(kind: 'retryable' | 'refused', count: number): void;
  /** One record is among the dead letters. */
  deadLetter(kind: RefusalKind): void;
  /** Records of one batch, as it came from the journal. */
  batchRecords(records: number): void;
  /** Of one write. */
  flushSeconds(seconds: number): void;
};

export type SettleDeps = {
  readonly sink: Sink;
  readonly clock: Clock;
  readonly metrics: DeliveryMetrics;
  /** Without it a refusal stalls the sink: nothing is given up that is kept nowhere. */
  readonly keepDeadLetters?: KeepDeadLetters;
  /** When refusals stall the sink instead of giving records up; by default refusals.ts decides. */
  readonly isSinkAtFault?: typeof isSinkAtFault;
  readonly pause: Pause;
};

/** Waits before the next attempt, the longer the more failures came in a row; false when there is to be none. */
export type Pause = (failure: Failure) => Promise<boolean>;

export type Failure = {
  readonly state: 'retrying' | 'stalled';
  readonly detail: string;
  readonly failuresInARow: number;
};

export type Settled = { ok: true; state: SinkState | undefined } | { ok: false };

export type Settler = {
  /** Resolves when every record is durable in the sink or among the dead letters, or with `ok: false` on stopping. */
  settle(batch: readonly Buffer[]): Promise<Settled>;
  /** Since when a write, to the sink or of dead letters, is under way (monotonic milliseconds), or null. */
  writingSince(): number | null;
};

export function createSettler(deps: SettleDeps): Settler {
  const { sink, clock, metrics } = deps;
  const suspect = deps.isSinkAtFault ?? isSinkAtFault;
  let since: number | null = null;
  let run = NO_RUN;

  /** Whoever hangs here is seen from outside by `writingSince`. */
  const watched = async <T>(work: () => Promise<T>): Promise<T> => {
    since = clock.monotonic();
    try {
      return await work();
    } finally {
      since = null;
    }
  };

  const write = async (records: readonly Buffer[]): Promise<WriteOutcome> => {
    const started = clock.monotonic();
    try {
      return await watched(() => sink.write(records));
    } catch (error) {
      return { kind: 'retry', detail: `fault: ${errorText(error)}` };
    } finally {
      metrics.flushSeconds((clock.monotonic() - started) / 1000);
    }
  };

  const keep = (letters: readonly DeadLetter[]) =>
    watched(async () => deps.keepDeadLetters?.(sink.name, letters) ?? NO_PLACE);

  const giveUp = async (letters: readonly DeadLetter[]): Promise<boolean> => {
    for (let failures = 1; letters.length > 0; failures += 1) {
      const kept = await keep(letters);
      if (kept.ok) break;
      const detail = `${letters.length} records refused (${letters[0]!.reason}, …), dead letters not kept: ${kept.detail}`;
      if (!(await deps.pause({ state: 'stalled', detail, failuresInARow: failures }))) return false;
    }
    if (letters.length > 0) metrics.failed('refused', letters.length);
    for (const { reason } of letters) metrics.deadLetter(refusalKind(reason));
    return true;
  };

  /** One answer that is not an outage, however long that takes; null when stopping. */
  const answerTo = async (part: readonly Buffer[]): Promise<Answer | null> => {
    for (let failures = 1; ; failures += 1) {
      const outcome = await write(part);
      if (outcome.kind !== 'retry') return outcome;
      metrics.failed('retryable', 1);
      const { detail } = outcome;
      if (!(await deps.pause({ state: 'retrying', detail, failuresInARow: failures }))) return null;
    }
  };

  const settle = async (batch: readonly Buffer[]): Promise<Settled> => {
    metrics.batchRecords(batch.length);
    let stalls = 0;
    let work = startOf(batch);
    while (work.parts.length > 0) {
      const part = work.parts[0]!;
      const answer = await answerTo(part);
      if (answer === null) return { ok: false };
      if (answer.kind === 'ack') metrics.delivered(part.length);
      if (answer.kind === 'refused') metrics.delivered(part.length - answer.refusals.length);
      work = after(work, answer);
      if (!suspect(work.letters, batch.length, run)) continue;
      stalls += 1;
      const detail = `most records are refused alike: ${work.letters.at(-1)!.reason}`;
      if (!(await deps.pause({ state: 'stalled', detail, failuresInARow: stalls }))) return { ok: false };
      work = startOf([...work.letters.map((letter) => letter.record), ...work.parts.flat()]);
    }
    if (!(await giveUp(work.letters))) return { ok: false };
    run = runAfter(work.letters, batch.length, run);
    return { ok: true, state: work.state };
  };

  return { settle, writingSince: () => since };
}

const NO_PLACE = { ok: false, detail: 'there is no place for them' } as const;

type Answer = Exclude<WriteOutcome, { kind: 'retry' }>;

/** What is left of a batch: parts to write in order, records refused so far, and what the last ack said. */
type Work = {
  readonly parts: readonly (readonly Buffer[])[];
  readonly letters: readonly DeadLetter[];
  readonly state: SinkState | undefined;
};

function startOf(records: readonly Buffer[]): Work {
  return { parts: [records], letters: [], state: undefined };
}

/** What is left after the first part got an answer that is not an outage. */
function after(work: Work, outcome: Answer): Work {
  const [part = [], ...parts] = work.parts;
  const { letters } = work;
  switch (outcome.kind) {
    case 'ack':
      return { parts, letters, state: outcome.state ?? work.state };
    case 'refused': {
      const refused = outcome.refusals.map(({ index, reason }) => ({ record: part[index]!, reason }));
      return { parts, letters: [...letters, ...refused], state: outcome.state ?? work.state };
    }
    case 'poisoned': {
      if (part.length === 1) {
        return { ...work, parts, letters: [...letters, { record: part[0]!, reason: outcome.reason }] };
      }
      const middle = Math.ceil(part.length / 2);
      return { ...work, parts: [part.slice(0, middle), part.slice(middle), ...parts] };
    }
    default:
      return assertNever(outcome);
  }
}
