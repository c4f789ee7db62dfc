/** The rules of the decision "Journal", one test each, on a disk that loses power. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { openJournal } from '../../src/journal/open-journal.ts';
import { encodeHeader, segmentName } from '../../src/journal/segment.ts';
import { keepEventLoopAlive, turn, until } from '../support/event-loop.ts';
import { createFakeDisk, type FakeDisk } from '../support/fake-fs.ts';
import {
  accept,
  DIR,
  drain,
  fakeDeps,
  openOn,
  readAll,
  record,
  SMALL,
  seeded,
} from '../support/fake-journal.ts';

keepEventLoopAlive();

const segmentsOf = (disk: FakeDisk) => disk.list(DIR).filter((name) => name.endsWith('.seg'));
const FIRST = join(DIR, segmentName(0));
/** Runs a body with disks of different luck. */
const withLuck = async (body: (disk: FakeDisk) => Promise<void>) => {
  for (let seed = 1; seed <= 20; seed += 1) await body(createFakeDisk(seeded(seed)));
};

describe('acceptance', () => {
  it('keeps every accepted record through a power cut', async () => {
    await withLuck(async (disk) => {
      const journal = await openOn(disk);
      await accept(journal, 'a', 'b');
      await accept(journal, 'c');
      disk.cutPower();
      assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a', 'b', 'c']);
    });
  });

  it('keeps accepted records of segments that were begun on the way', async () => {
    await withLuck(async (disk) => {
      const journal = await openOn(disk, { segmentBytes: 100 });
      for (let n = 0; n < 10; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
      disk.cutPower();
      assert.equal((await readAll(await (await openOn(disk)).cursor('log'))).length, 10);
    });
  });

  it('answers only after fdatasync', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    const { promise, resolve } = Promise.withResolvers<void>();
    disk.addRule({ op: 'fdatasync', fault: { kind: 'hang', until: promise } });
    let answered = false;
    const append = journal.append([record('a')]).then((outcome) => {
      answered = true;
      return outcome;
    });
    await until(() => disk.calls.at(-1)?.op === 'fdatasync', 'the sync has begun');
    await turn();
    assert.equal(answered, false);
    resolve();
    assert.deepEqual(await append, { ok: true });
  });

  it('commits what gathered during a sync as one group', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    disk.calls.length = 0;
    const appends = Array.from({ length: 50 }, (_, n) => journal.append([record(`${n}`)]));
    await Promise.all(appends);
    assert.equal(disk.calls.filter((call) => call.op === 'fdatasync').length, 1);
  });

  it('hands accepted records to subscribers, whatever one of them does', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    const seen: string[] = [];
    journal.subscribe(() => {
      throw new Error('a bad listener');
    });
    const stop = journal.subscribe((records) => void seen.push(...records.map(String)));
    await accept(journal, 'a', 'b');
    stop();
    await accept(journal, 'c');
    assert.deepEqual(seen, ['a', 'b']);
  });

  it('refuses with closed once it is closed, and keeps what waited', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    const waiting = journal.append([record('a')]);
    await journal.close();
    assert.deepEqual(await waiting, { ok: true });
    assert.deepEqual(await journal.append([record('b')]), { ok: false, reason: 'closed' });
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
  });

  it('throws for a record that no frame can hold', async () => {
    const journal = await openOn(createFakeDisk(seeded(1)));
    assert.throws(() => journal.append([record('a'), Buffer.alloc(0)]), RangeError);
    assert.throws(() => journal.append([Buffer.alloc(16 * 1024 * 1024 + 1)]), RangeError);
  });
});

describe('JOURNAL_SYNC', () => {
  it('interval accepts after the write and syncs later', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { sync: 'interval', syncIntervalMs: 20 });
    disk.calls.length = 0;
    await accept(journal, 'a');
    assert.ok(!disk.calls.some((call) => call.op === 'fdatasync'));
    const cursor = await journal.cursor('log');
    assert.equal(cursor.waiting(), 0, 'what is not synced is not read');
    await until(() => cursor.waiting() === 1, 'the interval is over');
    assert.deepEqual(await readAll(cursor), ['a']);
  });

  it('interval keeps what it accepted when the process is killed', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk, { sync: 'interval' }), 'a');
    disk.kill();
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
  });

  it('interval delivers what it accepted although its late sync failed', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { sync: 'interval', syncIntervalMs: 5 });
    disk.addRule({ op: 'fdatasync', times: 1, fault: { kind: 'error', code: 'EIO' } });
    await accept(journal, 'a');
    const cursor = await journal.cursor('log');
    await until(() => cursor.waiting() === 1, 'the sync has failed');
    await accept(journal, 'b');
    await until(() => cursor.waiting() === 2, 'the next sync was good');
    assert.deepEqual(await readAll(cursor), ['a', 'b']);
  });

  it('off never syncs a record', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { sync: 'off' });
    disk.calls.length = 0;
    await accept(journal, 'a');
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a']);
    await journal.close();
    assert.ok(!disk.calls.some((call) => call.op === 'fdatasync' && call.path.endsWith('.seg')));
  });
});

describe('the format', () => {
  it('opens a segment with magic, version and base offset', async () => {
    const disk = createFakeDisk(seeded(1));
    await openOn(disk);
    const header = disk.content(FIRST);
    assert.equal(header.toString('latin1', 0, 8), 'GoTrackJ');
    assert.equal(header.readUInt32LE(12), 1);
    assert.equal(header.readBigUInt64LE(16), 0n);
  });

  it('refuses a journal that a later version has written, and leaves it alone', async () => {
    const disk = createFakeDisk(seeded(1));
    await openOn(disk);
    disk.kill();
    disk.edit(FIRST, (bytes) => {
      bytes.writeUInt32LE(2, 12);
      bytes.writeUInt32LE(crc32(bytes.subarray(12, 40)), 8);
      return bytes;
    });
    const before = disk.content(FIRST);
    const outcome = await openJournal(SMALL, fakeDeps(disk));
    assert.ok(!outcome.ok && outcome.reason === 'newer-format');
    assert.match(outcome.message, /format 2/);
    assert.deepEqual(disk.content(FIRST), before);
    assert.deepEqual(segmentsOf(disk), [segmentName(0)]);
  });

  it('takes a flipped bit in the version for damage, not for a later version', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a');
    disk.kill();
    disk.edit(FIRST, (bytes) => {
      bytes[12]! ^= 4;
      return bytes;
    });
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
  });

  it('covers the length by the checksum: no flipped bit of a frame is delivered', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'first', 'second');
    disk.kill();
    const whole = Buffer.from(disk.content(FIRST));
    for (let bit = 48 * 8; bit < (48 + 12 + 5) * 8; bit += 1) {
      disk.edit(FIRST, () => {
        const bytes = Buffer.from(whole);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        return bytes;
      });
      assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['second'], `bit ${bit}`);
      for (const name of disk.list(DIR)) if (name !== segmentName(0)) disk.remove(join(DIR, name));
    }
  });

  it('takes a frame in another place for no frame', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'aaaa', 'bbbb', 'cccc');
    disk.kill();
    // Old blocks come back: the third place shows the first frame again.
    disk.edit(FIRST, (bytes) => {
      bytes.copy(bytes, 48 + 2 * 16, 48, 48 + 16);
      return bytes;
    });
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['aaaa', 'bbbb']);
  });

  it('takes a zero-filled tail for no record', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a');
    disk.kill();
    disk.edit(FIRST, (bytes) => Buffer.concat([bytes, Buffer.alloc(4096)]));
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
    assert.equal(disk.content(FIRST).length, 48 + 13);
  });
});

describe('recovery', () => {
  it('cuts a torn tail when nothing valid follows', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a', 'bbbbbbbb');
    disk.kill();
    disk.edit(FIRST, (bytes) => bytes.subarray(0, -3));
    const journal = await openOn(disk);
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a']);
    assert.equal(disk.content(FIRST).length, 48 + 13);
    assert.ok(!disk.list(DIR).some((name) => name.endsWith('.damaged')));
  });

  it('sets a damaged span aside when a valid record follows, and delivers the rest', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a', 'damaged', 'c', 'd');
    disk.kill();
    disk.edit(FIRST, (bytes) => {
      bytes[48 + 13 + 12] = 0;
      return bytes;
    });
    const before = Buffer.from(disk.content(FIRST));
    const deps = fakeDeps(disk);
    const journal = await openOn(disk, {}, deps);
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a', 'c', 'd']);
    assert.deepEqual(disk.content(FIRST), before, 'the segment itself is not edited');
    const copy = disk.list(DIR).find((name) => name.endsWith('.damaged'));
    assert.equal(copy, `${'0'.repeat(20)}-${'0'.repeat(18)}13.damaged`);
    assert.deepEqual(disk.content(join(DIR, copy)), before.subarray(48 + 13, 48 + 13 + 19));
    assert.deepEqual(deps.damaged, [19], 'counted once, by whoever meets it first');
  });

  it('sets damage in an older segment aside when a sink meets it', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { segmentBytes: 100 });
    for (const text of ['one', 'two', 'three', 'four', 'five', 'six', 'seven']) await accept(journal, text);
    await journal.close();
    disk.edit(FIRST, (bytes) => {
      bytes[48 + 12] = 0;
      return bytes;
    });
    const deps = fakeDeps(disk);
    const again = await openOn(disk, {}, deps);
    assert.deepEqual(await readAll(await again.cursor('log')), [
      'two',
      'three',
      'four',
      'five',
      'six',
      'seven',
    ]);
    assert.deepEqual(deps.damaged, [15]);
  });

  it('delivers a segment whose header is damaged', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a', 'b');
    disk.kill();
    disk.edit(FIRST, (bytes) => bytes.fill(0, 0, 48));
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a', 'b']);
  });

  it('always opens a new segment, and offsets are never given out twice', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a');
    disk.kill();
    await accept(await openOn(disk), 'b');
    assert.deepEqual(segmentsOf(disk), [segmentName(0), segmentName(13)]);
  });

  it('scans the last segment only, so that a full journal starts as fast as a small one', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { segmentBytes: 100 });
    for (let n = 0; n < 10; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
    disk.kill();
    disk.calls.length = 0;
    const again = await openOn(disk);
    const reads = disk.calls.filter((call) => call.op === 'read');
    const older = segmentsOf(disk).slice(0, 9);
    for (const name of older) {
      assert.equal(reads.filter((call) => call.path.endsWith(name)).length, 1, 'its header, no more');
    }
    assert.equal((await again.cursor('log')).lag().events, 10);
  });

  it('removes a last segment without a record, so that restarts leave no heap of them', async () => {
    const disk = createFakeDisk(seeded(1));
    for (let n = 0; n < 5; n += 1) {
      await openOn(disk);
      disk.kill();
    }
    assert.equal(segmentsOf(disk).length, 1);
  });

  it('bounds the copies of damage, and still delivers what is valid', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'x'.repeat(300), 'b', 'y'.repeat(300), 'd');
    disk.kill();
    disk.edit(FIRST, (bytes) => {
      bytes[48 + 50] = 0;
      bytes[48 + 12 + 300 + 13 + 50] = 0;
      return bytes;
    });
    const journal = await openOn(disk, { maxBytes: 3200 });
    assert.deepEqual(await readAll(await journal.cursor('log')), ['b', 'd']);
    assert.equal(disk.list(DIR).filter((name) => name.endsWith('.damaged')).length, 1);
  });
});

describe('checkpoints and retention', () => {
  it('starts a new sink at the oldest record', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a', 'b');
    await drain(await journal.cursor('log'));
    disk.kill();
    const again = await openOn(disk, { outputs: ['log', 'kafka'] });
    assert.deepEqual(await readAll(await again.cursor('log')), []);
    assert.deepEqual(await readAll(await again.cursor('kafka')), ['a', 'b']);
  });

  it('goes on from a durable checkpoint, with the state that was saved beside it', async () => {
    await withLuck(async (disk) => {
      const journal = await openOn(disk);
      await accept(journal, 'a', 'b');
      await drain(await journal.cursor('log'), { size: 17 });
      await accept(journal, 'c');
      disk.cutPower();
      const cursor = await (await openOn(disk)).cursor('log');
      assert.deepEqual(cursor.state(), { size: 17 });
      assert.deepEqual(await readAll(cursor), ['c']);
    });
  });

  it('removes a segment only after the checkpoint behind it is durable', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { segmentBytes: 100 });
    for (let n = 0; n < 10; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
    const rest = disk.addRule({ op: 'fdatasync', path: /checkpoint/, fault: { kind: 'error', code: 'EIO' } });
    const cursor = await journal.cursor('log');
    let chunk = await cursor.read({ maxRecords: 10, maxBytes: 1e6 });
    for (; chunk !== null; chunk = await cursor.read({ maxRecords: 10, maxBytes: 1e6 }))
      cursor.commit(chunk.next, null);
    assert.equal(await cursor.flush(), false);
    assert.equal(segmentsOf(disk).length, 10);
    rest();
    assert.equal(await cursor.flush(), true);
    await until(() => segmentsOf(disk).length === 1, 'segments are removed');
  });

  it('loses nothing when the power goes between a checkpoint and the removal of segments', async () => {
    await withLuck(async (disk) => {
      const journal = await openOn(disk, { segmentBytes: 100 });
      for (let n = 0; n < 6; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
      const cursor = await journal.cursor('log');
      const delivered: string[] = [];
      for (let n = 0; n < 3; n += 1) {
        const chunk = await cursor.read({ maxRecords: 1, maxBytes: 1000 });
        delivered.push(...chunk!.records.map(String));
        cursor.commit(chunk!.next, null);
      }
      void cursor.flush();
      for (let n = 0; n < 5; n += 1) await turn();
      disk.cutPower();
      delivered.push(...(await readAll(await (await openOn(disk)).cursor('log'))));
      assert.equal(new Set(delivered).size, 6);
    });
  });

  it('keeps a segment until every sink of today is past it', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { segmentBytes: 100, outputs: ['log', 'kafka'] });
    for (let n = 0; n < 4; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
    await drain(await journal.cursor('log'));
    assert.equal(segmentsOf(disk).length, 4);
    await drain(await journal.cursor('kafka'));
    await until(() => segmentsOf(disk).length === 1, 'segments are removed');
  });

  it('is not held by the checkpoint of a sink that is not in use any more', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { segmentBytes: 100, outputs: ['log', 'kafka'] });
    for (let n = 0; n < 4; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
    const kafka = await journal.cursor('kafka');
    kafka.commit((await kafka.read({ maxRecords: 1, maxBytes: 100 }))!.next, null);
    await kafka.flush();
    await drain(await journal.cursor('log'));
    disk.kill();
    await openOn(disk, { outputs: ['log'] });
    assert.equal(segmentsOf(disk).length, 1);
    assert.ok(disk.list(DIR).includes('kafka.checkpoint'));
  });

  it('keeps segments for JOURNAL_KEEP_HOURS after every sink has them', async () => {
    const disk = createFakeDisk(seeded(1));
    let now = 1_000_000;
    const deps = { ...fakeDeps(disk), clock: { now: () => now, monotonic: () => performance.now() } };
    const journal = await openOn(disk, { segmentBytes: 100, keepMs: 3_600_000 }, deps);
    for (let n = 0; n < 4; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
    const cursor = await journal.cursor('log');
    await drain(cursor);
    assert.equal(segmentsOf(disk).length, 4);
    now += 3_600_000;
    await accept(journal, 'one more, in a fifth segment');
    await drain(cursor);
    // The fourth was closed just now: its hours begin.
    await until(() => segmentsOf(disk).length === 2, 'segments are removed');
  });

  it('clamps a checkpoint that lies beyond the end: what comes then is delivered', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a', 'b');
    await drain(await journal.cursor('log'));
    disk.kill();
    for (const name of segmentsOf(disk)) disk.remove(join(DIR, name));
    for (const text of ['c', 'd']) {
      const again = await openOn(disk);
      assert.equal((await again.cursor('log')).lag().events, text === 'c' ? 0 : 1);
      await accept(again, text);
      disk.kill();
    }
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['c', 'd']);
  });

  it('starts at the oldest record, with a word, when a checkpoint is damaged', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a');
    await drain(await journal.cursor('log'));
    disk.kill();
    disk.edit(join(DIR, 'log.checkpoint'), (bytes) => bytes.fill(7));
    const deps = fakeDeps(disk);
    const again = await openOn(disk, {}, deps);
    assert.deepEqual(await readAll(await again.cursor('log')), ['a']);
    assert.ok(
      deps.log.lines.some((line) => line.level === 'error' && line.text.includes('checkpoint damaged')),
    );
  });

  it('goes back one checkpoint, not to the beginning, when the last write of it was torn', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    const cursor = await journal.cursor('log');
    for (const text of ['a', 'b']) {
      await accept(journal, text);
      await drain(cursor);
    }
    disk.kill();
    // The second save went to the first slot.
    disk.edit(join(DIR, 'log.checkpoint'), (bytes) => bytes.fill(7, 0, 100));
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['b']);
  });

  it('saves checkpoints on a disk that the journal has filled, so that it can empty it', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { segmentBytes: 100 });
    const cursor = await journal.cursor('log');
    await accept(journal, 'first');
    await drain(cursor);
    for (let n = 0; n < 4; n += 1) await accept(journal, `record ${n} ${'x'.repeat(30)}`);
    disk.setCapacity(1);
    assert.deepEqual(await journal.append([record('y'.repeat(200))]), { ok: false, reason: 'unavailable' });
    await drain(cursor);
    await until(() => segmentsOf(disk).length <= 1, 'segments are removed');
  });

  it('refuses a cursor for a name that is none of the outputs', async () => {
    const journal = await openOn(createFakeDisk(seeded(1)));
    await assert.rejects(journal.cursor('kafka'), RangeError);
  });
});

it('reads headers that name another base as damaged', async () => {
  const disk = createFakeDisk(seeded(1));
  await accept(await openOn(disk), 'a');
  disk.kill();
  disk.edit(FIRST, (bytes) =>
    Buffer.concat([encodeHeader({ base: 999, count: 9, createdMs: 0 }), bytes.subarray(48)]),
  );
  assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
});
