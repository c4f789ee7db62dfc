import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/lib/backoff.ts';
import type { WriteOutcome } from '../../src/sinks/sink.ts';
import { keepEventLoopAlive, turn, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import { accept, openOn, readAll, seeded } from '../support/fake-journal.ts';
import { createFakeSink, deliver } from '../support/fake-sink.ts';

keepEventLoopAlive();

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);
const setUp = async (texts: string[] = []) => {
  const disk = createFakeDisk(seeded(1));
  const journal = await openOn(disk);
  for (const text of texts) await accept(journal, text);
  return { disk, journal };
};

describe('batches', () => {
  it('has BATCH_SIZE records at most for a sink that names no limits, in order', async () => {
    const { journal } = await setUp(numbers(12));
    const sink = createFakeSink();
    const { delivery, counts } = deliver(journal, sink);
    await until(() => sink.taken.length === 12, 'all is delivered');
    assert.deepEqual(
      sink.writes.map((batch) => batch.length),
      [5, 5, 2],
    );
    assert.deepEqual(sink.taken, numbers(12));
    assert.equal(counts.delivered, 12);
    assert.equal(counts.writes, 3);
    await delivery.close(1000);
  });

  it('takes all that has gathered for a sink that names larger limits', async () => {
    const { journal } = await setUp(numbers(12));
    const sink = createFakeSink({ limits: { maxRecords: 10, maxBytes: 1000 } });
    const { delivery } = deliver(journal, sink);
    await until(() => sink.taken.length === 12, 'all is delivered');
    assert.deepEqual(
      sink.writes.map((batch) => batch.length),
      [10, 2],
    );
    await delivery.close(1000);
  });

  it('waits FLUSH_INTERVAL_MS for a batch to fill, no longer', async () => {
    const { journal } = await setUp();
    const sink = createFakeSink();
    const { delivery } = deliver(journal, sink, { options: { flushIntervalMs: 300 } });
    await until(() => sink.calls.includes('open'), 'the sink is open');
    await accept(journal, 'a');
    await accept(journal, 'b');
    const started = performance.now();
    await until(() => sink.writes.length === 1, 'the batch is written');
    assert.ok(performance.now() - started > 100);
    assert.deepEqual(sink.writes, [['a', 'b']]);
    await delivery.close(1000);
  });

  it('goes at once when BATCH_SIZE records wait', async () => {
    const { journal } = await setUp();
    const sink = createFakeSink();
    const { delivery } = deliver(journal, sink, { options: { flushIntervalMs: 60_000 } });
    await until(() => sink.calls.includes('open'), 'the sink is open');
    await accept(journal, ...numbers(5));
    await until(() => sink.taken.length === 5, 'the batch is written');
    await delivery.close(1000);
  });
});

describe('an outage', () => {
  const outage: WriteOutcome = { kind: 'retry', detail: 'no route to broker' };

  it('is waited out with the same records in the same order, and the checkpoint stays', async () => {
    const { disk, journal } = await setUp(numbers(7));
    const sink = createFakeSink();
    let left = 4;
    sink.answer = () => (left-- > 0 ? outage : undefined);
    const { delivery, counts, log } = deliver(journal, sink);
    await until(() => sink.writes.length === 3, 'it has tried again');
    const status = delivery.status();
    assert.equal(status.state, 'retrying');
    assert.equal(status.detail, 'no route to broker');
    assert.equal(status.lag_events, 7);
    disk.content('/var/journal/00000000000000000000.seg');
    assert.ok(!disk.list('/var/journal').includes('log.checkpoint'), 'nothing is acked, nothing is saved');
    await until(() => sink.taken.length === 7, 'the sink is back');
    assert.deepEqual(sink.taken, numbers(7));
    await until(() => delivery.status().state === 'ok', 'the status says so');
    assert.equal(delivery.status().lag_events, 0);
    assert.equal(counts.retryable, 4);
    assert.equal(log.lines.filter((line) => line.level === 'warn').length, 1, 'one line, not one a try');
    await delivery.close(1000);
  });

  it('includes a sink that throws', async () => {
    const { journal } = await setUp(['a']);
    const sink = createFakeSink();
    let thrown = false;
    sink.answer = () => {
      if (thrown) return undefined;
      thrown = true;
      throw new TypeError('undefined is not a function');
    };
    const { delivery } = deliver(journal, sink);
    await until(() => sink.taken.length === 1, 'it is written again');
    await delivery.close(1000);
  });

  it('of the opening is waited out too', async () => {
    const { journal } = await setUp(['a']);
    const sink = createFakeSink();
    sink.ready = { ok: false, detail: 'no such table' };
    const { delivery } = deliver(journal, sink);
    await until(() => sink.calls.length > 2, 'it has tried again');
    assert.equal(delivery.status().state, 'retrying');
    assert.ok(!sink.calls.includes('write'));
    sink.ready = { ok: true };
    await until(() => sink.taken.length === 1, 'it is open');
    await delivery.close(1000);
  });

  it('of an idle sink is seen by a probe', async () => {
    const { journal } = await setUp();
    const sink = createFakeSink();
    const { delivery } = deliver(journal, sink, { options: { probeMs: 5 } });
    await until(() => delivery.status().state === 'ok', 'it is open');
    sink.ready = { ok: false, detail: 'gone' };
    await until(() => delivery.status().state === 'retrying', 'the probe has failed');
    sink.ready = { ok: true };
    await until(() => delivery.status().state === 'ok', 'the probe has succeeded');
    await delivery.close(1000);
  });

  it('of the journal itself is waited out, and said', async () => {
    const { disk, journal } = await setUp(['a']);
    const repair = disk.addRule({ op: 'read', path: /seg$/, fault: { kind: 'error', code: 'EIO' } });
    const sink = createFakeSink();
    const { delivery } = deliver(journal, sink);
    await until(() => delivery.status().state === 'stalled', 'reading has failed');
    assert.match(delivery.status().detail, /journal cannot be read: EIO/);
    repair();
    await until(() => sink.taken.length === 1, 'it is read again');
    await delivery.close(1000);
  });

  it('is told as stalled when a write does not return', async () => {
    const { journal } = await setUp(['a']);
    const sink = createFakeSink();
    sink.answer = () => new Promise(() => {});
    const { delivery } = deliver(journal, sink, { options: { stallMs: 5 } });
    await until(() => delivery.status().state === 'stalled', 'it takes too long');
    assert.equal(delivery.status().lag_events, 1);
    assert.deepEqual(await delivery.close(20), { drained: false });
  });
});

describe('state and checkpoint', () => {
  it("saves a sink's state beside the position, and opens with it after a restart", async () => {
    const { disk, journal } = await setUp(numbers(3));
    const sink = createFakeSink();
    sink.answer = (texts) => ({ kind: 'ack', state: { last: texts.at(-1) } });
    const { delivery } = deliver(journal, sink);
    await until(() => delivery.status().lag_events === 0, 'all is settled');
    assert.equal(sink.openedWith, null);
    assert.deepEqual(await delivery.close(1000), { drained: true });
    disk.cutPower();
    const again = await openOn(disk);
    const next = createFakeSink();
    const second = deliver(again, next);
    await until(() => next.calls.includes('open'), 'it is open');
    assert.deepEqual(next.openedWith, { last: '2' });
    assert.deepEqual(await readAll(await again.cursor('log')), []);
    await second.delivery.close(1000);
  });

  it('tells a sink how many records wait behind the state with which it opens', async () => {
    const { journal } = await setUp(numbers(7));
    const sink = createFakeSink();
    const { delivery } = deliver(journal, sink);
    await until(() => sink.calls.includes('open'), 'it is open');
    assert.equal(sink.openedBefore, 7);
    await delivery.close(1000);
  });

  it('writes nothing before the state with which the sink has opened is saved', async () => {
    const { journal } = await setUp(['a']);
    const cursor = await journal.cursor('log');
    const saved = Promise.withResolvers<boolean>();
    const sink = createFakeSink({ open: async () => ({ ok: true, state: { size: 0 } }) });
    const openCursor = async () => ({ ...cursor, flush: () => saved.promise });
    const { delivery } = deliver(journal, sink, { deps: { openCursor } });
    await sleep(30);
    assert.deepEqual(sink.writes, []);
    saved.resolve(true);
    await until(() => sink.taken.length === 1, 'it is written');
    await delivery.close(1000);
  });

  it('ends, and says so, rather than skip a batch after a fault of its own', async () => {
    const { journal } = await setUp(numbers(3));
    const sink = createFakeSink();
    sink.answer = () => ({ kind: 'ack', state: 'x'.repeat(10_000) });
    const { delivery } = deliver(journal, sink);
    await until(() => delivery.status().state === 'stalled', 'it has ended');
    assert.match(delivery.status().detail, /fault/);
    assert.equal(sink.writes.length, 1);
    assert.equal(delivery.status().lag_events, 3);
    assert.deepEqual(await delivery.close(1000), { drained: false });
  });
});

describe('closing', () => {
  it('delivers what waits, without waiting for a batch to fill', async () => {
    const { journal } = await setUp();
    const sink = createFakeSink();
    const { delivery } = deliver(journal, sink, { options: { flushIntervalMs: 60_000 } });
    await until(() => sink.calls.includes('open'), 'the sink is open');
    await accept(journal, 'a');
    await turn();
    assert.deepEqual(await delivery.close(5000), { drained: true });
    assert.deepEqual(sink.taken, ['a']);
    assert.equal(sink.calls.at(-1), 'close');
    assert.equal(delivery.status().state, 'closed');
  });

  it('leaves to the journal what the sink does not take', async () => {
    const { disk, journal } = await setUp(['a']);
    const sink = createFakeSink();
    sink.answer = () => ({ kind: 'retry', detail: 'gone' });
    const { delivery } = deliver(journal, sink, { options: { backoff: { baseMs: 60_000, maxMs: 60_000 } } });
    await until(() => delivery.status().state === 'retrying', 'it has failed');
    assert.deepEqual(await delivery.close(5000), { drained: false });
    disk.kill();
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
  });

  it('says so when the journal has no place for the sink', async () => {
    const { journal } = await setUp();
    const { delivery } = deliver(journal, createFakeSink({ name: 'kafka' }));
    await until(() => delivery.status().state === 'stalled', 'it has ended');
    assert.match(delivery.status().detail, /kafka is none of the outputs/);
    await delivery.close(1000);
  });

  it('ends although the journal never opened', async () => {
    const sink = createFakeSink();
    const { journal } = await setUp();
    const { delivery } = deliver(journal, sink, { deps: { openCursor: () => new Promise(() => {}) } });
    assert.equal(delivery.status().state, 'starting');
    assert.equal(delivery.status().lag_events, null);
    await delivery.close(1000);
    assert.equal(delivery.status().state, 'closed');
  });
});
