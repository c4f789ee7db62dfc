/** The way out of the journal: one delivery for each of OUTPUTS. */
import type { Config } from '../config/fields.ts';
import type { Journal } from '../journal/journal.ts';
import { sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { nodeFs } from '../lib/fs.ts';
import { createDeadLetters } from '../sinks/dead-letters.ts';
import { type Delivery, type DeliveryDeps, startDelivery } from '../sinks/deliver.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { SinkReport } from '../telemetry/readiness.ts';
import { deadLetterPathOf } from './dead-letter-path.ts';
import type { Runtime } from './runtime.ts';
import { type BuiltSink, createSink } from './sinks.ts';

export type DeliveriesDeps = {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  journal: Journal;
  runtime: Runtime;
};

export type Deliveries = {
  report(): Record<string, SinkReport>;
  /** Opens the log file anew (SIGHUP). */
  reopen(): void;
  /** Of DEAD_LETTER_PATH. */
  deadLetterBytes(): number;
  /** Delivers what it can within the time. */
  close(deadlineMs: number): Promise<void>;
};

const MIB = 2 ** 20;

export function startDeliveries(config: Config, deps: DeliveriesDeps): Deliveries {
  const letters = createDeadLetters(
    { path: deadLetterPathOf(config), maxBytes: config.deadLetterMaxMb * MIB },
    { fs: nodeFs, clock: deps.clock },
  );
  const built = config.outputs.map((output) => createSink(output, config, deps));
  const deliveries = new Map(built.map((each) => [each.sink.name, start(each)]));

  function start({ sink, batchSize, flushIntervalMs }: BuiltSink): Delivery {
    const { clock, log, journal, metrics } = deps;
    return startDelivery(
      { batchSize, flushIntervalMs },
      {
        ...{ sink, clock, log, sleep, random: Math.random },
        openCursor: () => journal.cursor(sink.name),
        metrics: metricsOf(sink.name, metrics),
        keepDeadLetters: letters.keep,
      },
    );
  }

  return {
    report: () => Object.fromEntries([...deliveries].map(([name, delivery]) => [name, reportOf(delivery)])),
    reopen: () => {
      for (const each of built) each.reopen();
    },
    deadLetterBytes: letters.bytes,
    close: async (deadlineMs) => {
      await Promise.all([...deliveries.values()].map((delivery) => delivery.close(deadlineMs)));
    },
  };
}

function metricsOf(sink: string, metrics: Metrics): DeliveryDeps['metrics'] {
  return {
    delivered: (records) => metrics.ingested.inc({ sink }, records),
    failed: (kind, count) => metrics.sinkErrors.inc({ sink, error_type: kind }, count),
    deadLetter: (reason) => metrics.deadLetters.inc({ sink, reason }),
    batchRecords: (records) => metrics.batchRecords.observe({ sink }, records),
    flushSeconds: (seconds) => metrics.flushSeconds.observe({ sink }, seconds),
  };
}

function reportOf(delivery: Delivery): SinkReport {
  const { detail, ...status } = delivery.status();
  return detail === '' ? status : { ...status, error: detail };
}
