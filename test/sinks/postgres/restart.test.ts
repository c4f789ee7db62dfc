/** A server that dies, freezes and comes back while events are delivered: none is lost, none is a row twice. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { keepEventLoopAlive, until } from '../../support/event-loop.ts';
import { createFakeDisk } from '../../support/fake-fs.ts';
import { openOn, seeded } from '../../support/fake-journal.ts';
import { deliver } from '../../support/fake-sink.ts';
import { faultRow } from '../../support/fault-row.ts';
import { unless } from '../../support/needs.ts';
import { ownPostgresMissing, startPostgres, type TestServer } from '../../support/postgres.ts';
import { type Event, events, idsIn, idsOf, recordsOf, sinkOn } from '../../support/postgres-sink.ts';

keepEventLoopAlive();

const FULL = process.env.TEST_SIZE === 'full';
const KILLS = FULL ? 20 : 2;
const FROZEN_MS = FULL ? 20_000 : 2500;

let server: TestServer;
before(async () => {
  if (ownPostgresMissing() === null) server = await startPostgres();
});
after(() => server?.stop());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Events that come in all the time, and a delivery of them. */
async function startStream(partition: 'none' | 'day') {
  const database = await server.schema();
  const journal = await openOn(createFakeDisk(seeded(1)), {
    outputs: ['postgres'],
    maxBytes: 2 ** 30,
    segmentBytes: 2 ** 20,
  });
  const { sink } = sinkOn(database, { partition, batch: 50, timeoutMs: 1000, connectTimeoutMs: 1000 });
  const { delivery, counts } = deliver(journal, sink, { options: { batchSize: 50 } });
  const accepted: Event[] = [];
  let isOver = false;
  const sending = (async () => {
    while (!isOver) {
      const some = events(10);
      assert.deepEqual(await journal.append(recordsOf(some)), { ok: true });
      accepted.push(...some);
      await pause(5);
    }
  })();
  return {
    accepted,
    delivery,
    counts,
    async end() {
      isOver = true;
      await sending;
      await until(() => delivery.status().lag_events === 0, 'all is delivered', 60_000);
      assert.deepEqual(await idsIn(database), idsOf(accepted));
      await delivery.close(5000);
    },
  };
}

for (const partition of ['none', 'day'] as const) {
  describe(`a server under events, partition ${partition}`, unless(ownPostgresMissing), () => {
    it(`may be killed ${KILLS} times and started again`, async (t) => {
      const found = faultRow(t, 'outage', `Postgres, partition ${partition}: ${t.name}`);
      const stream = await startStream(partition);
      for (let kill = 0; kill < KILLS; kill += 1) {
        const before = stream.counts.delivered;
        await until(() => stream.counts.delivered > before + 100, 'events are delivered', 30_000);
        await pause(Math.random() * 50);
        await server.process!.kill();
        await until(() => stream.delivery.status().state === 'retrying', 'the outage is told', 30_000);
        await server.process!.restart();
      }
      await stream.end();
      found(`0 of ${stream.accepted.length} lost; ${stream.counts.retryable} failed writes`);
    });

    it('may freeze and go on', async (t) => {
      const found = faultRow(t, 'outage', `Postgres, partition ${partition}: ${t.name}`);
      const stream = await startStream(partition);
      await until(() => stream.counts.delivered > 100, 'events are delivered', 30_000);
      server.process!.signal('SIGSTOP');
      const isTold = () => /not answered within 1000 ms/.test(stream.delivery.status().detail);
      await until(isTold, 'the outage is told', 30_000);
      assert.equal(stream.delivery.status().state, 'retrying');
      await pause(FROZEN_MS);
      server.process!.signal('SIGCONT');
      await stream.end();
      found(`0 of ${stream.accepted.length} lost; ${stream.counts.retryable} failed writes`);
    });
  });
}
