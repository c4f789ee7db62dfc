import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parseArguments } from '../../../src/cli/arguments.ts';
import type { Context } from '../../../src/cli/context.ts';
import { migrate } from '../../../src/cli/migrate.ts';
import { unless } from '../../support/needs.ts';
import {
  postgresMissing,
  startPostgres,
  type TestDatabase,
  type TestServer,
} from '../../support/postgres.ts';
import { event, idsIn, recordOf, sinkOn } from '../../support/postgres-sink.ts';

let server: TestServer;
before(async () => {
  if (postgresMissing() === null) server = await startPostgres();
});
after(() => server?.stop());

async function gotrackMigrate(env: Record<string, string>, ...flags: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const context = {
    args: parseArguments(['migrate', ...flags]),
    env,
    print: (text: string) => void out.push(text),
    printError: (text: string) => void errors.push(text),
    readFile: (path: string) => readFileSync(path, 'utf8'),
  };
  return {
    code: await migrate(context as unknown as Context),
    out: out.join('\n'),
    error: errors.join('\n'),
  };
}

/** Columns, keys and indexes as the catalogue describes them. */
async function shapeOf({ ask }: TestDatabase, table = 'events_json') {
  const columns = await ask(
    'SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum',
    [table],
  );
  const indexes = await ask(
    "SELECT replace(pg_get_indexdef(indexrelid), current_schema() || '.', '') AS definition, indisvalid, indisprimary FROM pg_index WHERE indrelid = $1::regclass ORDER BY 1",
    [table],
  );
  return { columns, indexes };
}

const OLD_TABLE = [
  'CREATE TABLE events_json (id bigserial PRIMARY KEY, event_id uuid NOT NULL, ts timestamptz NOT NULL DEFAULT now(), payload jsonb NOT NULL)',
  'CREATE INDEX old_gin ON events_json USING gin (payload)',
];

describe('gotrack migrate', unless(postgresMissing), () => {
  it('makes the same table as the sink and as deploy/postgres/init.sql', async () => {
    const [bySink, byCommand, byFile] = [await server.schema(), await server.schema(), await server.schema()];
    const { sink } = sinkOn(bySink);
    await sink.open(null);
    await sink.close();
    assert.equal((await gotrackMigrate({ PG_DSN: byCommand.dsn })).code, 0);
    const file = readFileSync(new URL('../../../deploy/postgres/init.sql', import.meta.url), 'utf8');
    await byFile.ask(file);
    await byFile.ask(file);
    const shape = await shapeOf(bySink);
    assert.equal(shape.indexes.length, 3);
    assert.deepEqual(await shapeOf(byCommand), shape);
    assert.deepEqual(await shapeOf(byFile), shape);
  });

  it('says what it did, and a second time that there is nothing to do', async () => {
    const database = await server.schema();
    const first = await gotrackMigrate({ PG_DSN: database.dsn, PG_TABLE: 'analytics."Events"' });
    assert.equal(first.code, 0);
    assert.match(first.out, /done: CREATE SCHEMA "analytics"/);
    assert.match(first.out, /done: CREATE TABLE "analytics"\."Events"/);
    const second = await gotrackMigrate({ PG_DSN: database.dsn, PG_TABLE: 'analytics."Events"' });
    assert.deepEqual(second, {
      code: 0,
      out: '-- analytics."Events" has today\'s form: nothing to do',
      error: '',
    });
  });

  it('prints with --dry-run the SQL that would do it, and does nothing', async () => {
    for (const flags of [['--dry-run'], ['--dry-run', '--pg-partition=day']]) {
      const [database, other] = [await server.schema(), await server.schema()];
      const { code, out } = await gotrackMigrate({ PG_DSN: database.dsn }, ...flags);
      assert.equal(code, 0);
      assert.deepEqual(await database.ask("SELECT to_regclass('events_json') AS found"), [{ found: null }]);
      await other.ask(out);
      await gotrackMigrate({ PG_DSN: database.dsn }, ...flags.slice(1));
      assert.deepEqual(await shapeOf(other), await shapeOf(database));
    }
  });

  it('adds to an older table what it lacks, keeps the rest, and the sink takes it', async () => {
    const database = await server.schema();
    for (const sql of OLD_TABLE) await database.ask(sql);
    const value = event();
    await database.ask('INSERT INTO events_json (event_id, payload) VALUES ($1, $2)', [
      value.event_id,
      value,
    ]);
    const { sink } = sinkOn(database);
    assert.equal((await sink.open(null)).ok, false);
    const { code, out } = await gotrackMigrate({ PG_DSN: database.dsn });
    assert.equal(code, 0, out);
    assert.match(out, /done: CREATE UNIQUE INDEX CONCURRENTLY ON "test_\d+"\."events_json" \(event_id\)/);
    assert.match(out, /done: CREATE INDEX CONCURRENTLY .* jsonb_path_ops/);
    assert.match(out, /DROP INDEX CONCURRENTLY test_\d+\.old_gin/);
    assert.deepEqual(await sink.open(null), { ok: true });
    assert.deepEqual(await sink.write([recordOf(value), recordOf(event())]), { kind: 'ack' });
    assert.equal((await idsIn(database)).length, 2);
    assert.match((await gotrackMigrate({ PG_DSN: database.dsn })).out, /nothing to do/);
    await sink.close();
  });

  it('tells how to go on where events are in the table twice, and ends what a failed attempt has left', async () => {
    const database = await server.schema();
    for (const sql of OLD_TABLE) await database.ask(sql);
    const value = event();
    for (const _ of [1, 2]) {
      await database.ask('INSERT INTO events_json (event_id, payload) VALUES ($1, $2)', [
        value.event_id,
        value,
      ]);
    }
    const failed = await gotrackMigrate({ PG_DSN: database.dsn });
    assert.equal(failed.code, 1);
    const [cure] = /DELETE FROM .*/.exec(failed.error) ?? [];
    await database.ask(cure!);
    assert.deepEqual(await idsIn(database), [value.event_id]);
    const { code, out } = await gotrackMigrate({ PG_DSN: database.dsn });
    assert.equal(code, 0);
    assert.match(out, /done: DROP INDEX CONCURRENTLY "test_\d+"\."events_json_event_id_idx"/);
    const invalid = await database.ask('SELECT FROM pg_index WHERE NOT indisvalid');
    assert.equal(invalid.length, 0);
  });

  it('adds indexes to a partitioned table too', async () => {
    const database = await server.schema();
    await database.ask(
      'CREATE TABLE events_json (event_id uuid NOT NULL, ts timestamptz NOT NULL, payload jsonb NOT NULL) PARTITION BY RANGE (ts)',
    );
    const env = { PG_DSN: database.dsn, PG_PARTITION: 'day' };
    assert.equal((await gotrackMigrate(env)).code, 0);
    const { sink } = sinkOn(database, { partition: 'day' });
    assert.deepEqual(await sink.write([recordOf(event())]), { kind: 'ack' });
    await sink.close();
    assert.match((await gotrackMigrate(env)).out, /nothing to do/);
  });

  it('brings the table of each Postgres output to its form, and says which failed', async () => {
    const [eu, us] = [await server.schema(), await server.schema()];
    const env = {
      OUTPUTS: 'log,postgres:eu,postgres:us',
      PG_TABLE: 'events',
      PG_EU_DSN: eu.dsn,
      PG_US_DSN: us.dsn,
    };
    const { code, out } = await gotrackMigrate({ ...env, PG_US_PARTITION: 'day' });
    assert.equal(code, 0);
    assert.match(
      out,
      /-- postgres:eu\ndone: CREATE TABLE "events".*-- postgres:us\ndone: CREATE TABLE "events".*PARTITION/s,
    );
    assert.equal((await shapeOf(eu, 'events')).indexes.length, 3);
    const half = await gotrackMigrate(env);
    assert.equal(half.code, 1);
    assert.match(half.out, /-- postgres:eu\n-- events has today's form/);
    assert.match(half.error, /events is partitioned and PG_PARTITION is none/);
    const without = await gotrackMigrate({ OUTPUTS: 'postgres:eu,postgres:us', PG_EU_DSN: eu.dsn });
    assert.equal(without.code, 2);
    assert.match(without.error, /PG_US_DSN is required for the output postgres:us/);
  });

  it('refuses what is no table of events, a missing PG_DSN, and what it does not know', async () => {
    const database = await server.schema();
    await database.ask('CREATE TABLE events_json (n int)');
    const wrong = await gotrackMigrate({ PG_DSN: database.dsn });
    assert.equal(wrong.code, 1);
    assert.match(wrong.error, /no column event_id .*choose another PG_TABLE/);
    assert.match((await gotrackMigrate({})).error, /PG_DSN is required/);
    assert.equal((await gotrackMigrate({})).code, 2);
    assert.match(
      (await gotrackMigrate({ PG_DSN: database.dsn }, '--pg-tabel=x')).error,
      /did you mean --pg-table/,
    );
    assert.equal((await gotrackMigrate({ PG_DSN: database.dsn }, '--dry-run=perhaps')).code, 2);
    const nowhere = await gotrackMigrate({ PG_DSN: 'postgres://me:hunter2@127.0.0.1:1/db' });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.error, /ECONNREFUSED/);
    assert.ok(!nowhere.error.includes('hunter2'));
  });
});
