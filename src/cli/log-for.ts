import { createLog, type Logger, type LogLevel } from '../telemetry/log.ts';
import type { Context } from './context.ts';

/** The log of a command: pretty where a person looks at standard error, else one JSON object a line. */
export async function logFor(context: Context, level: LogLevel): Promise<Logger> {
  if (!context.terminal) return createLog({ level });
  const { prettyDestination } = await import('../telemetry/pretty.ts');
  return createLog({ level, destination: prettyDestination() });
}
