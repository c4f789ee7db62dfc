/** Names and values as they stand in SQL. */
import type { TableName } from '../../config/postgres.ts';

/** `"My Schema"."Events"`: quoted always, so that no name is a keyword. */
export function quotedTable({ schema, table }: TableName): string {
  return schema === null ? quoted(table) : `${quoted(schema)}.${quoted(table)}`;
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** For people: without quotes that were not needed. */
export function plainName({ schema, table }: TableName): string {
  const plain = (name: string) => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoted(name));
  return schema === null ? plain(table) : `${plain(schema)}.${plain(table)}`;
}
