/** The ledger itself: what every other test's "nothing was lost" rests on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sink } from '../../src/sinks/sink.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import { accept, openOn, seeded } from '../support/fake-journal.ts';
import { deliver } from '../support/fake-sink.ts';
import { createLedger } from '../support/ledger.ts';

keepEventLoopAlive();

const EVENTS = 1000;

/** A sink that acks everything; `mishap` says how often it stores the n-th record that it gets, counted from 0. */
function storing(mishap: (n: number) => number): { sink: Sink; held: string[] } {
  const held: string[] = [];
  let n = 0;
  const sink: Sink = {
    name: 'log',
    open: async () => ({ ok: true }),
    async write(records) {
      for (const record of records) {
        const { event_id } = JSON.parse(record.toString());
        for (let times = mishap(n++); times > 0; times -= 1) held.push(event_id);
      }
      return { kind: 'ack' };
    },
    probe: async () => ({ ok: true }),
    close: async () => {},
  };
  return { sink, held };
}

/** Accepts events into a journal and delivers them, and says what the ledger makes of it. */
async function balanceOf(mishap: (n: number) => number) {
  const journal = await openOn(createFakeDisk(seeded(1)));
  const ledger = createLedger();
  const { sink, held } = storing(mishap);
  const { delivery } = deliver(journal, sink, { options: { batchSize: 50 } });
  for (let n = 0; n < EVENTS; n += 20) {
    const ids = Array.from({ length: 20 }, (_, i) => `event ${n + i}`);
    await accept(journal, ...ids.map((event_id) => JSON.stringify({ event_id })));
    ledger.accept(...ids);
  }
  await until(() => delivery.status().lag_events === 0, 'all is acked');
  await delivery.close(1000);
  return ledger.balance(held);
}

describe('the ledger', () => {
  it('is even for a sink that keeps what it acks', async () => {
    const even = { accepted: EVENTS, held: EVENTS, lost: [], repeated: [], unasked: [] };
    assert.deepEqual(await balanceOf(() => 1), even);
  });

  it('names the one event in a thousand that a sink acks and loses', async () => {
    const { lost, repeated, held } = await balanceOf((n) => (n === 617 ? 0 : 1));
    assert.deepEqual({ lost, repeated, held }, { lost: ['event 617'], repeated: [], held: EVENTS - 1 });
  });

  it('is not fooled by another event that is there twice', async () => {
    const { lost, repeated } = await balanceOf((n) => (n === 3 ? 0 : n === 4 ? 2 : 1));
    assert.deepEqual({ lost, repeated }, { lost: ['event 3'], repeated: ['event 4'] });
  });

  it('tells what nobody was promised from what was', () => {
    const ledger = createLedger();
    ledger.accept('a');
    assert.deepEqual(ledger.balance(['a', 'b']), {
      ...{ accepted: 1, held: 2, lost: [], repeated: [], unasked: ['b'] },
    });
  });
});
