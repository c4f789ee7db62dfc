/** The way out of the journal: one delivery for each of OUTPUTS. */
import type { Config } from '../config/fields.ts';
import type { Journal } from '../journal/journal.ts';
import { sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { nodeFs } from '../lib/fs.ts';
import { type Delivery, startDelivery } from '../sinks/deliver.ts';
import { createLogSink, type LogSink } from '../sinks/log.ts';
import type { Sink } from '../sinks/sink.ts';
import { createStdoutSink } from '../sinks/stdout.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { SinkReport } from './readiness.ts';
import type { Runtime } from './runtime.ts';

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
  /** Delivers what it can within the time. */
  close(deadlineMs: number): Promise<void>;
};

const MIB = 2 ** 20;
const DAY_MS = 86_400_000;

export function startDeliveries(config: Config, deps: DeliveriesDeps): Deliveries {
  const logSinks: LogSink[] = [];
  const deliveries = new Map<string, Delivery>();
  for (const name of config.outputs) {
    const sink = config.logPath === 'stdout' ? createStdoutSink(name, deps.runtime.writeOut) : fileSink(name);
    deliveries.set(name, start(sink));
  }

  function fileSink(name: string): Sink {
    const sink = createLogSink(
      {
        name,
        path: config.logPath,
        rotateBytes: config.logRotateMb * MIB,
        backups: config.logBackups,
        maxAgeMs: config.logMaxAgeDays * DAY_MS,
      },
      { fs: nodeFs, clock: deps.clock, log: deps.log },
    );
    logSinks.push(sink);
    return sink;
  }

  function start(sink: Sink): Delivery {
    const { clock, log, journal, metrics } = deps;
    return startDelivery(
      { batchSize: config.batchSize, flushIntervalMs: config.flushIntervalMs },
      {
        ...{ sink, clock, log, sleep, random: Math.random },
        openCursor: () => journal.cursor(sink.name),
        metrics: {
          delivered: (records) => metrics.ingested.inc({ sink: sink.name }, records),
          failed: (kind, count) => metrics.sinkErrors.inc({ sink: sink.name, error_type: kind }, count),
          flushSeconds: (seconds) => metrics.flushSeconds.observe({ sink: sink.name }, seconds),
        },
      },
    );
  }

  return {
    report: () => Object.fromEntries([...deliveries].map(([name, delivery]) => [name, reportOf(delivery)])),
    reopen: () => {
      for (const sink of logSinks) void sink.reopen();
    },
    close: async (deadlineMs) => {
      await Promise.all([...deliveries.values()].map((delivery) => delivery.close(deadlineMs)));
    },
  };
}

function reportOf(delivery: Delivery): SinkReport {
  const { detail, ...status } = delivery.status();
  return detail === '' ? status : { ...status, error: detail };
}
