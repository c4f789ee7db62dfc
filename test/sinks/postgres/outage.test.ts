/** What goes wrong between us and the server, or in it: always an outage that is told, never a loss or a second row. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { WriteOutcome } from '../../../src/sinks/sink.ts';
import { unless } from '../../support/needs.ts';
import {
  postgresMissing,
  startPostgres,
  type TestDatabase,
  type TestServer,
} from '../../support/postgres.ts';
import { event, events, idsIn, idsOf, recordOf, recordsOf, sinkOn } from '../../support/postgres-sink.ts';
import { type Relay, startRelay } from '../../support/relay.ts';

let server: TestServer;
before(async () => {
  if (postgresMissing() === null) server = await startPostgres();
});
after(() => server?.stop());

function detailOf(outcome: WriteOutcome): string {
  assert.equal(outcome.kind, 'retry', JSON.stringify(outcome));
  return outcome.kind === 'retry' ? outcome.detail : '';
}

/** The way to a database through a relay. */
async function through(database: TestDatabase): Promise<Relay & { dsn: string }> {
  const url = new URL(database.dsn);
  const relay = await startRelay({ host: url.hostname, port: Number(url.port) });
  url.port = String(relay.port);
  url.hostname = '127.0.0.1';
  return Object.assign(relay, { dsn: url.href });
}

async function askUntil<Row>(ask: () => Promise<Row[]>, holds: (rows: Row[]) => boolean): Promise<Row[]> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const rows = await ask();
    if (holds(rows)) return rows;
  }
  throw new Error('asked in vain');
}

/** Inserts wait in a trigger until `release`; resolves with the process id of the session that waits. */
async function holdInserts(database: TestDatabase) {
  await database.ask(
    `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$`,
  );
  await database.ask(
    'CREATE TRIGGER hold AFTER INSERT ON events_json FOR EACH STATEMENT EXECUTE FUNCTION hold()',
  );
  const holder = await database.connect();
  await holder.query('SELECT pg_advisory_lock(7)');
  return {
    async waiting(): Promise<number> {
      const sql = `SELECT pid FROM pg_stat_activity
        WHERE application_name = 'gotrack ' || current_schema() AND wait_event = 'advisory'`;
      const rows = await askUntil<{ pid: number }>(
        () => database.ask(sql),
        (found) => found.length > 0,
      );
      return rows[0]!.pid;
    },
    release: () => holder.end(),
  };
}

const WAYS = [{ copy: true }, { copy: false }];

for (const way of WAYS) {
  describe(`a connection that is lost, by ${way.copy ? 'COPY' : 'arrays'}`, unless(postgresMissing), () => {
    /** The same records again after the loss: each is a row, once. */
    async function lose(judgeOf: (relay: Relay) => Relay['judge']) {
      const database = await server.schema();
      const relay = await through(database);
      const { sink } = sinkOn({ dsn: relay.dsn }, way);
      const [earlier, values] = [events(3), events(2000)];
      assert.deepEqual(await sink.write(recordsOf(earlier)), { kind: 'ack' });
      relay.judge = judgeOf(relay);
      const detail = detailOf(await sink.write(recordsOf(values)));
      const inBetween = await idsIn(database);
      relay.judge = () => 'pass';
      assert.deepEqual(await sink.write(recordsOf(values)), { kind: 'ack' });
      assert.deepEqual(await idsIn(database), idsOf([...earlier, ...values]));
      await sink.close();
      relay.close();
      return { detail, inBetween };
    }

    it('in the middle of the data', async () => {
      let bytes = 0;
      const { detail, inBetween } = await lose(() => (direction, piece) => {
        bytes += direction === 'to-server' ? piece.length : 0;
        return bytes > 100_000 ? 'cut' : 'pass';
      });
      assert.match(
        detail,
        /^postgres 127\.0\.0\.1:\d+\/\w+: (Connection terminated|read ECONNRESET|write E)/,
      );
      assert.equal(inBetween.length, 3);
    });

    it('after the commit, before its answer', async () => {
      const { inBetween } = await lose(
        () => (direction, piece) =>
          direction === 'to-client' && piece.includes('INSERT 0') ? 'cut' : 'pass',
      );
      assert.equal(inBetween.length, 2003);
    });

    it('while nothing is written', async () => {
      const database = await server.schema();
      const { sink } = sinkOn(database, way);
      assert.deepEqual(await sink.open(null), { ok: true });
      await database.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gotrack ' || current_schema()",
      );
      const value = event();
      const outcome = await sink.write([recordOf(value)]);
      // The news of it may not have come yet.
      if (outcome.kind !== 'ack') {
        assert.match(detailOf(outcome), /57P01|terminated|ECONNRESET|EPIPE/);
        assert.deepEqual(await sink.write([recordOf(value)]), { kind: 'ack' });
      }
      assert.deepEqual(await idsIn(database), [value.event_id]);
      assert.deepEqual(await sink.probe(), { ok: true });
      await sink.close();
    });

    it('by pg_terminate_backend in the middle of the insert', async () => {
      const database = await server.schema();
      const { sink } = sinkOn(database, way);
      await sink.open(null);
      const hold = await holdInserts(database);
      const values = events(100);
      const writing = sink.write(recordsOf(values));
      await database.ask('SELECT pg_terminate_backend($1)', [await hold.waiting()]);
      assert.match(detailOf(await writing), /terminating connection due to administrator command \(57P01\)/);
      assert.deepEqual(await idsIn(database), []);
      await hold.release();
      assert.deepEqual(await sink.write(recordsOf(values)), { kind: 'ack' });
      assert.deepEqual(await idsIn(database), idsOf(values));
      await sink.close();
    });

    it('by a server that falls silent, after PG_TIMEOUT_MS', async () => {
      const database = await server.schema();
      const relay = await through(database);
      const { sink } = sinkOn({ dsn: relay.dsn }, { ...way, timeoutMs: 1000, connectTimeoutMs: 1000 });
      await sink.open(null);
      relay.judge = () => 'hold';
      const values = events(10);
      assert.match(detailOf(await sink.write(recordsOf(values))), /not answered within 1000 ms/);
      assert.match(detailOf(await sink.write(recordsOf(values))), /not answered within 1000 ms/);
      const probed = await sink.probe();
      assert.ok(!probed.ok && /not answered/.test(probed.detail));
      relay.judge = () => 'pass';
      assert.deepEqual(await sink.write(recordsOf(values)), { kind: 'ack' });
      assert.deepEqual(await idsIn(database), idsOf(values));
      await sink.close();
      relay.close();
    });

    it('by a lock that nobody releases: the server stops waiting too', async () => {
      const database = await server.schema();
      const { sink } = sinkOn(database, { ...way, timeoutMs: 1000 });
      await sink.open(null);
      const hold = await holdInserts(database);
      const values = events(10);
      // Which of the two is heard of first is a matter of a tenth of a second.
      const detail = detailOf(await sink.write(recordsOf(values)));
      assert.match(detail, /\(57014\): longer than PG_TIMEOUT_MS|not answered within 1000 ms/);
      const waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
      await askUntil(
        () => database.ask(waiting),
        (rows) => rows.length === 0,
      );
      await hold.release();
      assert.deepEqual(await sink.write(recordsOf(values)), { kind: 'ack' });
      await sink.close();
    });
  });
}

describe('an outage', unless(postgresMissing), () => {
  /** An insert that fails with this SQLSTATE, as long as the trigger is there. */
  async function failing(state: string) {
    const database = await server.schema();
    const { sink } = sinkOn(database);
    await sink.open(null);
    await database.ask(
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = '${state}'; END $$`,
    );
    await database.ask(
      'CREATE TRIGGER fail AFTER INSERT ON events_json FOR EACH STATEMENT EXECUTE FUNCTION fail()',
    );
    return { database, sink };
  }

  const STATES: [state: string, cure: RegExp][] = [
    ['53100', /disk of the server is full/],
    ['53200', /as asked \(53200\)/],
    ['40001', /40001/],
    ['40P01', /40P01/],
    ['42501', /GRANT/],
    ['25006', /has to be the primary/],
    ['54001', /54001/],
    ['58030', /58030/],
    ['XX000', /XX000/],
  ];
  for (const [state, cure] of STATES) {
    it(`is what SQLSTATE ${state} tells, and nothing is given up`, async () => {
      const { database, sink } = await failing(state);
      const values = events(5);
      assert.match(detailOf(await sink.write(recordsOf(values))), cure);
      assert.match(detailOf(await sink.write(recordsOf(values.slice(0, 1)))), cure);
      await database.ask('DROP TRIGGER fail ON events_json');
      assert.deepEqual(await sink.write(recordsOf(values)), { kind: 'ack' });
      assert.deepEqual(await idsIn(database), idsOf(values));
      await sink.close();
    });
  }

  it('is a table that somebody drops; it is made again', async () => {
    const database = await server.schema();
    const { sink } = sinkOn(database);
    await sink.open(null);
    await database.ask('DROP TABLE events_json');
    const value = event();
    assert.match(detailOf(await sink.write([recordOf(value)])), /does not exist \(42P01\)/);
    assert.deepEqual(await sink.write([recordOf(value)]), { kind: 'ack' });
    assert.deepEqual(await idsIn(database), [value.event_id]);
    await sink.close();
  });

  const WRONG: [what: string, change: (url: URL) => void, expected: RegExp][] = [
    ['password', (url) => (url.password = 'wrong-secret'), /password authentication failed.*28P01.*PG_DSN/],
    ['user', (url) => (url.username = 'nobody'), /password authentication failed for user "nobody"/],
    ['database', (url) => (url.pathname = '/nowhere'), /database "nowhere" does not exist \(3D000\): create/],
    ['port', (url) => (url.port = '1'), /ECONNREFUSED/],
    ['name', (url) => (url.hostname = 'nowhere.invalid'), /ENOTFOUND|EAI_AGAIN/],
    ['TLS mode', (url) => (url.search = '?sslmode=require'), /does not support SSL/],
  ];
  for (const [what, change, expected] of WRONG) {
    it(`is a wrong ${what}, and no password is told`, async () => {
      const url = new URL((await server.schema()).dsn);
      const right = decodeURIComponent(url.password);
      change(url);
      const { sink, log } = sinkOn({ dsn: url.href });
      const opened = await sink.open(null);
      assert.ok(!opened.ok);
      assert.match(opened.detail, expected);
      const said = JSON.stringify([
        opened,
        await sink.write([recordOf(event())]),
        await sink.probe(),
        log.lines,
      ]);
      for (const word of [right, encodeURIComponent(right), 'wrong-secret']) assert.ok(!said.includes(word));
      await sink.close();
    });
  }

  it('is a user who may not insert, and the cure is a grant', async () => {
    const database = await server.schema();
    await sinkOn(database).sink.open(null);
    await database.ask('DROP ROLE IF EXISTS reader');
    await database.ask("CREATE ROLE reader LOGIN PASSWORD 'reads'");
    const [{ schema } = {}] = await database.ask('SELECT current_schema() AS schema');
    await database.ask(`GRANT USAGE ON SCHEMA ${schema} TO reader; GRANT SELECT ON events_json TO reader`);
    const url = new URL(database.dsn);
    url.username = 'reader';
    url.password = 'reads';
    const { sink } = sinkOn({ dsn: url.href });
    const opened = await sink.open(null);
    assert.ok(!opened.ok && /reader may not insert.*GRANT SELECT, INSERT ON/.test(opened.detail));
    assert.match(detailOf(await sink.write([recordOf(event())])), /permission denied .*\(42501\): GRANT/);
    await database.ask('GRANT INSERT (event_id, ts, payload) ON events_json TO reader');
    assert.deepEqual(await sink.open(null), { ok: true });
    assert.deepEqual(await sink.write([recordOf(event())]), { kind: 'ack' });
    await database.ask(`REVOKE TEMPORARY ON DATABASE "${url.pathname.slice(1)}" FROM public`);
    const probed = await sink.probe();
    assert.ok(!probed.ok && /GRANT TEMPORARY ON DATABASE.*PG_COPY=false/.test(probed.detail));
    const { sink: other } = sinkOn({ dsn: url.href }, { copy: false });
    assert.deepEqual(await other.open(null), { ok: true });
    assert.deepEqual(await other.write([recordOf(event())]), { kind: 'ack' });
    await sink.close();
    await other.close();
  });
});

describe('two sinks that write the same events in opposite order', unless(postgresMissing), () => {
  it('do not lock each other out', async () => {
    const database = await server.schema();
    const [one, two] = [sinkOn(database).sink, sinkOn(database).sink];
    for (let round = 0; round < 20; round += 1) {
      const values = events(200);
      const outcomes = await Promise.all([
        one.write(recordsOf(values)),
        two.write(recordsOf(values.toReversed())),
      ]);
      assert.deepEqual(outcomes, [{ kind: 'ack' }, { kind: 'ack' }]);
    }
    const [{ count, ids } = {}] = await database.ask(
      'SELECT count(*)::int, count(DISTINCT event_id)::int AS ids FROM events_json',
    );
    assert.deepEqual([count, ids], [4000, 4000]);
    await one.close();
    await two.close();
  });
});
