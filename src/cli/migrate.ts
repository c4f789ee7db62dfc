/**
 * `gotrack migrate [--dry-run]`: the table of PG_TABLE in PG_DSN's database, made or brought to today's form. It only
 * adds (indexes, built while events are written), so it may run at any time, and again. Exit code: 0 it is in today's
 * form, 1 it is not, 2 wrong usage or configuration.
 */
import { loadPart } from '../config/load.ts';
import { migrate as migrateTable } from '../sinks/postgres/migrate.ts';
import { plainName } from '../sinks/postgres/names.ts';
import { postgresOptions } from '../sinks/postgres/options.ts';
import type { Command, Context } from './context.ts';

const USAGE = `gotrack migrate [--dry-run]

Makes the table of PG_TABLE in the database of PG_DSN, or adds the indexes that an older one lacks. Indexes are built
while events are written. It can be run again at any time.

  --dry-run  prints the SQL and does nothing`;

const KEYS = [
  'pgDsn',
  'pgTable',
  'pgCreate',
  'pgCopy',
  'pgBatchSize',
  'pgTimeoutMs',
  'pgPartition',
  'pgRetentionDays',
] as const;

export const migrate: Command = async (context) => {
  const { 'dry-run': dry, help, ...flags } = context.args.flags;
  if (help !== undefined) {
    context.print(USAGE);
    return 0;
  }
  if (context.args.rest.length > 0 || !['true', 'false', undefined].includes(dry)) {
    context.printError(`gotrack: migrate takes no words\n\n${USAGE}`);
    return 2;
  }
  const options = readOptions(context, flags);
  return options === null ? 2 : migrateWith(context, { ...options, dryRun: dry === 'true' });
};

function readOptions({ env, printError, readFile }: Context, flags: Record<string, string>) {
  const loaded = loadPart(KEYS, { env, flags, readFile });
  const problems = loaded.ok ? [] : loaded.problems;
  if (loaded.ok && loaded.config.pgDsn === undefined) {
    problems.push({ name: 'PG_DSN', message: 'is required: postgres://user:password@host:5432/database' });
  }
  for (const { name, message } of problems) printError(`gotrack: ${name} ${message}`);
  return loaded.ok && problems.length === 0 ? postgresOptions(loaded.config, 'postgres') : null;
}

async function migrateWith(
  { print, printError }: Context,
  options: Parameters<typeof migrateTable>[0],
): Promise<number> {
  const table = plainName(options.table);
  const outcome = await migrateTable(options, (sql) => print(`done: ${sql}`));
  if (!outcome.ok) {
    printError(`gotrack: ${table} is not migrated: ${outcome.detail}`);
    return 1;
  }
  for (const remark of outcome.remarks) print(`-- ${remark}`);
  if (options.dryRun) for (const sql of outcome.sql) print(`${sql};`);
  if (outcome.sql.length === 0) print(`-- ${table} has today's form: nothing to do`);
  return 0;
}
