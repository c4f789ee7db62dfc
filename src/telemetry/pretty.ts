/** Human-readable log lines for a terminal; loaded only there. */
import type { DestinationStream } from 'pino';
import pretty from 'pino-pretty';

export function prettyDestination(): DestinationStream {
  return pretty({ destination: 2, colorize: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' });
}
