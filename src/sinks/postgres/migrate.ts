/** Makes the table, or brings an older one to today's form by adding to it. */
import { type Connection, connect } from './connection.ts';
import { describe, sqlState } from './failure.ts';
import { inspect, type TableFacts } from './inspect.ts';
import { LOCK } from './lock.ts';
import { plainName, quotedTable } from './names.ts';
import type { PostgresSinkOptions } from './options.ts';
import { creationSql, keyOf, migrationSql, problemOf, remarksOn, type Wanted } from './table.ts';

/** The table as it is when it was there, or was made by this call. */
export async function createIfAbsent(
  connection: Connection,
  wanted: Wanted,
): Promise<{ facts: TableFacts; created: boolean }> {
  await connection.query('BEGIN');
  await connection.query(LOCK);
  const found = await inspect(connection, wanted.name);
  if (found.kind === 'absent') {
    for (const sql of creationSql(wanted, found)) await connection.query(sql);
  }
  await connection.query('COMMIT');
  const facts = (await inspect(connection, wanted.name)) as TableFacts;
  return { facts, created: found.kind === 'absent' };
}

export type MigrationOptions = Pick<
  PostgresSinkOptions,
  'dsn' | 'table' | 'partition' | 'connectTimeoutMs'
> & {
  /** Nothing is done. */
  readonly dryRun: boolean;
};

export type MigrationOutcome =
  /** What was done, or with `dryRun` would be, and what a person may want to know besides. */
  { ok: true; sql: readonly string[]; remarks: readonly string[] } | { ok: false; detail: string };

/** An index on a large table takes its time. */
const TIMEOUT_MS = 24 * 3_600_000;

/** `onDone` is told each statement when it is done. */
export async function migrate(
  options: MigrationOptions,
  onDone: (sql: string) => void,
): Promise<MigrationOutcome> {
  const wanted = { name: options.table, partition: options.partition };
  let connection: Connection | null = null;
  try {
    connection = await connect({ ...options, timeoutMs: TIMEOUT_MS });
    await connection.query('SET statement_timeout = 0');
    return await migrateOver(connection, wanted, options.dryRun ? null : onDone);
  } catch (error) {
    return { ok: false, detail: `${describe(error)}${cureOf(error, wanted)}` };
  } finally {
    await connection?.close();
  }
}

/** `onDone` null: nothing is done. */
async function migrateOver(
  connection: Connection,
  wanted: Wanted,
  onDone: ((sql: string) => void) | null,
): Promise<MigrationOutcome> {
  const found = await inspect(connection, wanted.name);
  if (found.kind === 'absent') {
    const sql = creationSql(wanted, found);
    if (onDone !== null && (await createIfAbsent(connection, wanted)).created) sql.forEach(onDone);
    return { ok: true, sql, remarks: [] };
  }
  const problem = problemOf(withKey(found, wanted), wanted);
  if (problem !== null) return { ok: false, detail: problem };
  const sql = migrationSql(found, wanted);
  for (const statement of onDone === null ? [] : sql) {
    await connection.query(statement);
    onDone?.(statement);
  }
  return { ok: true, sql, remarks: remarksOn(found) };
}

/** As if the key were there: where it is missing the migration adds it. */
function withKey(facts: TableFacts, { partition }: Wanted): TableFacts {
  const key = { name: '', columns: keyOf(partition), unique: true, valid: true, definition: '' };
  return { ...facts, indexes: [...facts.indexes, key] };
}

function cureOf(error: unknown, { name, partition }: Wanted): string {
  if (sqlState(error) !== '23505') return '';
  const table = quotedTable(name);
  const same = keyOf(partition).map((column) => `one.${column} = other.${column}`);
  return `: ${plainName(name)} holds events twice; remove the repeats and migrate again: DELETE FROM ${table} one USING ${table} other WHERE ${same.join(' AND ')} AND one.ctid > other.ctid`;
}
