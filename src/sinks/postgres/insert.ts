/** How a batch gets into the table: all of it in one transaction and one round trip, what is there already left out. */
import type { TableName } from '../../config/postgres.ts';
import type { Connection } from './connection.ts';
import { copyText } from './copy-text.ts';
import { quotedTable } from './names.ts';
import type { Partition } from './options.ts';
import type { EventRow } from './rows.ts';
import { keyOf } from './table.ts';

/** Rejects with the server's error; then nothing of the batch is in the table. At least one row. */
export type Insert = (rows: readonly EventRow[]) => Promise<void>;

export type Target = { readonly table: TableName; readonly partition: Partition };

/** Empty between transactions. A pooler may give us another session with each of them: it is made where it is not. */
const BATCH_TABLE = 'pg_temp.gotrack_batch';
const BATCH = `${BATCH_TABLE} AS batch`;
const MAKE_BATCH_TABLE =
  'CREATE TEMPORARY TABLE IF NOT EXISTS gotrack_batch (event_id uuid, ts timestamptz, payload jsonb) ON COMMIT DELETE ROWS';
const FILL_BATCH_TABLE = `COPY ${BATCH_TABLE} (event_id, ts, payload) FROM STDIN`;

/** By COPY from `copyAtLeast` rows on. */
export function createInsert(connection: Connection, target: Target, copyAtLeast: number): Insert {
  const byCopy = createCopyInsert(connection, target);
  const byArrays = createArrayInsert(connection, target);
  return (rows) => (rows.length < copyAtLeast ? byArrays(rows) : byCopy(rows));
}

function createCopyInsert(connection: Connection, target: Target): Insert {
  return (rows) => {
    const insert = insertSql(target, rows, BATCH);
    return connection.copy(`${MAKE_BATCH_TABLE}; ${FILL_BATCH_TABLE}; ${insert}`, copyText(rows));
  };
}

function createArrayInsert(connection: Connection, target: Target): Insert {
  const source = 'unnest($1::uuid[], $2::timestamptz[], $3::jsonb[]) AS batch (event_id, ts, payload)';
  return async (rows) => {
    const ids = rows.map((row) => row.eventId);
    const times = rows.map((row) => row.ts);
    const payloads = rows.map((row) => row.record.toString());
    await connection.query(insertSql(target, rows, source), [ids, times, payloads]);
  };
}

/** Sorted by id: two writers that lock the same ids in different orders would deadlock. */
function insertSql({ table, partition }: Target, rows: readonly EventRow[], source: string): string {
  const columns = 'event_id, ts, payload';
  const unseen = partition === 'day' ? unseenSql(table, rows) : '';
  const distinct = partition === 'day' ? 'DISTINCT ON (event_id) ' : '';
  return `INSERT INTO ${quotedTable(table)} (${columns}) SELECT ${distinct}${columns} FROM ${source}${unseen}
ORDER BY event_id ON CONFLICT (${keyOf(partition).join(', ')}) DO NOTHING`;
}

const TWO_DAYS_MS = 2 * 86_400_000;

/**
 * The key of a partitioned table holds `ts` too, and the same event sent again may have got another one, by up to a
 * day (EVENTS: "timestamp"). The bounds are constants so that the server looks into the partitions of those days only.
 * OFFSET 0 keeps it to one look into an index for each row: without statistics, as after midnight, the planner would
 * take the subquery for a join and read whole partitions (128 ms a batch at 300,000 rows, instead of 6).
 */
function unseenSql(table: TableName, rows: readonly EventRow[]): string {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { atMs } of rows) {
    first = Math.min(first, atMs);
    last = Math.max(last, atMs);
  }
  const [from, to] = [first - TWO_DAYS_MS, last + TWO_DAYS_MS].map((ms) => new Date(ms).toISOString());
  return `
WHERE NOT EXISTS (SELECT FROM ${quotedTable(table)} AS old
  WHERE old.event_id = batch.event_id AND old.ts >= '${from}' AND old.ts <= '${to}' OFFSET 0)`;
}
