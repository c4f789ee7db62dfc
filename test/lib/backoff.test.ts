import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backoffMs, sleep } from '../../src/lib/backoff.ts';
import { keepEventLoopAlive } from '../support/event-loop.ts';

keepEventLoopAlive();

describe('backoffMs', () => {
  const options = { baseMs: 100, maxMs: 5000 };

  it('doubles up to its greatest value', () => {
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 100, 5000].map((failures) => backoffMs(failures, options, () => 1));
    assert.deepEqual(all, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000]);
  });

  it('leaves half of the wait to chance, never all of it', () => {
    assert.equal(
      backoffMs(3, options, () => 0),
      200,
    );
    assert.equal(
      backoffMs(3, options, () => 0.5),
      300,
    );
  });
});

describe('sleep', () => {
  it('ends when the signal aborts, and at once when it has', async () => {
    const stop = new AbortController();
    const waiting = sleep(60_000, stop.signal);
    stop.abort();
    await waiting;
    await sleep(60_000, stop.signal);
  });

  it('ends after its time', async () => {
    await sleep(1);
    await sleep(1, new AbortController().signal);
  });
});
