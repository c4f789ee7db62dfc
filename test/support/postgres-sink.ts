/** A Postgres sink on a database of a test, and events to write to it. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/lib/clock.ts';
import type { PostgresSinkOptions } from '../../src/sinks/postgres/options.ts';
import { createPostgresSink } from '../../src/sinks/postgres/postgres.ts';
import { createTestLog } from './fake-journal.ts';
import type { TestDatabase } from './postgres.ts';

/** `copy`: every batch by COPY (as where nothing is said), or none. */
export function sinkOn(
  { dsn }: Pick<TestDatabase, 'dsn'>,
  { copy = true, ...options }: Partial<PostgresSinkOptions> & { copy?: boolean } = {},
  clock = systemClock,
) {
  const log = createTestLog();
  const sink = createPostgresSink(
    {
      name: 'postgres',
      dsn,
      table: { schema: null, table: 'events_json' },
      create: true,
      copyAtLeast: copy ? 0 : Number.POSITIVE_INFINITY,
      batch: 500,
      timeoutMs: 20_000,
      connectTimeoutMs: 10_000,
      partition: 'none',
      retentionDays: 0,
      ...options,
    },
    { clock, log },
  );
  return { sink, log };
}

export type Event = { event_id: string; timestamp: string } & Record<string, unknown>;

export const event = (more: Record<string, unknown> = {}): Event => ({
  event_id: randomUUID(),
  timestamp: new Date().toISOString(),
  type: 'pageview',
  ...more,
});

export const events = (count: number): Event[] => Array.from({ length: count }, (_, n) => event({ n }));

export const recordOf = (value: unknown) => Buffer.from(JSON.stringify(value));
export const recordsOf = (values: readonly unknown[]) => values.map(recordOf);

/** The ids in a table, sorted; repeated ones repeatedly. */
export async function idsIn({ ask }: TestDatabase, table = 'events_json'): Promise<string[]> {
  const rows = await ask<{ event_id: string }>(`SELECT event_id FROM ${table} ORDER BY event_id`);
  return rows.map((row) => row.event_id);
}

export const idsOf = (values: readonly Event[]) => values.map(({ event_id }) => event_id).sort();

/** Makes the table refuse rows whose `payload.amount` is negative. */
export const CHECK_AMOUNT =
  "ALTER TABLE events_json ADD CONSTRAINT check_amount CHECK (coalesce((payload->>'amount')::int, 0) >= 0)";
