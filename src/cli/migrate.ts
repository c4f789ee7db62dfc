/**
 * `gotrack migrate [--dry-run]`: the table of each Postgres output (PG_TABLE in the database of PG_DSN), made or brought
 * to today's form. It only adds (indexes, built while events are written), so it may run at any time, and again. Exit code: 0 it is in today's
 * form, 1 it is not, 2 wrong usage or configuration.
 */
import { postgresProblemsOf } from '../config/contradictions.ts';
import { loadSinks } from '../config/load.ts';
import { migrate as migrateTable } from '../sinks/postgres/migrate.ts';
import { plainName } from '../sinks/postgres/names.ts';
import { type PostgresSinkOptions, postgresOptions } from '../sinks/postgres/options.ts';
import type { Command, Context } from './context.ts';

const USAGE = `gotrack migrate [--dry-run]

Makes the table of PG_TABLE in the database of PG_DSN, or adds the indexes that an older one lacks; where OUTPUTS names
several (postgres:eu,postgres:us), that of each. Indexes are built while events are written. It can be run again at any
time.

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
  const sinks = readSinks(context, flags);
  if (sinks === null) return 2;
  let code = 0;
  for (const options of sinks) {
    if (sinks.length > 1) context.print(`-- ${options.name}`);
    code = Math.max(code, await migrateWith(context, { ...options, dryRun: dry === 'true' }));
  }
  return code;
};

function readSinks(
  { env, printError, readFile }: Context,
  flags: Record<string, string>,
): PostgresSinkOptions[] | null {
  const loaded = loadSinks('postgres', KEYS, { env, flags, readFile });
  const problems = loaded.ok
    ? loaded.sinks.flatMap(({ output, settings }) => postgresProblemsOf(output, settings))
    : loaded.problems;
  for (const { name, message } of problems) printError(`gotrack: ${name} ${message}`);
  if (!loaded.ok || problems.length > 0) return null;
  return loaded.sinks.map(({ output, settings }) => postgresOptions(settings, output.name));
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
