/** From one of OUTPUTS to its sink. */
import { type Config, settingsOf } from '../config/fields.ts';
import type { Output } from '../config/outputs.ts';
import type { Problem } from '../config/problem.ts';
import { toEcsRecord } from '../event/ecs.ts';
import { assertNever } from '../lib/assert-never.ts';
import { sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { nodeFs } from '../lib/fs.ts';
import { createKafkaSink } from '../sinks/kafka/kafka.ts';
import { kafkaOptions } from '../sinks/kafka/options.ts';
import { createLogSink, type LogSink, type LogSinkOptions } from '../sinks/log.ts';
import { postgresOptions } from '../sinks/postgres/options.ts';
import { createPostgresSink } from '../sinks/postgres/postgres.ts';
import type { Sink } from '../sinks/sink.ts';
import { createStdoutSink } from '../sinks/stdout.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Runtime } from './runtime.ts';

export type SinkDeps = { clock: Clock; log: Logger; runtime: Runtime };

export type BuiltSink = {
  readonly sink: Sink;
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  /** The file that it writes, which no other process may write meanwhile; null: it writes none. */
  readonly file: string | null;
  /** Opens its file anew (SIGHUP); where it has none, nothing. */
  reopen(): void;
};

const MIB = 2 ** 20;
const DAY_MS = 86_400_000;

/** Makes a sink and opens nothing: whoever delivers to it does. */
export type CreateSink = (output: Output, config: Config, deps: SinkDeps) => BuiltSink;

export const createSink: CreateSink = (output, config, deps) => {
  const settings = settingsOf(config, output);
  const { batchSize, flushIntervalMs } = settings;
  switch (output.kind) {
    case 'log': {
      if (settings.logPath === 'stdout') {
        const sink = createStdoutSink(output.name, deps.runtime.writeOut, formatOf(settings).format);
        return { sink, batchSize, flushIntervalMs, file: null, reopen: () => {} };
      }
      const sink = logSink(output.name, settings, deps);
      return { sink, batchSize, flushIntervalMs, file: settings.logPath, reopen: () => void sink.reopen() };
    }
    case 'kafka': {
      const sink = kafkaSink(output.name, settings, deps);
      return { sink, batchSize, flushIntervalMs, file: null, reopen: () => {} };
    }
    case 'postgres': {
      const sink = createPostgresSink(postgresOptions(settings, output.name), deps);
      const { pgBatchSize, pgFlushMs } = settings;
      return { sink, batchSize: pgBatchSize, flushIntervalMs: pgFlushMs, file: null, reopen: () => {} };
    }
    default:
      return assertNever(output.kind);
  }
};

function kafkaSink(name: string, settings: Config, { log }: SinkDeps): Sink {
  const outcome = kafkaOptions(settings, name);
  if (!outcome.ok) throw new Error(`${name} cannot be built: its settings were not checked (outputFaults)`);
  return createKafkaSink(outcome.options, { log, sleep });
}

/** What only a sink can say of its settings: problems, and what should be heard at every start. */
export function outputFaults(config: Config): { problems: Problem[]; warnings: string[] } {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const output of config.outputs.filter(({ kind }) => kind === 'kafka')) {
    const outcome = kafkaOptions(settingsOf(config, output), output.name);
    if (outcome.ok) warnings.push(...outcome.warnings);
    else problems.push(...outcome.problems);
  }
  return { problems, warnings };
}

function logSink(name: string, settings: Config, { clock, log }: SinkDeps): LogSink {
  return createLogSink(
    {
      name,
      path: settings.logPath,
      rotateBytes: settings.logRotateMb * MIB,
      backups: settings.logBackups,
      maxAgeMs: settings.logMaxAgeDays * DAY_MS,
      ...formatOf(settings),
    },
    { fs: nodeFs, clock, log },
  );
}

function formatOf({ logFormat }: Config): Pick<LogSinkOptions, 'format'> {
  return logFormat === 'ecs' ? { format: toEcsRecord } : {};
}
