import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSinkAtFault, NO_RUN, refusalKind, runAfter } from '../../src/sinks/refusals.ts';

const letters = (count: number, reason = '23514') =>
  Array.from({ length: count }, () => ({ record: Buffer.from('{}'), reason }));

describe('isSinkAtFault', () => {
  it('when the greater part of a batch is refused for one reason', () => {
    assert.equal(isSinkAtFault(letters(51), 100, NO_RUN), true);
    assert.equal(isSinkAtFault(letters(50), 100, NO_RUN), false);
    assert.equal(isSinkAtFault([...letters(40), ...letters(40, '22P05')], 100, NO_RUN), false);
  });

  it('not for a few records, whatever part of a batch they are', () => {
    assert.equal(isSinkAtFault(letters(9), 9, NO_RUN), false);
    assert.equal(isSinkAtFault(letters(10), 10, NO_RUN), true);
  });

  it('when few follow few, for the same reason', () => {
    assert.equal(isSinkAtFault(letters(3), 3, { reason: '23514', count: 7 }), true);
    assert.equal(isSinkAtFault(letters(3), 3, { reason: '22P05', count: 7 }), false);
  });
});

describe('runAfter', () => {
  it('goes on while whole batches are refused alike, and ends with the first record taken', () => {
    const run = runAfter(letters(2), 2, runAfter(letters(3), 3, NO_RUN));
    assert.deepEqual(run, { reason: '23514', count: 5 });
    assert.deepEqual(runAfter(letters(1, '22P05'), 1, run), { reason: '22P05', count: 1 });
    assert.deepEqual(runAfter(letters(1), 2, run), NO_RUN);
    assert.deepEqual(runAfter([], 2, run), NO_RUN);
  });
});

describe('refusalKind', () => {
  it('puts every reason into one of six kinds', () => {
    const kinds = [
      ...['too-large', 'line-feed', 'not-json', 'bad-event-id', '22P05', '23514 check_amount', 'P0001'],
      ...['P00012', 'not what a broker says', ''],
    ];
    assert.deepEqual(kinds.map(refusalKind), [
      ...['too-large', 'malformed', 'malformed', 'malformed', 'data', 'constraint', 'raised'],
      ...['other', 'other', 'other'],
    ]);
  });
});
