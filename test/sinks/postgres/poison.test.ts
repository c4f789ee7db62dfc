import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DeadLetter } from '../../../src/sinks/refusals.ts';
import { keepEventLoopAlive, until } from '../../support/event-loop.ts';
import { createFakeDisk } from '../../support/fake-fs.ts';
import { openOn, seeded } from '../../support/fake-journal.ts';
import { deliver } from '../../support/fake-sink.ts';
import { faultRow } from '../../support/fault-row.ts';
import { unless } from '../../support/needs.ts';
import { postgresMissing, startPostgres, type TestServer } from '../../support/postgres.ts';
import {
  CHECK_AMOUNT,
  type Event,
  event,
  idsIn,
  idsOf,
  recordOf,
  recordsOf,
  sinkOn,
} from '../../support/postgres-sink.ts';

keepEventLoopAlive();

const EVENTS = process.env.TEST_SIZE === 'full' ? 100_000 : 1_000;
const BATCH = 500;
const LONG = 'x'.repeat(100);

let server: TestServer;
before(async () => {
  if (postgresMissing() === null) server = await startPostgres();
});
after(() => server?.stop());

/** What no row can be, by what refuses it. */
const BAD: [reason: string, make: () => Record<string, unknown>][] = [
  ['23514 check_amount', () => event({ amount: -5 })],
  ['22001', () => event({ title: LONG })],
  ['22P05', () => event({ text: '\0' })],
  ['22P02', () => event({ text: '\ud800' })],
  ['P0001', () => event({ text: 'refuse me' })],
  ['23505 one_order', () => event({ order: 'the same for all' })],
  ['22008', () => event({ timestamp: '2026-02-30T10:00:00.000Z' })],
  ['bad-event-id', () => event({ event_id: 'none' })],
];

const STRICT_TABLE = [
  'CREATE TABLE events_json (event_id uuid PRIMARY KEY, ts timestamptz NOT NULL, payload jsonb NOT NULL, title varchar(50))',
  CHECK_AMOUNT,
  "CREATE UNIQUE INDEX one_order ON events_json ((payload->>'order'))",
  `CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     IF NEW.payload->>'text' = 'refuse me' THEN RAISE EXCEPTION 'refused'; END IF;
     NEW.title := NEW.payload->>'title'; RETURN NEW; END $$`,
  'CREATE TRIGGER look BEFORE INSERT ON events_json FOR EACH ROW EXECUTE FUNCTION look()',
];

async function strictDatabase() {
  const database = await server.schema();
  for (const sql of STRICT_TABLE) await database.ask(sql);
  const first = event({ order: 'the same for all' });
  await database.ask('INSERT INTO events_json VALUES ($1, $2, $3)', [first.event_id, first.timestamp, first]);
  return { database, first };
}

async function deliverAll(dsn: string, values: unknown[], options: { copy: boolean }) {
  const journal = await openOn(createFakeDisk(seeded(1)), {
    outputs: ['postgres'],
    maxBytes: 2 ** 30,
    segmentBytes: 2 ** 22,
  });
  const records = recordsOf(values);
  for (let at = 0; at < records.length; at += 100) {
    assert.deepEqual(await journal.append(records.slice(at, at + 100)), { ok: true });
  }
  const letters: DeadLetter[] = [];
  const { sink } = sinkOn({ dsn }, { ...options, batch: BATCH });
  const { delivery } = deliver(journal, sink, {
    options: { batchSize: BATCH },
    deps: {
      keepDeadLetters: async (_, kept) => {
        letters.push(...kept);
        return { ok: true };
      },
    },
  });
  return { delivery, letters };
}

describe('a row that the table refuses', unless(postgresMissing), () => {
  for (const [reason, make] of BAD) {
    it(`is told by ${reason}, and nothing of its batch is written`, async () => {
      const { database, first } = await strictDatabase();
      for (const copy of [true, false]) {
        const { sink } = sinkOn(database, { copy });
        const expected = reason.startsWith('bad-')
          ? { kind: 'refused', refusals: [{ index: 0, reason }] }
          : { kind: 'poisoned', reason };
        assert.deepEqual(await sink.write([recordOf(make())]), expected);
        if (!reason.startsWith('bad-')) {
          assert.deepEqual(await sink.write(recordsOf([event(), make(), event()])), expected);
        }
        assert.deepEqual(await idsIn(database), [first.event_id]);
        const good = event();
        assert.deepEqual(await sink.write([recordOf(good)]), { kind: 'ack' }, 'the connection still works');
        await database.ask('DELETE FROM events_json WHERE event_id = $1', [good.event_id]);
        await sink.close();
      }
    });
  }
});

for (const copy of [true, false]) {
  describe(`poison among ${EVENTS} events, by ${copy ? 'COPY' : 'arrays'}`, unless(postgresMissing), () => {
    it('becomes dead letters with their reasons; every good event is a row, once', async (t) => {
      const found = faultRow(t, 'poison', `1 % of ${EVENTS}, by ${copy ? 'COPY' : 'arrays'}`);
      const { database, first } = await strictDatabase();
      const good: Event[] = [];
      const bad: string[] = [];
      const values = Array.from({ length: EVENTS }, (_, n) => {
        // Of each hundred one is bad and one a repeat.
        if (n % 100 === 50) {
          const [reason, make] = BAD[Math.floor(n / 100) % BAD.length]!;
          bad.push(reason);
          return make();
        }
        if (n % 100 === 99) return good[Math.floor(good.length / 2)]!;
        good.push(event({ n }));
        return good.at(-1)!;
      });
      const started = performance.now();
      const { delivery, letters } = await deliverAll(database.dsn, values, { copy });
      await until(() => delivery.status().lag_events === 0, 'all is settled', 600_000);
      assert.deepEqual(
        letters.map((letter) => letter.reason),
        bad,
      );
      assert.deepEqual(await idsIn(database), idsOf([first, ...good]));
      await delivery.close(5000);
      const ms = Math.round(performance.now() - started);
      found(`${good.length} good ones are rows, ${bad.length} dead letters with their reasons, in ${ms} ms`);
    });
  });
}

describe('a table that refuses everything alike', unless(postgresMissing), () => {
  it('stalls the sink, which says why, and no event is given up', async () => {
    const { database } = await strictDatabase();
    await database.ask(
      "ALTER TABLE events_json ADD CONSTRAINT wrong CHECK (payload->>'type' <> 'pageview') NOT VALID",
    );
    const values = Array.from({ length: 40 }, () => event());
    const { delivery, letters } = await deliverAll(database.dsn, values, { copy: true });
    await until(() => delivery.status().state === 'stalled', 'it is stalled', 30_000);
    assert.match(delivery.status().detail, /refused alike: 23514 wrong/);
    assert.equal(delivery.status().lag_events, 40);
    assert.deepEqual(letters, []);
    await delivery.close(5000);
  });
});
