/** What of the records that come again is left out, and which state is saved: the rules, without a broker. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../../src/sinks/kafka/digest.ts';
import { createResume } from '../../../src/sinks/kafka/resume.ts';
import { MAX_MESSAGES, stretchesSince } from '../../../src/sinks/kafka/stretches.ts';
import { MAX_PARTITIONS, readTopicEnds } from '../../../src/sinks/kafka/topic-ends.ts';

const SINCE = { id: 'topic', offsets: [10, 20] };
const NOW = { id: 'topic', offsets: [15, 25] };

const records = (...texts: string[]) => texts.map((text) => Buffer.from(text));

/** As after a crash, with these records in the topic behind the checkpoint. */
function resumed({ there, waiting = 100 }: { there: string[]; waiting?: number }) {
  const digests = new Set(records(...there).map(digestOf));
  return createResume({ since: SINCE, waiting, maxUnderWay: 3 }, { now: NOW, there: digests, lacks: null });
}

describe('a record that comes again', () => {
  it('is found by its bytes, wherever it stands, and each time that it is asked for', () => {
    const resume = resumed({ there: ['b', 'd', 'foreign'] });
    for (let n = 0; n < 2; n += 1) assert.deepEqual([...resume.find(records('a', 'b', 'c', 'd'))], [1, 3]);
  });

  it('is looked for until as many strangers have come in a row as one request holds', () => {
    const resume = resumed({ there: ['a', 'd'] });
    resume.acked(4, resume.find(records('a', 'b', 'c', 'd')));
    resume.acked(2, resume.find(records('e', 'f')));
    assert.equal(resume.find(records('d')).size, 1);
    resume.acked(1, resume.find(records('g')));
    assert.equal(resume.find(records('d')).size, 0);
  });

  it('is looked for no longer than what waited at the start', () => {
    const resume = resumed({ there: ['a', 'b', 'c'], waiting: 2 });
    resume.acked(1, resume.find(records('a')));
    assert.equal(resume.find(records('b')).size, 1);
    resume.acked(1, resume.find(records('b')));
    assert.equal(resume.find(records('c')).size, 0);
  });
});

describe('the state', () => {
  it('is the old one as long as something may be found, then where the topic ends with what was written', () => {
    const resume = resumed({ there: ['a'], waiting: 3 });
    assert.deepEqual(resume.state(), SINCE);
    resume.written(new Map([[1, 30]]));
    resume.acked(2, resume.find(records('a', 'b')));
    assert.deepEqual(resume.state(), SINCE);
    resume.acked(1, resume.find(records('c')));
    assert.deepEqual(resume.state(), { id: 'topic', offsets: [15, 30] });
  });

  it('that was given does not move with what is written later', () => {
    const resume = resumed({ there: [] });
    const given = resume.state();
    resume.written(new Map([[0, 40]]));
    assert.deepEqual(given, NOW);
    assert.deepEqual(resume.state(), { id: 'topic', offsets: [40, 25] });
  });

  it('takes in partitions that were added, from their start', () => {
    const resume = resumed({ there: [] });
    resume.written(new Map([[3, 7]]));
    assert.deepEqual(resume.state(), { id: 'topic', offsets: [15, 25, 0, 7] });
  });

  it('stays what it was where the ends of the topic are not known', () => {
    const resume = createResume(
      { since: SINCE, waiting: 9, maxUnderWay: 3 },
      { now: null, there: new Set(), lacks: 'no answer' },
    );
    resume.written(new Map([[0, 40]]));
    assert.deepEqual(resume.state(), SINCE);
  });

  it('fits into a checkpoint with as many partitions as it takes', () => {
    const offsets = new Array<number>(MAX_PARTITIONS).fill(Number.MAX_SAFE_INTEGER);
    const now = { id: '00000000-0000-0000-0000-000000000000', offsets };
    const resume = createResume(
      { since: null, waiting: 0, maxUnderWay: 3 },
      { now, there: new Set(), lacks: null },
    );
    const text = JSON.stringify(resume.state());
    assert.ok(Buffer.byteLength(text) <= 3072, `${text.length} bytes`);
    assert.deepEqual(readTopicEnds(JSON.parse(text)), now);
    resume.written(new Map([[MAX_PARTITIONS, 1]]));
    assert.equal(resume.state(), null);
  });

  it('of another make is none', () => {
    for (const state of [null, 7, {}, { id: 'a' }, { id: 'a', offsets: ['1'] }, { id: 1, offsets: [] }])
      assert.equal(readTopicEnds(state), null);
  });
});

describe('what is read back', () => {
  const partition = fc.record({
    first: fc.nat(200_000),
    length: fc.nat(200_000),
    saved: fc.nat(400_000),
  });

  it('is all that came since, or as much as is remembered, at both ends of each partition', () => {
    fc.assert(
      fc.property(fc.array(partition, { maxLength: 12 }), (partitions) => {
        const first = partitions.map((one) => one.first);
        const last = partitions.map((one) => one.first + one.length);
        const offsets = partitions.map((one) => one.saved);
        const { rounds, isTooMuch, isTrimmed } = stretchesSince({ id: 'topic', offsets }, { first, last });
        const due = offsets.map((saved, n) => Math.max(0, last[n]! - Math.max(saved, first[n]!)));
        const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
        assert.equal(isTooMuch, sum(due) > MAX_MESSAGES);
        assert.equal(
          isTrimmed,
          offsets.some((saved, n) => saved < first[n]!),
        );
        const read = rounds.flat();
        const total = sum(read.map(({ at, end }) => end - at));
        assert.ok(total <= MAX_MESSAGES);
        if (!isTooMuch) assert.equal(total, sum(due));
        for (const [n, count] of due.entries()) {
          const own = read.filter((one) => one.partition === n);
          if (count === 0) assert.deepEqual(own, []);
          else {
            assert.equal(own[0]!.at, Math.max(offsets[n]!, first[n]!));
            if (own.length === 2) assert.ok(own[0]!.end <= own[1]!.at);
            assert.equal(own.at(-1)!.end, last[n]!);
          }
        }
      }),
    );
  });

  it('begins at the start of a partition that the checkpoint does not know', () => {
    const { rounds } = stretchesSince({ id: 'topic', offsets: [5] }, { first: [0, 0], last: [5, 3] });
    assert.deepEqual(rounds.flat(), [{ partition: 1, at: 0, end: 3 }]);
  });
});
