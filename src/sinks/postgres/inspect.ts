/** What the server's catalogue knows of the table. */
import type { TableName } from '../../config/postgres.ts';
import type { Connection } from './connection.ts';
import { quoted, quotedTable } from './names.ts';

export type TableFacts = {
  readonly kind: 'table' | 'partitioned' | 'other';
  /** With the schema in which it was found. */
  readonly name: TableName;
  readonly columns: readonly Column[];
  readonly indexes: readonly Index[];
};

export type Column = {
  readonly name: string;
  /** As SQL writes it: `timestamp with time zone`. */
  readonly type: string;
  /** An insert that does not name it fails. */
  readonly required: boolean;
};

export type Index = {
  readonly name: string;
  /** Columns or expressions, quoted where SQL needs it. */
  readonly columns: readonly string[];
  /** Holds for every row at once, so that ON CONFLICT can rely on it. */
  readonly unique: boolean;
  /** False: a CREATE INDEX CONCURRENTLY that failed has left it. */
  readonly valid: boolean;
  readonly definition: string;
};

export type Absent = { readonly kind: 'absent'; readonly schemaExists: boolean };

const TABLE = `
SELECT n.nspname AS schema, c.relname AS "table", c.relkind AS kind,
  ARRAY(SELECT json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'required', a.attnotnull AND NOT a.atthasdef AND a.attidentity = '')
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
  ARRAY(SELECT json_build_object('name', i.relname, 'valid', x.indisvalid, 'definition', pg_get_indexdef(i.oid),
      'unique', x.indisunique AND x.indisvalid AND x.indimmediate AND x.indpred IS NULL,
      'columns', ARRAY(SELECT pg_get_indexdef(i.oid, k, true) FROM generate_series(1, x.indnkeyatts) k))
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid ORDER BY i.relname) AS indexes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)`;

type Found = { schema: string; table: string; kind: string; columns: Column[]; indexes: Index[] };

export async function inspect(connection: Connection, name: TableName): Promise<TableFacts | Absent> {
  const [found] = await connection.query<Found>(TABLE, [quotedTable(name)]);
  if (found === undefined) return { kind: 'absent', schemaExists: await schemaExists(connection, name) };
  const { schema, table, columns, indexes } = found;
  const kind = found.kind === 'r' ? 'table' : found.kind === 'p' ? 'partitioned' : 'other';
  return { kind, name: { schema, table }, columns, indexes };
}

async function schemaExists(connection: Connection, { schema }: TableName): Promise<boolean> {
  if (schema === null) return true;
  const sql = 'SELECT to_regnamespace($1) IS NOT NULL AS exists';
  const [row] = await connection.query<{ exists: boolean }>(sql, [quoted(schema)]);
  return row!.exists;
}
