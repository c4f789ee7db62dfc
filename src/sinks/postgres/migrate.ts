/** Makes the table, or brings an older one to today's form. */
import type { Connection } from './connection.ts';
import { inspect, type TableFacts } from './inspect.ts';
import { creationSql, keyOf, migrationSql, problemOf, remarksOn, type Wanted } from './table.ts';

/** Two that begin at once: the second one finds what the first one made. An arbitrary number, the same in all. */
const LOCK = 'SELECT pg_advisory_xact_lock(4702111234234)';

/** The table as it is when it was there, or was made by this call. */
export async function createIfAbsent(
  connection: Connection,
  wanted: Wanted,
): Promise<{ facts: TableFacts; created: boolean }> {
  const before = await inspect(connection, wanted.name);
  if (before.kind !== 'absent') return { facts: before, created: false };
  await connection.query('BEGIN');
  await connection.query(LOCK);
  const locked = await inspect(connection, wanted.name);
  if (locked.kind === 'absent') {
    for (const sql of creationSql(wanted, locked)) await connection.query(sql);
  }
  await connection.query('COMMIT');
  const facts = (await inspect(connection, wanted.name)) as TableFacts;
  return { facts, created: locked.kind === 'absent' };
}

export type Migration = {
  /** In order; empty: nothing is to be done. */
  readonly sql: readonly string[];
  readonly remarks: readonly string[];
  /** Why this table cannot be brought to today's form by adding to it. */
  readonly problem: string | null;
};

/** What `migrate` would do. */
export async function planMigration(connection: Connection, wanted: Wanted): Promise<Migration> {
  const facts = await inspect(connection, wanted.name);
  if (facts.kind === 'absent') return { sql: creationSql(wanted, facts), remarks: [], problem: null };
  const sql = migrationSql(facts, wanted);
  const problem = problemOf(withKey(facts, wanted), wanted);
  return { sql: problem === null ? sql : [], remarks: remarksOn(facts), problem };
}

/** As if the missing key were there already: the plan adds it. */
function withKey(facts: TableFacts, wanted: Wanted): TableFacts {
  const key = { name: '', columns: keyOf(wanted.partition), unique: true, valid: true, definition: '' };
  return { ...facts, indexes: [...facts.indexes, key] };
}
