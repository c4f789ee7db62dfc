/**
 * The Kafka sink: one message an event, keyed by its id, so that a repetition lands in the same partition as the
 * first. In order within a partition: one request is under way at a time.
 *
 * With KAFKA_ACKS=all it is idempotent: the brokers know each message by a number and write it once, however often it
 * is sent. So a batch that has had no answer is not given up when `write` has to return: the sender goes on with it,
 * and the same batch, when it comes again, waits for that. Only one that was under way when this process ended, or
 * when the brokers forgot who we are, is sent under new numbers and may be there twice.
 */
import type { Sleep } from '../../lib/backoff.ts';
import type { SinkLog } from '../health.ts';
import type { Sink, WriteOutcome } from '../sink.ts';
import type { KafkaSinkOptions, KafkaTimeouts } from './options.ts';
import { createProblemWords } from './problem-words.ts';
import { createSender } from './sender.ts';
import { createWritePieces } from './write-pieces.ts';

export type KafkaSinkDeps = { readonly sleep: Sleep; readonly log: SinkLog };

const TIMEOUTS: KafkaTimeouts = { connectMs: 5000, requestMs: 10_000, answerMs: 10_000 };
/** One request each, small enough that compressing it does not hold up the requests of visitors. */
const LIMITS = { maxRecords: 1000, maxBytes: 512 * 1024 };

/** The records as `write` got them, and what is to come of them. */
type Batch = {
  readonly records: readonly Buffer[];
  readonly givenUp: AbortController;
  readonly outcome: Promise<WriteOutcome>;
};

export function createKafkaSink(options: KafkaSinkOptions, deps: KafkaSinkDeps): Sink {
  const timeouts = options.timeouts ?? TIMEOUTS;
  const words = createProblemWords(options);
  const sender = createSender(options, { ...deps, timeouts, words });
  const writePieces = createWritePieces(options.topic, sender.send);
  let batch: Batch | null = null;

  /** The outcome, or the answer to give where it takes longer than a caller should wait. */
  const inTime = async <T, L>(work: Promise<T>, late: (detail: string) => L): Promise<T | L> => {
    const done = new AbortController();
    try {
      const elapsed = deps.sleep(timeouts.answerMs, done.signal).then(() => null);
      const result = await Promise.race([work, elapsed]);
      return result ?? late(sender.problem() ?? words(new Error('no answer')));
    } finally {
      done.abort();
    }
  };

  const begin = (records: readonly Buffer[]): Batch => {
    const givenUp = new AbortController();
    const outcome = writePieces(records, () => givenUp.signal.aborted);
    // It may fail while nobody waits; whoever asks again hears of it.
    outcome.catch(() => {});
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
    let isUnderWay = false;
    try {
      return await inTime(batch.outcome, (detail) => {
        isUnderWay = true;
        return { kind: 'retry', detail };
      });
    } finally {
      if (!isUnderWay) batch = null;
    }
  };

  return {
    name: options.name,
    limits: LIMITS,
    open: () => inTime(sender.connect(), (detail) => ({ ok: false, detail })),
    write,
    probe: () => inTime(sender.probe(), (detail) => ({ ok: false, detail })),
    close: async () => giveUp(),
  };
}

/** The very same buffers: the same batch, which comes again after `retry`. */
function isSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.length === others.length && some.every((record, index) => record === others[index]);
}
