/**
 * The Postgres sink: one row an event, in a table of `event_id`, `ts` and `payload` (the envelope).
 *
 * - A batch is one transaction. An event that is in the table already, by its id, is left out: so a batch whose
 *   answer was lost is written again without a second row.
 * - A row that the table refuses (SQLSTATE class 22 or 23, or RAISE) is told as such; everything else is an outage,
 *   after which the connection is given up and made anew.
 * - No call waits for ever: connection.ts gives a silent server up.
 */
import { placeOf } from '../../config/postgres.ts';
import type { ReadyOutcome, Sink, SinkOpenOutcome, WriteOutcome } from '../sink.ts';
import { describe, insertFailure } from './failure.ts';
import type { PostgresSinkOptions } from './options.ts';
import { type EventRow, readRows } from './rows.ts';
import { openSession, type Session, type SessionDeps } from './session.ts';

const MAX_BATCH_BYTES = 4 * 2 ** 20;

export function createPostgresSink(options: PostgresSinkOptions, deps: SessionDeps): Sink {
  const place = placeOf(options.dsn);
  let session: Session | null = null;

  const ready = async (): Promise<Session> => {
    session ??= await openSession(options, deps);
    return session;
  };

  /** Whatever state the connection is in, the next call begins with a new one. */
  const giveUp = (detail: string) => {
    session?.destroy();
    session = null;
    return `${place}: ${detail}`;
  };

  const check = async (): Promise<ReadyOutcome> => {
    try {
      await (await ready()).check();
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: giveUp(describe(error)) };
    }
  };

  const insert = async (rows: readonly EventRow[]): Promise<WriteOutcome> => {
    let current: Session;
    try {
      current = await ready();
      await current.makeRoom(rows);
    } catch (error) {
      return { kind: 'retry', detail: giveUp(describe(error)) };
    }
    try {
      await current.insert(rows);
      return { kind: 'ack' };
    } catch (error) {
      const failure = insertFailure(error);
      return failure.kind === 'retry' ? { kind: 'retry', detail: giveUp(failure.detail) } : failure;
    }
  };

  return {
    name: options.name,
    limits: { maxRecords: options.batch, maxBytes: MAX_BATCH_BYTES },
    open: (): Promise<SinkOpenOutcome> => check(),
    async write(records) {
      const { rows, refusals } = readRows(records);
      const outcome: WriteOutcome = rows.length === 0 ? { kind: 'ack' } : await insert(rows);
      return outcome.kind === 'ack' && refusals.length > 0 ? { kind: 'refused', refusals } : outcome;
    },
    probe: check,
    async close() {
      await session?.close();
      session = null;
    },
  };
}
