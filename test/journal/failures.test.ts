/** What the journal does when the disk fails, is full, or does not answer. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { segmentName } from '../../src/journal/segment.ts';
import { keepEventLoopAlive, turn, until } from '../support/event-loop.ts';
import { createFakeDisk, type FakeDisk, type FsOp } from '../support/fake-fs.ts';
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
} from '../support/fake-journal.ts';

keepEventLoopAlive();

const UNAVAILABLE = { ok: false, reason: 'unavailable' };
const failOnce = (disk: FakeDisk, op: FsOp, code: string) =>
  disk.addRule({ op, path: /\.seg$/, times: 1, fault: { kind: 'error', code } });

describe('a write or a sync that fails', () => {
  for (const op of ['write', 'fdatasync'] as const) {
    it(`${op}: refuses its group, closes the segment and opens another`, async () => {
      const disk = createFakeDisk(seeded(1));
      const journal = await openOn(disk);
      await accept(journal, 'a');
      failOnce(disk, op, 'EIO');
      assert.deepEqual(await journal.append([record('b')]), UNAVAILABLE);
      const opens = disk.calls.filter((call) => call.op === 'open' && call.path.endsWith('.seg')).length;
      await accept(journal, 'c');
      assert.equal(
        disk.calls.filter((call) => call.op === 'open' && call.path.endsWith('.seg')).length,
        opens + 1,
      );
      assert.deepEqual(await readAll(await journal.cursor('log')), ['a', 'c']);
      assert.deepEqual(journal.state(), { kind: 'open' });
    });
  }

  it('is never tried again on the same file', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a');
    const failed = join(DIR, segmentName(0));
    failOnce(disk, 'fdatasync', 'EIO');
    await journal.append([record('b')]);
    disk.calls.length = 0;
    await accept(journal, 'c');
    await accept(journal, 'd');
    assert.ok(
      !disk.calls.some((call) => call.path === failed && (call.op === 'write' || call.op === 'fdatasync')),
    );
  });

  it('keeps what was accepted before and after it through a power cut', async () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const disk = createFakeDisk(seeded(seed));
      const journal = await openOn(disk);
      await accept(journal, 'a');
      failOnce(disk, 'fdatasync', 'EIO');
      await journal.append([record('b')]);
      await accept(journal, 'c');
      disk.cutPower();
      const texts = await readAll(await (await openOn(disk)).cursor('log'));
      // What was refused may come all the same: its sender comes again with the same event id.
      assert.deepEqual(
        texts.filter((text) => text !== 'b'),
        ['a', 'c'],
      );
    }
  });

  it('accepts after short writes', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    disk.addRule({ op: 'write', fault: { kind: 'short' } });
    await accept(journal, 'a'.repeat(200), 'b');
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a'.repeat(200), 'b']);
  });

  it('refuses while no file can be begun, and accepts again when the disk is back', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a');
    const repair = disk.addRule({ op: 'fdatasync', path: /\.seg$/, fault: { kind: 'error', code: 'EIO' } });
    assert.deepEqual(await journal.append([record('b')]), UNAVAILABLE);
    assert.deepEqual(await journal.append([record('c')]), UNAVAILABLE);
    const state = journal.state();
    assert.ok(state.kind === 'unavailable');
    assert.match(state.reason, /EIO/);
    assert.deepEqual(await journal.append([record('d')]), UNAVAILABLE);
    repair();
    await until(() => journal.state().kind === 'open', 'the journal has tried again');
    await accept(journal, 'e');
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a', 'e']);
  });

  it('does not call a disk good that takes a file and cannot sync it', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    disk.addRule({ op: 'fdatasync', path: /\.seg$/, fault: { kind: 'error', code: 'EIO' } });
    await journal.append([record('a')]);
    await journal.append([record('b')]);
    const begun = () => disk.calls.filter((call) => call.op === 'open' && call.path.endsWith('.seg')).length;
    const before = begun();
    const kinds = new Set<string>();
    await until(() => {
      kinds.add(journal.state().kind);
      return begun() > before + 3;
    }, 'it has tried again');
    assert.deepEqual([...kinds], ['unavailable']);
  });

  it('is not held up by a file that an attempt has left behind', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a');
    disk.kill();
    disk.addRule({ op: 'syncDir', path: /journal$/, times: 1, fault: { kind: 'error', code: 'EIO' } });
    disk.addRule({ op: 'unlink', fault: { kind: 'error', code: 'EIO' } });
    const journal = await openOn(disk);
    assert.equal(journal.state().kind, 'unavailable');
    await until(() => journal.state().kind === 'open', 'it has tried again');
    await accept(journal, 'b');
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a', 'b']);
  });

  it('opens on a full disk, so that the sinks can read what is there', async () => {
    const disk = createFakeDisk(seeded(1));
    await accept(await openOn(disk), 'a');
    disk.kill();
    disk.setCapacity(1);
    const journal = await openOn(disk);
    assert.equal(journal.state().kind, 'unavailable');
    assert.deepEqual(await journal.append([record('b')]), UNAVAILABLE);
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a']);
    disk.setCapacity(Number.POSITIVE_INFINITY);
    await until(() => journal.state().kind === 'open', 'the journal has tried again');
    await accept(journal, 'b');
  });

  it('leaves nothing to read, to wait for or to report behind the gap in the offsets', async () => {
    const disk = createFakeDisk(seeded(1));
    const deps = fakeDeps(disk);
    const journal = await openOn(disk, {}, deps);
    await accept(journal, 'a');
    const mend = disk.addRule({ op: 'write', path: /\.seg$/, fault: { kind: 'error', code: 'EIO' } });
    await journal.append([record('b')]);
    await journal.append([record('c')]);
    mend();
    await until(() => journal.state().kind === 'open', 'an empty segment is begun');
    const cursor = await journal.cursor('log');
    assert.deepEqual(await drain(cursor), ['a']);
    assert.equal(cursor.waiting(), 0);
    assert.deepEqual(cursor.lag(), { events: 0, seconds: 0 });
    assert.deepEqual(deps.damaged, []);
    await accept(journal, 'd');
    assert.equal(cursor.waiting(), 1);
    assert.deepEqual(await drain(cursor), ['d']);
  });

  it('leaves no heap of empty segments on a full disk', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a');
    const used = disk.content(join(DIR, segmentName(0))).length;
    disk.setCapacity(used + 50);
    for (let n = 0; n < 30; n += 1) {
      assert.deepEqual(await journal.append([record('x'.repeat(500))]), UNAVAILABLE);
      await until(() => journal.state().kind === 'open', 'the journal has tried again');
    }
    assert.ok(segmentsOf(disk).length <= 2, segmentsOf(disk).join());
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a']);
  });
});

describe('a disk that hangs', () => {
  const hang = (disk: FakeDisk) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const remove = disk.addRule({ op: 'fdatasync', path: /\.seg$/, fault: { kind: 'hang', until: promise } });
    return () => {
      remove();
      resolve();
    };
  };

  it('lets appends wait, then refuses them, and goes on when it answers', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { appendTimeoutMs: 300 });
    await accept(journal, 'a');
    const release = hang(disk);
    const waiting = [journal.append([record('b')]), journal.append([record('c')])];
    await turn();
    await turn();
    waiting.push(journal.append([record('d')]));
    for (const append of waiting) assert.deepEqual(await append, UNAVAILABLE);
    assert.deepEqual(journal.state(), { kind: 'unavailable', reason: 'the disk does not answer' });
    assert.deepEqual(await journal.append([record('e')]), UNAVAILABLE);
    release();
    await until(() => journal.state().kind === 'open', 'the disk has answered');
    await accept(journal, 'f');
    // The group under way was synced after all; what waited behind it was never written.
    assert.deepEqual(await readAll(await journal.cursor('log')), ['a', 'b', 'c', 'f']);
  });

  it('bounds what waits, and says busy beyond it', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { queueBytes: 1000 });
    const release = hang(disk);
    const first = journal.append([record('a')]);
    await until(() => disk.calls.at(-1)?.op === 'fdatasync', 'the sync has begun');
    const appends = Array.from({ length: 20 }, () => journal.append([record('x'.repeat(88))]));
    const busy = await Promise.all(appends.slice(10));
    assert.ok(busy.every((outcome) => !outcome.ok && outcome.reason === 'busy'));
    release();
    assert.deepEqual(await first, { ok: true });
    assert.ok((await Promise.all(appends.slice(0, 10))).every((outcome) => outcome.ok));
  });

  it('has at most two disk calls in flight, whatever is asked', async () => {
    const disk = createFakeDisk(seeded(1));
    const outputs = ['log', 'kafka', 'postgres'];
    const journal = await openOn(disk, { outputs, segmentBytes: 200 });
    for (let n = 0; n < 20; n += 1) await accept(journal, `record ${n}`);
    const release = hang(disk);
    void journal.append([record('hangs')]);
    const cursors = await Promise.all(outputs.map((name) => journal.cursor(name)));
    const read = await Promise.all(cursors.map((cursor) => drain(cursor)));
    assert.ok(read.every((texts) => texts.length === 20));
    assert.ok(disk.mostAtOnce() <= 2, `${disk.mostAtOnce()}`);
    release();
  });

  it('is waited for when closing, but not for ever, and the lock is not given away meanwhile', async () => {
    const disk = createFakeDisk(seeded(1));
    let released = false;
    const release = () => {
      released = true;
    };
    const takeLock = () => ({ ok: true as const, release });
    const journal = await openOn(disk, { appendTimeoutMs: 300 }, { ...fakeDeps(disk), takeLock });
    hang(disk);
    const append = journal.append([record('a')]);
    await turn();
    await turn();
    await journal.close();
    assert.deepEqual(await append, UNAVAILABLE);
    assert.equal(released, false);
  });
});

describe('JOURNAL_MAX_BYTES', () => {
  it('answers full, until the sinks catch up', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { maxBytes: 4000, segmentBytes: 500 });
    let accepted = 0;
    for (;;) {
      const outcome = await journal.append([record('x'.repeat(100))]);
      if (!outcome.ok) {
        assert.equal(outcome.reason, 'full');
        break;
      }
      accepted += 1;
    }
    assert.ok(accepted > 25 && accepted < 40, `${accepted}`);
    assert.ok(journal.fill() > 0.9 && journal.fill() <= 1);
    assert.ok(journal.stats().bytes <= 4000);
    assert.equal((await drain(await journal.cursor('log'))).length, accepted);
    await until(() => journal.fill() < 0.2, 'segments are removed');
    await accept(journal, 'x');
  });

  it('counts what waits for the disk', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { maxBytes: 1000, segmentBytes: 500 });
    const appends = Array.from({ length: 20 }, () => journal.append([record('x'.repeat(88))]));
    const outcomes = await Promise.all(appends);
    assert.equal(outcomes.filter((outcome) => outcome.ok).length, 9);
  });
});
