import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/lib/backoff.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { DeadLetter } from '../../src/sinks/refusals.ts';
import { type ResendOptions, resend } from '../../src/sinks/resend.ts';
import type { WriteOutcome } from '../../src/sinks/sink.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createTestLog } from '../support/fake-journal.ts';
import { createFakeSink, type FakeSink } from '../support/fake-sink.ts';

keepEventLoopAlive();

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);

function start(texts: readonly string[], sink: FakeSink, options: Partial<ResendOptions> = {}) {
  const letters: DeadLetter[] = [];
  const stopping = new AbortController();
  const log = createTestLog();
  async function* records() {
    for (const text of texts) yield Buffer.from(text);
  }
  const sent = resend(
    records(),
    { batchSize: 4, suspectsSink: true, backoff: { baseMs: 1, maxMs: 2 }, ...options },
    {
      ...{ sink, clock: systemClock, random: () => 0.5, sleep, log, stop: stopping.signal },
      keepDeadLetters: async (_sink, more) => {
        letters.push(...more);
        return { ok: true };
      },
    },
  );
  return { sent, letters, log, stop: () => stopping.abort() };
}

describe('resend', () => {
  it('sends all records in order and in batches, and closes the sink', async () => {
    const sink = createFakeSink();
    const { sent } = start(numbers(10), sink);
    assert.deepEqual(await sent, { finished: true, delivered: 10, refused: 0 });
    assert.deepEqual(sink.taken, numbers(10));
    assert.deepEqual(
      sink.writes.map((batch) => batch.length),
      [4, 4, 2],
    );
    assert.equal(sink.openedWith, null);
    assert.equal(sink.calls.at(-1), 'close');
  });

  it('keeps to the limits of the sink, in records and in bytes', async () => {
    const sink = createFakeSink({ limits: { maxRecords: 3, maxBytes: 8 } });
    await start(['1234', '1234', '5', '123456789', '1', '2', '3', '4'], sink).sent;
    assert.deepEqual(sink.writes, [['1234', '1234'], ['5'], ['123456789'], ['1', '2', '3'], ['4']]);
  });

  it('waits out an outage of the opening and of a write', async () => {
    const sink = createFakeSink();
    sink.ready = { ok: false, detail: 'no such table' };
    let outages = 2;
    sink.answer = () => (outages-- > 0 ? { kind: 'retry', detail: 'gone' } : undefined);
    const { sent, log } = start(numbers(3), sink);
    await until(() => sink.calls.length > 2, 'it has tried again');
    sink.ready = { ok: true };
    assert.deepEqual(await sent, { finished: true, delivered: 3, refused: 0 });
    assert.ok(log.lines.some(({ text }) => text.includes('trying again')));
  });

  it('keeps what is refused, and sends the rest', async () => {
    const sink = createFakeSink();
    sink.answer = (texts) => (texts.includes('2') ? { kind: 'poisoned', reason: '22P05' } : undefined);
    const { sent, letters } = start(numbers(5), sink);
    assert.deepEqual(await sent, { finished: true, delivered: 4, refused: 1 });
    assert.deepEqual(sink.taken, ['0', '1', '3', '4']);
    assert.deepEqual(letters, [{ record: Buffer.from('2'), reason: '22P05' }]);
  });

  it('stalls when most are refused alike, unless they had been refused before', async () => {
    const sink = createFakeSink();
    sink.answer = () => ({ kind: 'poisoned', reason: '42703' });
    const stalled = start(numbers(20), sink, { batchSize: 20 });
    await until(() => stalled.log.lines.some(({ level }) => level === 'error'), 'it is said');
    stalled.stop();
    assert.deepEqual(await stalled.sent, { finished: false, delivered: 0, refused: 0 });
    assert.deepEqual(stalled.letters, []);

    const again = start(numbers(20), sink, { batchSize: 20, suspectsSink: false });
    assert.deepEqual(await again.sent, { finished: true, delivered: 0, refused: 20 });
    assert.equal(again.letters.length, 20);
  });

  it('ends at once when it is stopped, and says that it has not come to the end', async () => {
    const sink = createFakeSink();
    const second = Promise.withResolvers<WriteOutcome>();
    sink.answer = () => (sink.writes.length === 2 ? second.promise : undefined);
    const { sent, stop } = start(numbers(20), sink);
    await until(() => sink.writes.length === 2, 'it has begun');
    stop();
    second.resolve({ kind: 'ack' });
    assert.deepEqual(await sent, { finished: false, delivered: 8, refused: 0 });
    assert.deepEqual(sink.taken, numbers(8));
    assert.equal(sink.calls.at(-1), 'close');
  });
});
