/** A delivery from a journal on a fake disk into a sink whose answers a test writes. */

import type { Journal } from '../../src/journal/journal.ts';
import { sleep } from '../../src/lib/backoff.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type DeliveryDeps, type DeliveryOptions, startDelivery } from '../../src/sinks/deliver.ts';
import type { ReadyOutcome, Sink, WriteOutcome } from '../../src/sinks/sink.ts';
import { createTestLog } from './fake-journal.ts';

export type FakeSink = Sink & {
  /** Every write, in order, whatever came of it. */
  readonly writes: string[][];
  /** What it acked, in order. */
  readonly taken: string[];
  readonly calls: string[];
  /** Decides the outcome of each write; acks where it says nothing. */
  answer: (texts: string[]) => WriteOutcome | Promise<WriteOutcome> | undefined;
  ready: ReadyOutcome;
  openedWith: unknown;
  /** How many records waited behind that state. */
  openedBefore: number | undefined;
};

export function createFakeSink(extra: Partial<Sink> = {}): FakeSink {
  const sink: FakeSink = {
    name: 'log',
    writes: [],
    taken: [],
    calls: [],
    answer: () => undefined,
    ready: { ok: true },
    openedWith: undefined,
    openedBefore: undefined,
    async open(state, waiting) {
      sink.calls.push('open');
      sink.openedWith = state;
      sink.openedBefore = waiting;
      return sink.ready;
    },
    async write(records) {
      sink.calls.push('write');
      const texts = records.map(String);
      sink.writes.push(texts);
      const outcome: WriteOutcome = (await sink.answer(texts)) ?? { kind: 'ack' };
      if (outcome.kind === 'ack') sink.taken.push(...texts);
      if (outcome.kind === 'refused') {
        const refused = new Set(outcome.refusals.map((refusal) => refusal.index));
        sink.taken.push(...texts.filter((_, index) => !refused.has(index)));
      }
      return outcome;
    },
    async probe() {
      sink.calls.push('probe');
      return sink.ready;
    },
    async close() {
      sink.calls.push('close');
    },
    ...extra,
  };
  return sink;
}

export const QUICK: DeliveryOptions = {
  batchSize: 5,
  flushIntervalMs: 5,
  probeMs: 10_000,
  stallMs: 10_000,
  backoff: { baseMs: 1, maxMs: 2 },
};

export function deliver(
  journal: Journal,
  sink: Sink,
  extra: { options?: Partial<DeliveryOptions>; deps?: Partial<DeliveryDeps> } = {},
) {
  const counts = { delivered: 0, retryable: 0, refused: 0, writes: 0 };
  const letters: string[] = [];
  const batches: number[] = [];
  const log = createTestLog();
  const delivery = startDelivery(
    { ...QUICK, ...extra.options },
    {
      sink,
      openCursor: () => journal.cursor(sink.name),
      clock: systemClock,
      random: () => 0.5,
      sleep,
      log,
      metrics: {
        delivered(records) {
          counts.delivered += records;
        },
        failed(kind, count) {
          counts[kind] += count;
        },
        deadLetter(kind) {
          letters.push(kind);
        },
        batchRecords(records) {
          batches.push(records);
        },
        flushSeconds() {
          counts.writes += 1;
        },
      },
      ...extra.deps,
    },
  );
  return { delivery, counts, letters, batches, log };
}
