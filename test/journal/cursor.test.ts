import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keepEventLoopAlive, turn, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import { accept, drain, fakeDeps, openOn, readAll, record, seeded } from '../support/fake-journal.ts';

keepEventLoopAlive();

const open = async (...texts: string[]) => {
  const disk = createFakeDisk(seeded(1));
  const journal = await openOn(disk);
  for (const text of texts) await accept(journal, text);
  return { disk, journal, cursor: await journal.cursor('log') };
};
const sizes = (chunk: { records: readonly Buffer[] } | null) => chunk?.records.map((bytes) => bytes.length);

describe('reading', () => {
  it('keeps to both limits, but gives one record whatever its size', async () => {
    const { cursor } = await open('a'.repeat(10), 'b'.repeat(10), 'c'.repeat(50), 'd', 'e');
    assert.deepEqual(sizes(await cursor.read({ maxRecords: 10, maxBytes: 25 })), [10, 10]);
    assert.deepEqual(sizes(await cursor.read({ maxRecords: 10, maxBytes: 25 })), [50]);
    assert.deepEqual(sizes(await cursor.read({ maxRecords: 1, maxBytes: 25 })), [1]);
    assert.deepEqual(sizes(await cursor.read({ maxRecords: 1, maxBytes: 25 })), [1]);
    assert.equal(await cursor.read({ maxRecords: 1, maxBytes: 25 }), null);
  });

  it('reads records larger than its window, and in any order of sizes', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { maxBytes: 1e8, segmentBytes: 1e7 });
    const wanted = [1, 300_000, 5, 262_144 - 12, 262_144, 1, 700_000, 2];
    for (const size of wanted) await accept(journal, 'x'.repeat(size));
    const cursor = await journal.cursor('log');
    const got: number[] = [];
    for (;;) {
      const chunk = await cursor.read({ maxRecords: 100, maxBytes: 1000 });
      if (chunk === null) break;
      got.push(...sizes(chunk)!);
    }
    assert.deepEqual(got, wanted);
  });

  it('finds the valid record behind damage wherever it lies in the windows', async () => {
    for (const size of [262_000, 262_120, 262_131, 262_132, 262_133, 262_140, 262_144, 262_150, 600_000]) {
      const disk = createFakeDisk(seeded(1));
      const options = { maxBytes: 1e8, segmentBytes: 1e7 };
      const journal = await openOn(disk, options);
      await accept(journal, 'x'.repeat(size), 'behind');
      await journal.close();
      const path = disk.calls.find((call) => call.path.endsWith('.seg'))!.path;
      disk.edit(path, (bytes) => {
        bytes[100] = 0;
        return bytes;
      });
      assert.deepEqual(
        await readAll(await (await openOn(disk, options)).cursor('log')),
        ['behind'],
        `${size}`,
      );
    }
  });

  it('can be asked again after the disk could not be read', async () => {
    const { disk, cursor } = await open('a');
    const repair = disk.addRule({ op: 'read', fault: { kind: 'error', code: 'EIO' } });
    await assert.rejects(cursor.read({ maxRecords: 1, maxBytes: 1 }), { code: 'EIO' });
    repair();
    assert.deepEqual(await readAll(cursor), ['a']);
  });
});

describe('waiting', () => {
  const never = new AbortController().signal;

  it('ends when so many records wait', async () => {
    const { journal, cursor } = await open();
    let over = false;
    const wait = cursor.wait({ records: 2, signal: never }).then(() => {
      over = true;
    });
    await accept(journal, 'a');
    await turn();
    assert.equal(over, false);
    await accept(journal, 'b');
    await wait;
    assert.equal(cursor.waiting(), 2);
  });

  it('ends when the time is over or the signal aborts', async () => {
    const { cursor } = await open();
    await cursor.wait({ records: 1, timeoutMs: 5, signal: never });
    const stop = new AbortController();
    const wait = cursor.wait({ records: 1, signal: stop.signal });
    stop.abort();
    await wait;
    await cursor.wait({ records: 1, signal: stop.signal });
    assert.equal(cursor.waiting(), 0);
  });
});

describe('lag', () => {
  it('counts what is not acked, over restarts and segments', async () => {
    const { disk, journal, cursor } = await open();
    for (let n = 0; n < 40; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
    assert.equal(cursor.lag().events, 40);
    const chunk = await cursor.read({ maxRecords: 15, maxBytes: 1e6 });
    const got = chunk!.records.length;
    assert.equal(cursor.lag().events, 40, 'reading is not acking');
    cursor.commit(chunk!.next, null);
    assert.equal(cursor.lag().events, 40 - got);
    await cursor.flush();
    disk.kill();
    const again = await openOn(disk);
    assert.equal((await again.cursor('log')).lag().events, 40 - got);
    await drain(await again.cursor('log'));
    assert.deepEqual((await again.cursor('log')).lag(), { events: 0, seconds: 0 });
  });

  it('tells for how long the oldest record has waited', async () => {
    const disk = createFakeDisk(seeded(1));
    let now = 1_000_000;
    const journal = await openOn(
      disk,
      {},
      { ...fakeDeps(disk), clock: { now: () => now, monotonic: () => 0 } },
    );
    const cursor = await journal.cursor('log');
    now += 60_000;
    await accept(journal, 'a');
    now += 30_000;
    await accept(journal, 'b');
    now += 5_000;
    assert.equal(cursor.lag().seconds, 35);
    cursor.commit((await cursor.read({ maxRecords: 1, maxBytes: 1 }))!.next, null);
    assert.equal(cursor.lag().seconds, 5);
    assert.equal(journal.stats().oldestSeconds, 95);
  });

  /** Two records in a segment that is not the last, the second of them damaged under the reader. */
  const damagedEnd = async () => {
    const { disk, journal } = await open('a', 'damaged');
    await journal.close();
    const again = await openOn(disk);
    disk.edit('/var/journal/00000000000000000000.seg', (bytes) => bytes.fill(0, bytes.length - 5));
    return { journal: again, cursor: await again.cursor('log') };
  };

  it('is 0 when nothing but damage is left, whether that is met before or after the ack', async () => {
    const first = (await damagedEnd()).cursor;
    assert.deepEqual(await drain(first), ['a']);
    assert.equal(first.lag().events, 0);
    const second = (await damagedEnd()).cursor;
    const chunk = await second.read({ maxRecords: 10, maxBytes: 100 });
    assert.equal(await second.read({ maxRecords: 10, maxBytes: 100 }), null);
    assert.equal(second.lag().events, 2);
    second.commit(chunk!.next, null);
    assert.equal(second.lag().events, 0);
  });

  it('is exact again in the segment after the damage', async () => {
    const { journal, cursor } = await damagedEnd();
    await accept(journal, 'c', 'd', 'e');
    await cursor.read({ maxRecords: 10, maxBytes: 100 });
    cursor.commit((await cursor.read({ maxRecords: 1, maxBytes: 100 }))!.next, null);
    assert.equal(cursor.lag().events, 2);
  });
});

describe('commits', () => {
  it('go forward only', async () => {
    const { cursor } = await open('a', 'b');
    const first = (await cursor.read({ maxRecords: 1, maxBytes: 1 }))!.next;
    const second = (await cursor.read({ maxRecords: 1, maxBytes: 1 }))!.next;
    cursor.commit(second, null);
    assert.throws(() => cursor.commit(first, null), RangeError);
  });

  it('refuse a state that does not fit', async () => {
    const { cursor } = await open('a');
    const { next } = (await cursor.read({ maxRecords: 1, maxBytes: 1 }))!;
    assert.throws(() => cursor.commit(next, 'x'.repeat(5000)), RangeError);
  });

  it('do not cost a sync each while a sink is busy', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { checkpointMs: 400 });
    const cursor = await journal.cursor('log');
    for (let n = 0; n < 100; n += 1) {
      await accept(journal, `${n}`);
      cursor.commit((await cursor.read({ maxRecords: 1, maxBytes: 1 }))!.next, null);
    }
    const syncs = () =>
      disk.calls.filter((call) => call.op === 'fdatasync' && call.path.endsWith('.checkpoint')).length;
    const before = syncs();
    assert.ok(before < 20, `${before}`);
    await until(() => syncs() > before, 'the last commit is saved');
    disk.cutPower();
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), []);
  });

  it('are saved when the journal closes', async () => {
    const { disk, journal, cursor } = await open('a');
    cursor.commit((await cursor.read({ maxRecords: 1, maxBytes: 1 }))!.next, null);
    await journal.close();
    disk.cutPower();
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), []);
  });
});

it('reads nothing that is not synced yet', async () => {
  const { disk, journal, cursor } = await open();
  const { promise, resolve } = Promise.withResolvers<void>();
  disk.addRule({ op: 'fdatasync', path: /seg$/, fault: { kind: 'hang', until: promise } });
  const append = journal.append([record('a')]);
  await until(() => disk.calls.at(-1)?.op === 'fdatasync', 'the sync has begun');
  assert.equal(cursor.waiting(), 0);
  assert.equal(await cursor.read({ maxRecords: 1, maxBytes: 1 }), null);
  resolve();
  await append;
  assert.deepEqual(await readAll(cursor), ['a']);
});
