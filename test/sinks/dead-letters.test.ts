import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeadLetter } from '../../src/sinks/refusals.ts';
import type { WriteOutcome } from '../../src/sinks/sink.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import { accept, openOn, seeded } from '../support/fake-journal.ts';
import { createFakeSink, deliver } from '../support/fake-sink.ts';

keepEventLoopAlive();

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);
const setUp = async (texts: string[] = []) => {
  const disk = createFakeDisk(seeded(1));
  const journal = await openOn(disk);
  for (const text of texts) await accept(journal, text);
  return { disk, journal };
};
const lettersIn = (kept: DeadLetter[]) => ({
  keepDeadLetters: async (_sink: string, letters: readonly DeadLetter[]) => {
    kept.push(...letters);
    return { ok: true as const };
  },
});

describe('refusals', () => {
  const bad = (texts: string[]) => texts.some((text) => text.startsWith('bad'));
  const poisonous = (texts: string[]): WriteOutcome | undefined =>
    bad(texts) ? { kind: 'poisoned', reason: '22P05' } : undefined;

  it('hands what a sink names to the dead letters, with its reason, before the checkpoint moves', async () => {
    const { disk, journal } = await setUp(['a', 'bad', 'c']);
    const sink = createFakeSink();
    sink.answer = (texts) => {
      const refusals = texts.flatMap((text, index) =>
        text === 'bad' ? [{ index, reason: 'too-large' }] : [],
      );
      return { kind: 'refused', refusals };
    };
    const kept: DeadLetter[] = [];
    const saved: boolean[] = [];
    const keepDeadLetters = async (_sink: string, letters: readonly DeadLetter[]) => {
      saved.push(disk.list('/var/journal').includes('log.checkpoint'));
      kept.push(...letters);
      return { ok: true as const };
    };
    const { delivery, counts } = deliver(journal, sink, { deps: { keepDeadLetters } });
    await until(() => delivery.status().lag_events === 0, 'all is settled');
    assert.deepEqual(sink.taken, ['a', 'c']);
    assert.deepEqual(
      kept.map(({ record, reason }) => [String(record), reason]),
      [['bad', 'too-large']],
    );
    assert.deepEqual(saved, [false]);
    assert.equal(counts.delivered, 2);
    assert.equal(counts.refused, 1);
    await delivery.close(1000);
  });

  it('finds the culprits of a poisoned batch by halving it, and delivers all others once, in order', async () => {
    const texts = numbers(20);
    texts[3] = 'bad 3';
    texts[4] = 'bad 4';
    texts[19] = 'bad 19';
    const { journal } = await setUp(texts);
    const sink = createFakeSink();
    sink.answer = poisonous;
    const kept: DeadLetter[] = [];
    const { delivery, counts } = deliver(journal, sink, {
      options: { batchSize: 20 },
      deps: lettersIn(kept),
    });
    await until(() => delivery.status().lag_events === 0, 'all is settled');
    assert.deepEqual(
      sink.taken,
      texts.filter((text) => !text.startsWith('bad')),
    );
    assert.deepEqual(
      kept.map(({ record }) => String(record)),
      ['bad 3', 'bad 4', 'bad 19'],
    );
    assert.equal(counts.delivered, 17);
    await delivery.close(1000);
  });

  it('goes on halving after an outage in the middle', async () => {
    const texts = ['a', 'bad', 'c', 'd'];
    const { journal } = await setUp(texts);
    const sink = createFakeSink();
    let writes = 0;
    sink.answer = (batch) => (++writes % 2 === 0 ? { kind: 'retry', detail: 'gone' } : poisonous(batch));
    const kept: DeadLetter[] = [];
    const { delivery } = deliver(journal, sink, { deps: lettersIn(kept) });
    await until(() => delivery.status().lag_events === 0, 'all is settled');
    assert.deepEqual(sink.taken, ['a', 'c', 'd']);
    assert.equal(kept.length, 1);
    await delivery.close(1000);
  });

  it('stalls instead of giving records up when most of a batch is refused alike', async () => {
    const texts = Array.from({ length: 20 }, (_, n) => (n < 12 ? `bad ${n}` : `good ${n}`));
    const { journal } = await setUp(texts);
    const sink = createFakeSink();
    sink.answer = poisonous;
    const kept: DeadLetter[] = [];
    const { delivery } = deliver(journal, sink, { options: { batchSize: 20 }, deps: lettersIn(kept) });
    await until(() => delivery.status().state === 'stalled', 'it is noticed');
    assert.match(delivery.status().detail, /22P05/);
    assert.equal(kept.length, 0);
    sink.answer = () => undefined; // the table is mended
    await until(() => delivery.status().lag_events === 0, 'all is settled');
    assert.equal(new Set(sink.taken).size, 20);
    assert.equal(kept.length, 0);
    await delivery.close(1000);
  });

  it('stalls when small batches are refused alike one after another', async () => {
    const { journal } = await setUp(Array.from({ length: 30 }, (_, n) => `bad ${n}`));
    const sink = createFakeSink();
    sink.answer = poisonous;
    const kept: DeadLetter[] = [];
    const { delivery } = deliver(journal, sink, { options: { batchSize: 1 }, deps: lettersIn(kept) });
    await until(() => delivery.status().state === 'stalled', 'it is noticed');
    assert.ok(kept.length < 10, `${kept.length}`);
    await delivery.close(1000);
  });

  it('gives up one bad record in a hundred without a stall', async () => {
    const texts = Array.from({ length: 400 }, (_, n) => (n % 100 === 7 ? `bad ${n}` : `${n}`));
    const { journal } = await setUp();
    await accept(journal, ...texts);
    const sink = createFakeSink();
    sink.answer = poisonous;
    const kept: DeadLetter[] = [];
    const { delivery, log } = deliver(journal, sink, { options: { batchSize: 50 }, deps: lettersIn(kept) });
    await until(() => delivery.status().lag_events === 0, 'all is settled');
    assert.equal(kept.length, 4);
    assert.equal(sink.taken.length, 396);
    assert.ok(!log.lines.some((line) => line.level === 'error'));
    await delivery.close(1000);
  });

  it('waits while dead letters cannot be kept', async () => {
    const { journal } = await setUp(['bad', 'b']);
    const sink = createFakeSink();
    sink.answer = poisonous;
    let full = true;
    const keepDeadLetters = async () =>
      full ? { ok: false as const, detail: 'ENOSPC' } : { ok: true as const };
    const { delivery } = deliver(journal, sink, { deps: { keepDeadLetters } });
    await until(() => delivery.status().state === 'stalled', 'it is noticed');
    assert.match(delivery.status().detail, /dead letters not kept: ENOSPC/);
    assert.equal(delivery.status().lag_events, 2);
    full = false;
    await until(() => delivery.status().lag_events === 0, 'all is settled');
    await delivery.close(1000);
  });

  it('does not hang silently where keeping them does not return', async () => {
    const { journal } = await setUp(['bad']);
    const sink = createFakeSink();
    sink.answer = poisonous;
    const keepDeadLetters = () => new Promise<never>(() => {});
    const { delivery } = deliver(journal, sink, { options: { stallMs: 5 }, deps: { keepDeadLetters } });
    await until(() => delivery.status().state === 'stalled', 'it takes too long');
    assert.match(delivery.status().detail, /does not return/);
    assert.deepEqual(await delivery.close(20), { drained: false });
  });

  it('gives nothing up where there is no place for dead letters', async () => {
    const { journal } = await setUp(['bad']);
    const sink = createFakeSink();
    sink.answer = poisonous;
    const { delivery } = deliver(journal, sink);
    await until(() => delivery.status().state === 'stalled', 'it is noticed');
    assert.equal(delivery.status().lag_events, 1);
    await delivery.close(1000);
  });
});
