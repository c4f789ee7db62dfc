/** Rules of checkpoints and of how long segments stay. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { keepEventLoopAlive, turn, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import {
  accept,
  DIR,
  drain,
  fakeDeps,
  openOn,
  readAll,
  record,
  seeded,
  segmentsOf,
  withLuck,
} from '../support/fake-journal.ts';

keepEventLoopAlive();

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

  it('lets go before JOURNAL_KEEP_HOURS what every sink has, rather than refuse an event', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { maxBytes: 4000, segmentBytes: 400, keepMs: 3_600_000 });
    const cursor = await journal.cursor('log');
    for (let n = 0; n < 100; n += 1) {
      await accept(journal, `record ${n} ${'x'.repeat(100)}`);
      await drain(cursor);
    }
    assert.ok(segmentsOf(disk).length > 5, 'while there is room they are kept');
    assert.ok(journal.fill() < 0.85);
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

  it('relies on no checkpoint that a killed process had only written', async () => {
    await withLuck(async (disk) => {
      const journal = await openOn(disk);
      await accept(journal, 'a');
      await drain(await journal.cursor('log'));
      await accept(journal, 'b');
      const { promise } = Promise.withResolvers<void>();
      const mend = disk.addRule({
        op: 'fdatasync',
        path: /checkpoint$/,
        fault: { kind: 'hang', until: promise },
      });
      void drain(await journal.cursor('log'));
      const syncing = () =>
        disk.calls.at(-1)?.op === 'fdatasync' && disk.calls.at(-1)!.path.endsWith('checkpoint');
      await until(syncing, 'it is written');
      mend();
      disk.kill();
      assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), []);
      disk.cutPower();
      assert.deepEqual(await readAll(await (await openOn(disk)).cursor('log')), []);
    });
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
