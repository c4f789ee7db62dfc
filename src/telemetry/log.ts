/** Structured logs by pino: pretty on a terminal, one JSON object a line elsewhere. */
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Never logged, wherever they stand: a key, a token or a signature in a log is a key given away. */
const SECRET_PATHS = ['token', 'key', 'secret', 'signature', 'cookie', 'authorization'].flatMap((name) => [
  name,
  `*.${name}`,
]);

export type LogOptions = {
  level: LogLevel;
  /** Where lines go; JSON on standard error where none is given. */
  destination?: DestinationStream;
};

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Logs go to standard error, so that `LOG_PATH=stdout` has standard output to itself. */
export function createLog(options: LogOptions): Logger {
  const destination = options.destination ?? pino.destination({ dest: 2, sync: false });
  const redact = { paths: SECRET_PATHS, censor: '[redacted]' };
  return pino({ level: options.level, redact, base: null }, destination);
}
