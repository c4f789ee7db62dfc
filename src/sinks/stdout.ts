/**
 * `LOG_PATH=stdout`: one line an event on standard output, for a collector that reads it. An ack means that the
 * line was handed to the pipe or terminal; what becomes of it there, nobody can know.
 */
import { joinLines, refuseMultiline } from './lines.ts';
import type { Sink, WriteOutcome } from './sink.ts';

/** As of a writable stream: calls back when the text is handed over, with the error if it is not. */
export type WriteOut = (bytes: Buffer, done: (error?: Error | null) => void) => void;

/** `format`: what a record is on its line; as it is where this is not given. */
export function createStdoutSink(name: string, write: WriteOut, format?: (record: Buffer) => Buffer): Sink {
  return {
    name,
    open: async () => ({ ok: true }),
    write(records) {
      const { single, refusals } = refuseMultiline(format ? records.map(format) : records);
      return new Promise<WriteOutcome>((resolve) => {
        write(joinLines(single), (error) => {
          if (error) resolve({ kind: 'retry', detail: `standard output: ${error.message}` });
          else resolve(refusals.length === 0 ? { kind: 'ack' } : { kind: 'refused', refusals });
        });
      });
    },
    probe: async () => ({ ok: true }),
    close: async () => {},
  };
}
