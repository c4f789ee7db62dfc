/** Rules of the format and of recovery, on a disk that loses power and shows damage. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { openJournal } from '../../src/journal/open-journal.ts';
import { encodeHeader, segmentName } from '../../src/journal/segment.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import {
  accept,
  DIR,
  FIRST,
  fakeDeps,
  openOn,
  readAll,
  record,
  SMALL,
  seeded,
  segmentsOf,
  withLuck,
} from '../support/fake-journal.ts';

keepEventLoopAlive();

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
    assert.deepEqual(deps.damaged, [19], 'recovery has seen it');
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

  it('syncs what a killed process had only written, before a sink reads it', async () => {
    await withLuck(async (disk) => {
      const journal = await openOn(disk);
      const { promise } = Promise.withResolvers<void>();
      const mend = disk.addRule({ op: 'fdatasync', path: /seg$/, fault: { kind: 'hang', until: promise } });
      void journal.append([record('a')]);
      await until(() => disk.calls.at(-1)?.op === 'fdatasync', 'it is written');
      mend();
      disk.kill();
      assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
      disk.cutPower();
      assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
    });
  });

  it('opens no journal whose last records it cannot sync', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a');
    disk.kill();
    const mend = disk.addRule({ op: 'fdatasync', path: /seg$/, fault: { kind: 'error', code: 'EIO' } });
    const outcome = await openJournal(SMALL, fakeDeps(disk));
    assert.ok(!outcome.ok && outcome.reason === 'unusable');
    mend();
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
  });

  it('ignores a torn tail that cannot be cut off', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a', 'bbbbbbbb');
    disk.kill();
    disk.edit(FIRST, (bytes) => bytes.subarray(0, -3));
    disk.addRule({ op: 'truncate', fault: { kind: 'error', code: 'EROFS' } });
    const journal = await openOn(disk);
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a']);
    await accept(journal, 'c');
    disk.kill();
    assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a', 'c']);
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

it('reads headers that name another base as damaged', async () => {
  const disk = createFakeDisk(seeded(1));
  await accept(await openOn(disk), 'a');
  disk.kill();
  disk.edit(FIRST, (bytes) =>
    Buffer.concat([encodeHeader({ base: 999, count: 9, createdMs: 0 }), bytes.subarray(48)]),
  );
  assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), ['a']);
});
