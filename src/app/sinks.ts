/** From one of OUTPUTS to its sink. */
import { type Config, settingsOf } from '../config/fields.ts';
import type { Output } from '../config/outputs.ts';
import type { Clock } from '../lib/clock.ts';
import { nodeFs } from '../lib/fs.ts';
import { createLogSink, type LogSink } from '../sinks/log.ts';
import type { Sink } from '../sinks/sink.ts';
import { createStdoutSink } from '../sinks/stdout.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Runtime } from './runtime.ts';

export type SinkDeps = { clock: Clock; log: Logger; runtime: Runtime };

export type BuiltSink = {
  readonly sink: Sink;
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  /** Opens its file anew (SIGHUP); where it has none, nothing. */
  reopen(): void;
};

const MIB = 2 ** 20;
const DAY_MS = 86_400_000;

export function createSink(output: Output, config: Config, deps: SinkDeps): BuiltSink {
  const settings = settingsOf(config, output);
  const { batchSize, flushIntervalMs } = settings;
  switch (output.kind) {
    case 'log': {
      if (settings.logPath === 'stdout') {
        const sink = createStdoutSink(output.name, deps.runtime.writeOut);
        return { sink, batchSize, flushIntervalMs, reopen: () => {} };
      }
      const sink = logSink(output.name, settings, deps);
      return { sink, batchSize, flushIntervalMs, reopen: () => void sink.reopen() };
    }
  }
}

function logSink(name: string, settings: Config, { clock, log }: SinkDeps): LogSink {
  return createLogSink(
    {
      name,
      path: settings.logPath,
      rotateBytes: settings.logRotateMb * MIB,
      backups: settings.logBackups,
      maxAgeMs: settings.logMaxAgeDays * DAY_MS,
    },
    { fs: nodeFs, clock, log },
  );
}
