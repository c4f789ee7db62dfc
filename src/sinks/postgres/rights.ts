/** Whether this user on this server may insert, without inserting. */
import type { TableName } from '../../config/postgres.ts';
import type { Connection } from './connection.ts';
import { plainName, quoted, quotedTable } from './names.ts';

/** Rights on single columns are enough; ON CONFLICT reads the key. */
const RIGHTS = `SELECT current_user AS "user", current_database() AS database, pg_is_in_recovery() AS standby,
has_any_column_privilege($1, 'SELECT') AND has_any_column_privilege($1, 'INSERT') AS inserts,
has_database_privilege(current_database(), 'TEMPORARY') AS temporary`;

type Rights = { user: string; database: string; standby: boolean; inserts: boolean; temporary: boolean };

/** What is missing, with the cure, or null. Rejects where the table is gone, or the server. */
export async function rightsProblem(
  connection: Connection,
  table: TableName,
  copy: boolean,
): Promise<string | null> {
  const [rights] = await connection.query<Rights>(RIGHTS, [quotedTable(table)]);
  const { user, database, standby, inserts, temporary } = rights!;
  if (standby) return 'this server only reads, it is a standby; PG_DSN has to lead to the primary';
  if (!inserts) {
    return `${user} may not insert into ${plainName(table)}: GRANT SELECT, INSERT ON ${plainName(table)} TO ${quoted(user)}`;
  }
  if (copy && !temporary) {
    return `${user} may not make the temporary table of a COPY: GRANT TEMPORARY ON DATABASE ${quoted(database)} TO ${quoted(user)}, or set PG_COPY=false`;
  }
  return null;
}
