/** A connection that is ready for events: logged in, settled, and with a table that takes them. */
import type { Clock } from '../../lib/clock.ts';
import type { SinkLog } from '../health.ts';
import { type Connection, connect } from './connection.ts';
import { sqlState } from './failure.ts';
import { createInsert } from './insert.ts';
import { type Absent, inspect, type TableFacts } from './inspect.ts';
import { createIfAbsent } from './migrate.ts';
import { plainName } from './names.ts';
import type { PostgresSinkOptions } from './options.ts';
import { createPartitions, type Partitions } from './partitions.ts';
import { rightsProblem } from './rights.ts';
import type { EventRow } from './rows.ts';
import { migrationSql, problemOf } from './table.ts';

export type SessionDeps = { readonly clock: Clock; readonly log: SinkLog };

export type Session = {
  /** Everything that has to be there before these rows can be inserted; what fails here is no row's fault. */
  makeRoom(rows: readonly EventRow[]): Promise<void>;
  insert(rows: readonly EventRow[]): Promise<void>;
  /** Rejects where an insert would not work. */
  check(): Promise<void>;
  close(): Promise<void>;
  destroy(): void;
};

/** Rejects with an error whose text is for the operator: connection.ts's, or what is wrong with the table. */
export async function openSession(options: PostgresSinkOptions, deps: SessionDeps): Promise<Session> {
  const connection = await connect(options);
  try {
    await settle(connection, options.timeoutMs);
    const facts = await readyTable(connection, options, deps.log);
    const { copyAtLeast, partition, retentionDays } = options;
    const target = { table: facts.name, partition };
    const partitions: Partitions | null =
      partition === 'none'
        ? null
        : await createPartitions({ table: facts.name, retentionDays }, { ...deps, connection });
    return {
      async makeRoom(rows) {
        await partitions?.keepUp();
        await partitions?.cover(rows);
      },
      insert: createInsert(connection, target, copyAtLeast),
      async check() {
        const problem = await rightsProblem(connection, facts.name, copyAtLeast < Number.POSITIVE_INFINITY);
        if (problem !== null) throw new Error(problem);
      },
      close: connection.close,
      destroy: connection.destroy,
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/**
 * What a server does for us is over before we give it up, and a server whose client is gone stops: else each attempt
 * would leave one more behind that waits for the same lock. An ack means that the commit is on its disk.
 */
async function settle(connection: Connection, timeoutMs: number): Promise<void> {
  const settings = {
    statement_timeout: Math.ceil(timeoutMs * 0.9),
    idle_in_transaction_session_timeout: timeoutMs,
    client_min_messages: 'warning',
    TimeZone: 'UTC',
  };
  await connection.query(
    Object.entries(settings)
      .map(([name, value]) => `SET ${name} = '${value}'`)
      .join('; '),
  );
  await connection.query(
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
  );
  try {
    await connection.query("SET client_connection_check_interval = '5s'");
  } catch (error) {
    // Servers before 14, and those on Windows, have none.
    if (sqlState(error) === undefined) throw error;
  }
}

async function readyTable(
  connection: Connection,
  options: PostgresSinkOptions,
  log: SinkLog,
): Promise<TableFacts> {
  const wanted = { name: options.table, partition: options.partition };
  const found: TableFacts | Absent = await inspect(connection, wanted.name);
  if (found.kind === 'absent') {
    if (!options.create) throw new Error(`there is no table ${plainName(wanted.name)}; run: gotrack migrate`);
    const { facts, created } = await createIfAbsent(connection, wanted);
    if (created) log.info({ sink: options.name, table: plainName(facts.name) }, 'table created');
    return facts;
  }
  const problem = problemOf(found, wanted);
  if (problem !== null) throw new Error(problem);
  if (migrationSql(found, wanted).length > 0) {
    const table = plainName(found.name);
    log.warn({ sink: options.name, table }, 'the table lacks indexes of today’s form; run: gotrack migrate');
  }
  return found;
}
