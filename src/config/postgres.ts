/** What the variables of the Postgres sink take: a connection string, and a table's name by SQL's rules. */
import type { Parser } from './parsers.ts';

/** Names as the server keeps them: without quotes, folded where they had none. */
export type TableName = {
  /** Null: where the server's `search_path` says. */
  readonly schema: string | null;
  readonly table: string;
};

/** The server cuts names at 63 bytes, and the partition of a day is the table's name and ten characters. */
const MAX_NAME_BYTES = 50;
const NAME = /("(?:[^"\0]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)/.source;
const TABLE = new RegExp(`^(?:${NAME}\\.)?${NAME}$`);

/** `events`, `analytics.events` or `"My Schema"."Events"`. */
export const tableName: Parser<TableName> = (value) => {
  const match = TABLE.exec(value.trim());
  const names = (match?.slice(1) ?? []).map((name) => (name === undefined ? null : nameOf(name)));
  const [schema = null, table] = names;
  if (!table || names.some((name) => Buffer.byteLength(name ?? '') > MAX_NAME_BYTES)) {
    const expected = `a table such as events_json, analytics.events or "My Schema"."Events", names of at most ${MAX_NAME_BYTES} bytes`;
    return { ok: false, expected };
  }
  return { ok: true, value: { schema, table } };
};

const nameOf = (name: string) =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();

/**
 * `postgres://user:password@host:port/database`. What URL would read otherwise than its writer meant is refused:
 * the rest of a password would go into the name of a host or a database, and from there into a log.
 */
export const postgresUrl: Parser<string> = (value) => {
  const url = parseDsn(value);
  const isOurs = url !== null && ['postgres:', 'postgresql:'].includes(url.protocol);
  if (isOurs && /^\/[^/@]*$/.test(url.pathname) && url.hash === '') return { ok: true, value };
  const expected =
    'postgres://user:password@host:5432/database, with @ / ? # in the password written as %40 %2F %3F %23';
  return { ok: false, expected };
};

/** A unix socket stands in `?host=`, and then there may be a user before no host, which URL takes for a mistake. */
function parseDsn(value: string): URL | null {
  const withHost = value.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)\//, '$1localhost/');
  return URL.canParse(withHost) ? new URL(withHost) : null;
}

/** Of a DSN what may be told: where it leads, not who goes there with which password. */
export function placeOf(dsn: string): string {
  const url = parseDsn(dsn);
  if (url === null) return 'postgres';
  const host = url.searchParams.get('host') ?? url.hostname;
  const port = url.port || url.searchParams.get('port');
  return `postgres ${host}${port ? `:${port}` : ''}${url.pathname}`;
}

/** What no single row of the Postgres sink can see; `retentionDays` is its PG_RETENTION_DAYS. */
export function retentionProblem(partition: 'none' | 'day', retentionDays: number): string | null {
  if (retentionDays === 0 || partition === 'day') return null;
  return 'is set, and PG_PARTITION is none: old days are dropped as partitions, so set PG_PARTITION=day, or 0 here';
}
