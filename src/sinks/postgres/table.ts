/**
 * The table of the events: what it has to be, what keeps inserts from working, and the SQL that makes it or brings
 * an older one to today's form. All of it pure; migrate.ts applies it. deploy/postgres/init.sql is the same table.
 */
import type { TableName } from '../../config/postgres.ts';
import type { Absent, Index, TableFacts } from './inspect.ts';
import { plainName, quoted, quotedTable } from './names.ts';
import type { Partition } from './options.ts';

export type Wanted = { readonly name: TableName; readonly partition: Partition };

/** Types that an insert can be cast to; the first is what we create. */
const COLUMN_TYPES: Readonly<Record<string, readonly string[]>> = {
  event_id: ['uuid', 'text', 'character varying'],
  ts: ['timestamp with time zone', 'timestamp without time zone'],
  payload: ['jsonb', 'json'],
};

/** What ON CONFLICT names. A partition's key must hold the column by which it is chosen. */
export function keyOf(partition: Partition): readonly string[] {
  return partition === 'day' ? ['event_id', 'ts'] : ['event_id'];
}

export function creationSql({ name, partition }: Wanted, absent: Absent): string[] {
  const table = quotedTable(name);
  const partitioned = partition === 'day' ? ' PARTITION BY RANGE (ts)' : '';
  const schema = absent.schemaExists ? [] : [`CREATE SCHEMA ${quoted(name.schema!)}`];
  return [
    ...schema,
    `CREATE TABLE ${table} (
  event_id uuid NOT NULL,
  ts timestamptz NOT NULL,
  payload jsonb NOT NULL,
  PRIMARY KEY (${keyOf(partition).join(', ')})
)${partitioned}`,
    `CREATE INDEX ON ${table} (ts)`,
    `CREATE INDEX ON ${table} USING gin (payload jsonb_path_ops)`,
  ];
}

/** Why events cannot be inserted into this table, with the cure; null: they can. */
export function problemOf(facts: TableFacts, wanted: Wanted): string | null {
  const name = plainName(facts.name);
  return (
    kindProblem(facts, wanted, name) ??
    columnProblem(facts, name) ??
    (hasKey(facts, keyOf(wanted.partition))
      ? null
      : `${name} has no unique index on (${keyOf(wanted.partition).join(', ')}), by which repeated events are told; run: gotrack migrate`)
  );
}

function kindProblem({ kind }: TableFacts, { partition }: Wanted, name: string): string | null {
  if (kind === 'other') return `${name} is not a table; choose another PG_TABLE`;
  if (kind === 'partitioned' && partition === 'none') {
    return `${name} is partitioned and PG_PARTITION is none; set PG_PARTITION=day`;
  }
  if (kind === 'table' && partition === 'day') {
    return `${name} is not partitioned and PG_PARTITION is day; choose another PG_TABLE for a new one, or set PG_PARTITION=none`;
  }
  return null;
}

function columnProblem({ columns }: TableFacts, name: string): string | null {
  for (const [column, types] of Object.entries(COLUMN_TYPES)) {
    const found = columns.find((candidate) => candidate.name === column);
    if (found === undefined) {
      return `${name} has no column ${column} (${types[0]}), so it is no table of events; choose another PG_TABLE`;
    }
    if (!types.includes(found.type.replace(/\(\d+\)/, ''))) {
      return `${name}.${column} is ${found.type} and has to be ${types[0]}; choose another PG_TABLE, or ALTER it`;
    }
  }
  const extra = columns.find((column) => column.required && !Object.hasOwn(COLUMN_TYPES, column.name));
  if (extra === undefined) return null;
  return `${name}.${extra.name} must not be null and has no default; ALTER TABLE … ALTER COLUMN ${quoted(extra.name)} SET DEFAULT …`;
}

const hasKey = ({ indexes }: TableFacts, key: readonly string[]) =>
  indexes.some((index) => index.unique && isOn(index, key));

/** In whatever order. */
const isOn = ({ columns }: Index, key: readonly string[]) =>
  columns.length === key.length && key.every((column) => columns.includes(column));

const PATH_OPS = /USING gin \(payload jsonb_path_ops\)/;

/** Each statement by itself, outside of a transaction; nothing is taken away but what a failed attempt has left. */
export function migrationSql(facts: TableFacts, { partition }: Wanted): string[] {
  const table = quotedTable(facts.name);
  // A partitioned table's indexes cannot be built concurrently.
  const concurrently = facts.kind === 'table' ? ' CONCURRENTLY' : '';
  const sql: string[] = [];
  for (const { is, create } of indexesFor(facts, partition)) {
    const alike = facts.indexes.filter(is);
    if (alike.some((index) => index.valid)) continue;
    if (facts.kind === 'table') sql.push(...alike.map((index) => dropSql(facts, index)));
    sql.push(`CREATE ${create(`${concurrently} ON ${table}`)}`);
  }
  return sql;
}

/** What today's form has: how it is recognised, and what follows CREATE. */
function indexesFor(facts: TableFacts, partition: Partition) {
  const key = keyOf(partition);
  const wanted = [
    {
      is: (index: Index) =>
        isOn(index, key) && /^CREATE UNIQUE/.test(index.definition) && (index.unique || !index.valid),
      create: (where: string) => `UNIQUE INDEX${where} (${key.join(', ')})`,
    },
    {
      is: (index: Index) => index.columns[0] === 'ts',
      create: (where: string) => `INDEX${where} (ts)`,
    },
  ];
  if (!isJsonb(facts)) return wanted;
  const gin = {
    is: (index: Index) => PATH_OPS.test(index.definition),
    create: (where: string) => `INDEX${where} USING gin (payload jsonb_path_ops)`,
  };
  return [...wanted, gin];
}

const dropSql = ({ name }: TableFacts, index: Index) =>
  `DROP INDEX CONCURRENTLY ${quotedTable({ schema: name.schema, table: index.name })}`;

const isJsonb = ({ columns }: TableFacts) =>
  columns.some(({ name, type }) => name === 'payload' && type === 'jsonb');

/** What a person may want to know of an older table. */
export function remarksOn({ indexes, name }: TableFacts): string[] {
  return indexes
    .filter(({ definition }) => /USING gin \(payload\)/.test(definition))
    .map((index) => {
      const old = plainName({ schema: name.schema, table: index.name });
      return `the index ${old} is of the default kind, which costs the server three times the work; if no query needs it: DROP INDEX CONCURRENTLY ${old}`;
    });
}
