/**
 * One partition for each UTC day of `ts`: made a little ahead, and whenever a batch brings a day that has none (what
 * waited through an outage); dropped when retention has passed. Only partitions with our names are ever dropped.
 */
import type { TableName } from '../../config/postgres.ts';
import type { Clock } from '../../lib/clock.ts';
import type { SinkLog } from '../health.ts';
import type { Connection } from './connection.ts';
import { describe, sqlState } from './failure.ts';
import { LOCK } from './lock.ts';
import { plainName, quotedTable } from './names.ts';
import type { EventRow } from './rows.ts';

export type Partitions = {
  /** Makes the partitions that these rows need. Rejects with what the server says. */
  cover(rows: readonly EventRow[]): Promise<void>;
  /** Once an hour: makes those of the next days and drops the old ones. What fails is logged: it can wait. */
  keepUp(): Promise<void>;
};

export type PartitionOptions = {
  /** With its schema. */
  readonly table: TableName;
  /** 0: none is dropped. */
  readonly retentionDays: number;
};

export type PartitionDeps = { readonly connection: Connection; readonly clock: Clock; readonly log: SinkLog };

const DAY_MS = 86_400_000;
const AHEAD_DAYS = 2;
const KEEP_UP_MS = 3_600_000;
/** Whoever reads the table for longer keeps an old partition for an hour more, and nobody waits for it. */
const LOCK_PATIENCE = "SET LOCAL lock_timeout = '3s'";
/** A table of that name is there, or another partition has (rows of) the day: the insert will tell. */
const EXISTS = ['42P07', '42P17', '23514'];

export async function createPartitions(options: PartitionOptions, deps: PartitionDeps): Promise<Partitions> {
  const { table, retentionDays } = options;
  const { clock, connection, log } = deps;
  let known = new Set((await daysOf(connection, table)).map(({ day }) => day));
  let keepUpAt = 0;

  const make = async (day: string): Promise<void> => {
    try {
      await connection.query(partitionSql(table, day));
    } catch (error) {
      if (!EXISTS.includes(sqlState(error) ?? '')) throw error;
    }
    known.add(day);
  };

  const dropOld = async (): Promise<void> => {
    const first = dayOf(clock.now() - retentionDays * DAY_MS);
    for (const { day, name } of await daysOf(connection, table)) {
      if (day >= first) continue;
      await connection.query(`${LOCK_PATIENCE}; DROP TABLE ${quotedTable(name)}`);
      known.delete(day);
      log.info({ partition: plainName(name) }, 'partition dropped, PG_RETENTION_DAYS have passed');
    }
  };

  return {
    async cover(rows) {
      for (const { atMs } of rows) {
        const day = dayOf(atMs);
        if (!known.has(day)) await make(day);
      }
    },
    async keepUp() {
      if (clock.monotonic() < keepUpAt) return;
      keepUpAt = clock.monotonic() + KEEP_UP_MS;
      try {
        known = new Set((await daysOf(connection, table)).map(({ day }) => day));
        for (let ahead = 0; ahead <= AHEAD_DAYS; ahead += 1) {
          const day = dayOf(clock.now() + ahead * DAY_MS);
          if (!known.has(day)) await make(day);
        }
        if (retentionDays > 0) await dropOld();
      } catch (error) {
        log.warn({ table: plainName(table), error: describe(error) }, 'partitions not brought up to date');
      }
    },
  };
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Attached when it is complete: unlike PARTITION OF, that waits for no reader of the table. */
function partitionSql(table: TableName, day: string): string {
  const partition = quotedTable(partitionOf(table, day));
  const next = dayOf(Date.parse(day) + DAY_MS);
  return `${LOCK};
CREATE TABLE ${partition} (LIKE ${quotedTable(table)} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE);
ALTER TABLE ${quotedTable(table)} ATTACH PARTITION ${partition} FOR VALUES FROM ('${day}T00:00:00Z') TO ('${next}T00:00:00Z')`;
}

const partitionOf = ({ schema, table }: TableName, day: string): TableName => ({
  schema,
  table: `${table}_p${day.replaceAll('-', '')}`,
});

const CHILDREN = `SELECT n.nspname AS schema, c.relname AS "table" FROM pg_inherits h
JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE h.inhparent = to_regclass($1) ORDER BY c.relname`;

/** The partitions of our making, oldest first. */
async function daysOf(connection: Connection, table: TableName): Promise<{ day: string; name: TableName }[]> {
  const children = await connection.query<TableName>(CHILDREN, [quotedTable(table)]);
  return children.flatMap((name) => {
    const [, year, month, date] = /_p(\d{4})(\d\d)(\d\d)$/.exec(name.table) ?? [];
    const day = `${year}-${month}-${date}`;
    return name.table === partitionOf(table, day).table ? [{ day, name }] : [];
  });
}
