/** What an ok of `append` promises, by JOURNAL_SYNC. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keepEventLoopAlive, turn, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import { accept, openOn, readAll, record, seeded, withLuck } from '../support/fake-journal.ts';

keepEventLoopAlive();

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
