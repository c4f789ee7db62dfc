import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { placeOf, postgresUrl, tableName } from '../../src/config/postgres.ts';

const TABLES: [given: string, expected: [schema: string | null, table: string] | null][] = [
  ['events_json', [null, 'events_json']],
  ['Events_JSON', [null, 'events_json']],
  ['analytics.events', ['analytics', 'events']],
  ['"My Schema"."Events"', ['My Schema', 'Events']],
  ['"a.b"', [null, 'a.b']],
  ['"say ""hi"""', [null, 'say "hi"']],
  ['order', [null, 'order']],
  ['_x$1', [null, '_x$1']],
  [' events ', [null, 'events']],
  ['', null],
  ['a.b.c', null],
  ['.a', null],
  ['a.', null],
  ['1a', null],
  ['a b', null],
  ['"a', null],
  ['""', null],
  ['a;drop table b', null],
  [`"${'é'.repeat(26)}"`, null],
];
for (const [given, expected] of TABLES) {
  test(`PG_TABLE ${given} is ${expected === null ? 'refused' : 'taken'}`, () => {
    const parsed = tableName(given);
    if (expected === null) return assert.equal(parsed.ok, false);
    assert.deepEqual(parsed, { ok: true, value: { schema: expected[0], table: expected[1] } });
  });
}

const URLS: [given: string, taken: boolean][] = [
  ['postgres://user:word@host:5432/db', true],
  ['postgresql://host/db?sslmode=verify-full', true],
  ['postgres://user:p%2Fa%40b@host/db', true],
  ['postgres://user@[::1]:5432/db', true],
  ['postgres:///db?host=/var/run/postgresql', true],
  ['postgres://me:word@/db?host=/var/run/postgresql', true],
  ['postgres://me:12/34@/db', false],
  ['postgres://host', false],
  ['mysql://host/db', false],
  ['host=localhost dbname=db', false],
  ['postgres://user:12/34@host/db', false],
  ['postgres://user:12#34@host/db', false],
  ['postgres://user:12?34@host/db', false],
];
for (const [given, taken] of URLS) {
  test(`PG_DSN ${given} is ${taken ? 'taken' : 'refused'}`, () => {
    assert.equal(postgresUrl(given).ok, taken);
  });
}

const PLACES = [
  ['postgres://me:word@db.example:5433/shop?sslmode=disable', 'postgres db.example:5433/shop'],
  ['postgres://me:word@/shop?host=/run/pg&port=5433', 'postgres /run/pg:5433/shop'],
  ['postgres://me:word@[::1]/shop', 'postgres [::1]/shop'],
] as const;
for (const [dsn, place] of PLACES) {
  test(`of ${dsn} is told ${place}`, () => assert.equal(placeOf(dsn), place));
}

const ENOUGH = { FORWARD_DESTINATION: 'http://127.0.0.1:3000', HMAC_SECRET: 's'.repeat(32) };
const load = (env: Record<string, string>) =>
  loadConfig({ env: { ...ENOUGH, ...env }, flags: {}, readFile: () => '', now: Date.now });

test('a PG_DSN that cannot be used is not shown', () => {
  const loaded = load({ PG_DSN: 'postgres://me:hunter2@host' });
  assert.ok(!loaded.ok);
  assert.doesNotMatch(JSON.stringify(loaded), /hunter2/);
});

test('PG_RETENTION_DAYS without partitions is no promise that can be kept', () => {
  const postgres = { OUTPUTS: 'postgres', PG_DSN: 'postgres://u@h/d', PG_RETENTION_DAYS: '30' };
  const loaded = load(postgres);
  assert.ok(!loaded.ok);
  assert.match(loaded.problems[0]!.message, /PG_PARTITION=day/);
  assert.ok(load({ ...postgres, PG_PARTITION: 'day' }).ok);
});

test('the seed’s defaults', () => {
  const loaded = load({});
  assert.ok(loaded.ok);
  const { pgTable, pgBatchSize, pgFlushMs, pgCopy, pgDsn } = loaded.config;
  assert.deepEqual(pgTable, { schema: null, table: 'events_json' });
  assert.deepEqual([pgBatchSize, pgFlushMs, pgCopy, pgDsn], [500, 500, true, undefined]);
});
