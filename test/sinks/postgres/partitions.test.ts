import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../../src/lib/clock.ts';
import { unless } from '../../support/needs.ts';
import {
  postgresMissing,
  startPostgres,
  type TestDatabase,
  type TestServer,
} from '../../support/postgres.ts';
import { event, idsIn, idsOf, recordOf, recordsOf, sinkOn } from '../../support/postgres-sink.ts';

let server: TestServer;
before(async () => {
  if (postgresMissing() === null) server = await startPostgres();
});
after(() => server?.stop());

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 10, 24, 12);
const at = (ms: number, more = {}) => event({ ...more, timestamp: new Date(ms).toISOString() });

function createClock(now = NOON) {
  const time = { now, monotonic: 0 };
  return { time, clock: { now: () => time.now, monotonic: () => time.monotonic } };
}

async function partitionsOf({ ask }: TestDatabase): Promise<string[]> {
  const rows = await ask<{ name: string }>(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events_json'::regclass ORDER BY 1",
  );
  return rows.map(({ name }) => name.replace('events_json_p', ''));
}

const OF_PARTITIONS = "WHERE relname LIKE 'events_json_p%' AND schemaname = current_schema()";

async function rowsRead({ ask }: TestDatabase): Promise<number> {
  const [row] = await ask<{ read: number }>(
    `SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables ${OF_PARTITIONS})
      + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes ${OF_PARTITIONS}))::int AS read`,
  );
  return row!.read;
}

/** The server's counters follow a little later. */
async function untilCounted({ ask }: TestDatabase, inserted: number): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const sql = `SELECT sum(n_tup_ins)::int AS inserted FROM pg_stat_user_tables ${OF_PARTITIONS}`;
    const [row] = await ask<{ inserted: number }>(sql);
    if (row!.inserted >= inserted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the counters did not follow');
}

describe('partitions by day', unless(postgresMissing), () => {
  it('are made for today and two days ahead, and for each day that a batch brings', async () => {
    const database = await server.schema();
    const { clock, time } = createClock();
    const { sink } = sinkOn(database, { partition: 'day' }, clock);
    await sink.open(null);
    assert.deepEqual(await partitionsOf(database), []);
    await sink.write([recordOf(at(NOON))]);
    assert.deepEqual(await partitionsOf(database), ['20261124', '20261125', '20261126']);
    const midnight = Date.UTC(2026, 10, 20);
    const values = [at(midnight - 1), at(midnight), at(NOON - 30 * DAY_MS)];
    assert.deepEqual(await sink.write(recordsOf(values)), { kind: 'ack' });
    const late = ['20261025', '20261119', '20261120'];
    assert.deepEqual(await partitionsOf(database), [...late, '20261124', '20261125', '20261126']);
    assert.deepEqual(await idsIn(database, 'events_json_p20261119'), [values[0]!.event_id]);
    assert.deepEqual(await idsIn(database, 'events_json_p20261120'), [values[1]!.event_id]);
    time.now += DAY_MS;
    time.monotonic += DAY_MS;
    await sink.write([recordOf(at(NOON))]);
    assert.ok((await partitionsOf(database)).includes('20261127'));
    await sink.close();
  });

  for (const copy of [true, false]) {
    it(`hold an event once though it comes again with another time, by ${copy ? 'COPY' : 'arrays'}`, async () => {
      const database = await server.schema();
      const { sink } = sinkOn(database, { partition: 'day', copy });
      const now = systemClock.now();
      const values = [at(now), at(now - DAY_MS), at(now - 3 * DAY_MS)];
      const again = [1000, -1000, DAY_MS, -DAY_MS].map((ms) =>
        values.map((value) => ({
          ...value,
          timestamp: new Date(Date.parse(value.timestamp) + ms).toISOString(),
        })),
      );
      assert.deepEqual(await sink.write(recordsOf([...values, ...values, ...again[0]!])), { kind: 'ack' });
      for (const batch of again) assert.deepEqual(await sink.write(recordsOf(batch)), { kind: 'ack' });
      assert.deepEqual(await idsIn(database), idsOf(values));
      await sink.close();
    });
  }

  it('are dropped when PG_RETENTION_DAYS full days have passed; tables of others stay', async () => {
    const database = await server.schema();
    const { clock, time } = createClock();
    const { sink, log } = sinkOn(database, { partition: 'day', retentionDays: 3 }, clock);
    const days = [0, 2, 3, 4, 40].map((age) => at(NOON - age * DAY_MS));
    assert.deepEqual(await sink.write(recordsOf(days)), { kind: 'ack' });
    await database.ask(
      "CREATE TABLE archive PARTITION OF events_json FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')",
    );
    await database.ask('CREATE TABLE events_json_p20200101 (n int)');
    time.monotonic += 3_600_000;
    assert.deepEqual(await sink.write([recordOf(at(NOON))]), { kind: 'ack' });
    const kept = ['20261121', '20261122', '20261124', '20261125', '20261126'];
    assert.deepEqual(await partitionsOf(database), ['archive', ...kept]);
    assert.equal(log.lines.filter((line) => /partition dropped/.test(line.text)).length, 2);
    assert.deepEqual(await database.ask('SELECT * FROM events_json_p20200101'), []);
    await sink.close();
  });

  it('that cannot be dropped now stop no event', async () => {
    const database = await server.schema();
    const { clock, time } = createClock();
    const { sink, log } = sinkOn(database, { partition: 'day', retentionDays: 1 }, clock);
    assert.deepEqual(await sink.write([recordOf(at(NOON - 9 * DAY_MS))]), { kind: 'ack' });
    const reader = await database.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM events_json');
    time.monotonic += 3_600_000;
    assert.deepEqual(await sink.write([recordOf(at(NOON))]), { kind: 'ack' });
    assert.ok(
      log.lines.some((line) => line.level === 'warn' && JSON.stringify(line.facts).includes('55P03')),
    );
    await reader.end();
    time.monotonic += 3_600_000;
    assert.deepEqual(await sink.write([recordOf(at(NOON))]), { kind: 'ack' });
    assert.ok(!(await partitionsOf(database)).includes('20261115'));
    await sink.close();
  });

  it('are not read as a whole for earlier copies of an event, though the server has no statistics yet', async () => {
    const database = await server.schema();
    const { sink } = sinkOn(database, { partition: 'day' });
    const now = systemClock.now();
    await sink.write([recordOf(at(now))]);
    const [today] = await partitionsOf(database);
    await database.ask(`ALTER TABLE events_json_p${today} SET (autovacuum_enabled = false)`);
    await database.ask(
      `INSERT INTO events_json SELECT gen_random_uuid(), $1, '{}' FROM generate_series(1, 5000)`,
      [new Date(now).toISOString()],
    );
    await database.ask('SELECT pg_stat_force_next_flush()');
    await untilCounted(database, 5000);
    const before = await rowsRead(database);
    assert.deepEqual(await sink.write(recordsOf(Array.from({ length: 500 }, () => at(now)))), {
      kind: 'ack',
    });
    // What a session has read is counted when it ends.
    await sink.close();
    await untilCounted(database, 5501);
    const read = (await rowsRead(database)) - before;
    assert.ok(read < 2500, `${read} rows were read`);
  });

  it('that somebody drops are made again', async () => {
    const database = await server.schema();
    const { sink } = sinkOn(database, { partition: 'day' });
    const now = systemClock.now();
    assert.deepEqual(await sink.write([recordOf(at(now))]), { kind: 'ack' });
    const [today] = await partitionsOf(database);
    await database.ask(`DROP TABLE events_json_p${today}`);
    const value = at(now);
    const outcome = await sink.write([recordOf(value)]);
    assert.ok(outcome.kind === 'retry' && /no partition/.test(outcome.detail), JSON.stringify(outcome));
    assert.deepEqual(await sink.write([recordOf(value)]), { kind: 'ack' });
    assert.deepEqual(await idsIn(database), [value.event_id]);
    await sink.close();
  });

  it('are made once by two sinks at the same time', async () => {
    const database = await server.schema();
    const sinks = [1, 2, 3].map(() => sinkOn(database, { partition: 'day' }).sink);
    const values = [0, 10, 20, 30].map((age) => at(systemClock.now() - age * DAY_MS));
    for (const sink of sinks) assert.deepEqual(await sink.open(null), { ok: true });
    const outcomes = await Promise.all(sinks.map((sink) => sink.write(recordsOf(values))));
    assert.deepEqual(
      outcomes,
      sinks.map(() => ({ kind: 'ack' })),
    );
    assert.deepEqual(await idsIn(database), idsOf(values));
    for (const sink of sinks) await sink.close();
  });
});
