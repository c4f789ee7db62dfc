import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { loadSinks } from '../../../src/config/load.ts';
import { postgresOptions } from '../../../src/sinks/postgres/options.ts';
import { unless } from '../../support/needs.ts';
import { postgresMissing, startPostgres, type TestServer } from '../../support/postgres.ts';
import { event, events, idsIn, idsOf, recordOf, recordsOf, sinkOn } from '../../support/postgres-sink.ts';

const PG_KEYS = [
  ...(['pgDsn', 'pgTable', 'pgCreate', 'pgCopy', 'pgBatchSize'] as const),
  ...(['pgTimeoutMs', 'pgPartition', 'pgRetentionDays'] as const),
];

let server: TestServer;
before(async () => {
  if (postgresMissing() === null) server = await startPostgres();
});
after(() => server?.stop());

const WAYS = [
  { copy: true, partition: 'none' },
  { copy: false, partition: 'none' },
  { copy: true, partition: 'day' },
  { copy: false, partition: 'day' },
] as const;

for (const way of WAYS) {
  describe(
    `rows by ${way.copy ? 'COPY' : 'arrays'}, partition ${way.partition}`,
    unless(postgresMissing),
    () => {
      it('hold the id, the time and the envelope as it was', async () => {
        const database = await server.schema();
        const { sink } = sinkOn(database, way);
        assert.deepEqual(await sink.open(null), { ok: true });
        const text = 'a\\b \\N \\. \t\n\r" \u2028 é 😀 \u0001';
        const value = event({ timestamp: '2026-11-24T10:00:00.123Z', text, n: [1.5, -0, 1e21], none: null });
        assert.deepEqual(await sink.write([recordOf(value)]), { kind: 'ack' });
        const rows = await database.ask(
          "SELECT event_id, ts AT TIME ZONE 'UTC' = '2026-11-24 10:00:00.123' AS at, payload FROM events_json",
        );
        assert.deepEqual(rows, [
          { event_id: value.event_id, at: true, payload: JSON.parse(JSON.stringify(value)) },
        ]);
        await sink.close();
      });

      it('hold any JSON there is', async () => {
        const database = await server.schema();
        const { sink } = sinkOn(database, way);
        const json = fc.jsonValue({ stringUnit: 'grapheme-composite' });
        const samples = fc.sample(json, 300).map((sample) => event({ sample }));
        const spaced = samples.map((sample, n) =>
          Buffer.from(JSON.stringify(sample, null, n % 2 ? '\t' : 0)),
        );
        const outcome = await sink.write(spaced);
        // The one character that no text of Postgres holds.
        const nul = samples.filter((sample) => JSON.stringify(sample).includes('\\u0000'));
        assert.equal(outcome.kind, nul.length === 0 ? 'ack' : 'poisoned');
        const good = samples.filter((sample) => !nul.includes(sample));
        assert.deepEqual(await sink.write(recordsOf(good)), { kind: 'ack' });
        const rows = await database.ask<{ payload: { event_id: string } }>('SELECT payload FROM events_json');
        const found = new Map(rows.map(({ payload }) => [payload.event_id, payload]));
        for (const sample of good) {
          assert.deepEqual(found.get(sample.event_id), JSON.parse(JSON.stringify(sample)));
        }
        await sink.close();
      });

      it('are one an event, whether it comes again in the batch, later, or from another sink', async () => {
        const database = await server.schema();
        const { sink } = sinkOn(database, way);
        const { sink: other } = sinkOn(database, { ...way, copy: !way.copy });
        const [first, second, third] = [events(50), events(50), events(50)];
        assert.deepEqual(await sink.write(recordsOf([...first, ...first.toReversed()])), { kind: 'ack' });
        assert.deepEqual(await sink.write(recordsOf([...second, ...first])), { kind: 'ack' });
        assert.deepEqual(await other.write(recordsOf([...third, ...second])), { kind: 'ack' });
        assert.deepEqual(await idsIn(database), idsOf([...first, ...second, ...third]));
        await sink.close();
        await other.close();
      });

      it('are refused one by one where we see it ourselves, and the others are written', async () => {
        const database = await server.schema();
        const { sink } = sinkOn(database, way);
        const good = events(3);
        const bad = event({ event_id: 'no id' });
        const outcome = await sink.write(recordsOf([bad, ...good, { ...bad, timestamp: '' }]));
        const refusals = [0, 4].map((index) => ({ index, reason: 'bad-event-id' }));
        assert.deepEqual(outcome, { kind: 'refused', refusals });
        assert.deepEqual(await idsIn(database), idsOf(good));
        assert.deepEqual(await sink.write([recordOf(bad)]), {
          kind: 'refused',
          refusals: [{ index: 0, reason: 'bad-event-id' }],
        });
        await sink.close();
      });
    },
  );
}

describe('PG_COPY', unless(postgresMissing), () => {
  const WORDS: [pgCopy: string, count: number, word: RegExp][] = [
    ['true', 500, /COPY/],
    ['true', 5, /unnest/],
    ['false', 500, /unnest/],
  ];
  for (const [pgCopy, count, word] of WORDS) {
    it(`${pgCopy}: ${count} events go by ${word.source}`, async () => {
      const database = await server.schema();
      const loaded = loadSinks('postgres', PG_KEYS, {
        env: { PG_DSN: database.dsn, PG_COPY: pgCopy },
        flags: {},
        readFile: () => '',
      });
      assert.ok(loaded.ok);
      const { sink } = sinkOn(database, postgresOptions(loaded.sinks[0]!.settings, 'postgres'));
      const values = events(count);
      assert.deepEqual(await sink.write(recordsOf(values)), { kind: 'ack' });
      assert.deepEqual(await idsIn(database), idsOf(values));
      const [session] = await database.ask(
        "SELECT query FROM pg_stat_activity WHERE application_name = 'gotrack ' || current_schema()",
      );
      assert.match(String(session!.query), word);
      await sink.close();
    });
  }
});

describe('the table', unless(postgresMissing), () => {
  it('may have a schema and a name that SQL has to quote', async () => {
    const database = await server.schema();
    const table = { schema: 'Odd "Schema"', table: 'order by; --' };
    const { sink, log } = sinkOn(database, { table });
    assert.deepEqual(await sink.open(null), { ok: true });
    assert.ok(log.lines.some((line) => line.text === 'table created'));
    const value = event();
    assert.deepEqual(await sink.write([recordOf(value)]), { kind: 'ack' });
    assert.deepEqual(await idsIn(database, '"Odd ""Schema"""."order by; --"'), [value.event_id]);
    await sink.close();
  });

  it('is made once by two who start at the same time', async () => {
    const database = await server.schema();
    const sinks = [1, 2, 3, 4].map(() => sinkOn(database).sink);
    const opened = await Promise.all(sinks.map((sink) => sink.open(null)));
    assert.deepEqual(
      opened,
      sinks.map(() => ({ ok: true })),
    );
    for (const sink of sinks) await sink.close();
  });

  it('is used as it is when it is the seed’s older one, and a line says what it lacks', async () => {
    const database = await server.schema();
    await database.ask(
      'CREATE TABLE events_json (id bigserial PRIMARY KEY, event_id uuid UNIQUE NOT NULL, ts timestamptz NOT NULL DEFAULT now(), payload jsonb NOT NULL)',
    );
    await database.ask('CREATE INDEX ON events_json USING gin (payload)');
    const { sink, log } = sinkOn(database, { create: false });
    assert.deepEqual(await sink.open(null), { ok: true });
    const value = event();
    assert.deepEqual(await sink.write(recordsOf([value, value])), { kind: 'ack' });
    assert.deepEqual(await idsIn(database), [value.event_id]);
    assert.ok(log.lines.some((line) => line.level === 'warn' && /gotrack migrate/.test(line.text)));
    await sink.close();
  });

  it('may have types that ours can be cast to', async () => {
    const database = await server.schema();
    await database.ask(
      'CREATE TABLE events_json (event_id varchar(36) UNIQUE, ts timestamp(3), payload json, note text)',
    );
    const { sink } = sinkOn(database);
    assert.deepEqual(await sink.open(null), { ok: true });
    const value = event({ timestamp: '2026-11-24T10:00:00.123+02:00' });
    assert.deepEqual(await sink.write(recordsOf([value, value])), { kind: 'ack' });
    const rows = await database.ask('SELECT event_id, ts::text, payload FROM events_json');
    assert.deepEqual(rows, [{ event_id: value.event_id, ts: '2026-11-24 08:00:00.123', payload: value }]);
    await sink.close();
  });

  const PROBLEMS: [what: string, sql: string, options: object, expected: RegExp][] = [
    ['is missing and may not be made', 'SELECT', { create: false }, /no table events_json.*gotrack migrate/],
    [
      'has no ts',
      'CREATE TABLE events_json (event_id uuid UNIQUE, payload jsonb)',
      {},
      /no column ts .*PG_TABLE/,
    ],
    [
      'has a payload of text',
      'CREATE TABLE events_json (event_id uuid UNIQUE, ts timestamptz, payload text)',
      {},
      /payload is text and has to be jsonb/,
    ],
    [
      'has no unique index',
      'CREATE TABLE events_json (event_id uuid, ts timestamptz, payload jsonb)',
      {},
      /no unique index on \(event_id\).*gotrack migrate/,
    ],
    [
      'has a unique index for some rows only',
      "CREATE TABLE events_json (event_id uuid, ts timestamptz, payload jsonb); CREATE UNIQUE INDEX ON events_json (event_id) WHERE ts > '2026-01-01'",
      {},
      /no unique index/,
    ],
    [
      'wants a column that we do not know',
      'CREATE TABLE events_json (event_id uuid UNIQUE, ts timestamptz, payload jsonb, site text NOT NULL)',
      {},
      /events_json\.site must not be null.*SET DEFAULT/,
    ],
    ['is a view', 'CREATE VIEW events_json AS SELECT 1', {}, /is not a table/],
    [
      'is not partitioned, and should be',
      'CREATE TABLE events_json (event_id uuid UNIQUE, ts timestamptz, payload jsonb)',
      { partition: 'day' },
      /not partitioned and PG_PARTITION is day/,
    ],
    [
      'is partitioned, and should not be',
      'CREATE TABLE events_json (event_id uuid, ts timestamptz, payload jsonb, UNIQUE (event_id, ts)) PARTITION BY RANGE (ts)',
      {},
      /set PG_PARTITION=day/,
    ],
  ];
  for (const [what, sql, options, expected] of PROBLEMS) {
    it(`that ${what} is said, with the cure`, async () => {
      const database = await server.schema();
      for (const statement of sql.split('; ')) await database.ask(statement);
      const { sink } = sinkOn(database, options);
      const outcome = await sink.open(null);
      assert.ok(!outcome.ok);
      assert.match(outcome.detail, expected);
      await sink.close();
    });
  }
});
