/**
 * The Kafka sink: one message an event, keyed by its id, so that a repetition lands in the same partition as the
 * first. In order within a partition: one request is under way at a time.
 *
 * With KAFKA_ACKS=all it is idempotent: the brokers know each message by a number and write it once, however often it
 * is sent. So a batch that has had no answer is not given up when `write` has to return: the sender goes on with it,
 * and the same batch, when it comes again, waits for that. Only one that was under way when the brokers forgot who we
 * are is sent under new numbers and may be there twice.
 *
 * What was under way when this process was killed is looked for in the topic at the next start (resume.ts).
 */
import type { Sleep } from '../../lib/backoff.ts';
import type { SinkLog } from '../health.ts';
import type { Sink, SinkOpenOutcome, SinkState, WriteOutcome } from '../sink.ts';
import type { KafkaSinkOptions, KafkaTimeouts } from './options.ts';
import { createProblemWords } from './problem-words.ts';
import { createReadSince } from './read-back.ts';
import type { Resume } from './resume.ts';
import { createSender, type Sender } from './sender.ts';
import { createStartResume } from './start-resume.ts';
import { createWritePieces } from './write-pieces.ts';

export type KafkaSinkDeps = { readonly sleep: Sleep; readonly log: SinkLog };

const TIMEOUTS: KafkaTimeouts = { connectMs: 5000, requestMs: 10_000, answerMs: 10_000 };
/** One request each, small enough that compressing it does not hold up the requests of visitors. */
const LIMITS = { maxRecords: 1000, maxBytes: 512 * 1024 };

const NONE: ReadonlySet<number> = new Set();

/** The records as `write` got them, and what is to come of them. */
type Batch = {
  readonly records: readonly Buffer[];
  readonly givenUp: AbortController;
  readonly outcome: Promise<WriteOutcome>;
};

export function createKafkaSink(options: KafkaSinkOptions, deps: KafkaSinkDeps): Sink {
  const { log, sleep } = deps;
  const timeouts = options.timeouts ?? TIMEOUTS;
  const words = createProblemWords(options);
  const sender = createSender(options, { ...deps, timeouts, words });
  const startResume = createStartResume(options, {
    readSince: createReadSince(options, { sleep, timeouts, words }),
    log,
    maxUnderWay: LIMITS.maxRecords,
  });
  const closing = new AbortController();
  let resume: Resume | null = null;
  let opening: Promise<SinkOpenOutcome> | null = null;
  let batch: Batch | null = null;

  /** The outcome, or the answer to give where it takes longer than a caller should wait: then it is kept. */
  const inTime = async <T, L>(work: Promise<T>, late: (detail: string) => L, settled = () => {}) => {
    const done = new AbortController();
    let isUnderWay = false;
    try {
      const elapsed = sleep(timeouts.answerMs, done.signal).then(() => null);
      const result = await Promise.race([work, elapsed]);
      isUnderWay = result === null;
      return result ?? late(sender.problem() ?? words(new Error('no answer')));
    } finally {
      done.abort();
      if (!isUnderWay) settled();
    }
  };

  const send: Sender['send'] = async (outgoing) => {
    const sent = await sender.send(outgoing);
    if (sent.kind === 'settled') resume?.written(sent.ends);
    return sent;
  };
  const writePieces = createWritePieces(options.topic, send);

  const connectAndRead = async (state: SinkState, waiting: number): Promise<SinkOpenOutcome> => {
    const ready = await sender.connect();
    if (!ready.ok) return ready;
    resume = await startResume({ state, waiting, stop: closing.signal });
    return { ok: true, state: resume.state() };
  };

  const open = async (state: SinkState, waiting = Number.POSITIVE_INFINITY): Promise<SinkOpenOutcome> => {
    opening ??= connectAndRead(state, waiting);
    opening.catch(heardLater);
    const late = (detail: string) => ({ ok: false, detail }) as const;
    return inTime(opening, late, () => {
      opening = null;
    });
  };

  const writeMissing = async (records: readonly Buffer[], givenUp: AbortSignal): Promise<WriteOutcome> => {
    const found = resume?.find(records) ?? NONE;
    const outcome = await writePieces(records, { leaveOut: found, givenUp });
    if (outcome.kind !== 'ack' && outcome.kind !== 'refused') return outcome;
    resume?.acked(records.length, found);
    return { ...outcome, state: resume?.state() ?? null };
  };

  const begin = (records: readonly Buffer[]): Batch => {
    const givenUp = new AbortController();
    const outcome = writeMissing(records, givenUp.signal);
    outcome.catch(heardLater);
    return { records, givenUp, outcome };
  };

  const giveUp = () => {
    batch?.givenUp.abort();
    batch = null;
    sender.reset();
  };

  const write = async (records: readonly Buffer[]): Promise<WriteOutcome> => {
    if (batch !== null && !isSame(batch.records, records)) giveUp();
    batch ??= begin(records);
    const late = (detail: string) => ({ kind: 'retry', detail }) as const;
    return inTime(batch.outcome, late, () => {
      batch = null;
    });
  };

  return {
    name: options.name,
    limits: LIMITS,
    open,
    write,
    probe: () => inTime(sender.probe(), (detail) => ({ ok: false, detail })),
    close: async () => {
      closing.abort();
      giveUp();
    },
  };
}

/** Something failed while nobody waited for it: whoever asks again hears of it. */
function heardLater(): void {}

/** The very same buffers: the same batch, which comes again after `retry`. */
function isSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.length === others.length && some.every((record, index) => record === others[index]);
}
