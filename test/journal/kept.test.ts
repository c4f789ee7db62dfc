import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { readKept } from '../../src/journal/kept.ts';
import { keepEventLoopAlive } from '../support/event-loop.ts';
import { createFakeDisk, type FakeDisk } from '../support/fake-fs.ts';
import {
  accept,
  createTestLog,
  DIR,
  drain,
  FIRST,
  fakeDeps,
  openOn,
  seeded,
  segmentsOf,
} from '../support/fake-journal.ts';

keepEventLoopAlive();

const HOUR_MS = 3_600_000;
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${from + i}`.padEnd(90));

async function kept(disk: FakeDisk, sinceMs = 0, log = createTestLog()): Promise<string[]> {
  const texts: string[] = [];
  for await (const records of readKept(DIR, sinceMs, { fs: disk.fs(), log }))
    texts.push(...records.map(String));
  return texts;
}

describe('what a journal keeps', () => {
  it('is read after every sink has had it, in order, and nothing of the folder changes', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { keepMs: HOUR_MS });
    for (const text of numbers(0, 30)) await accept(journal, text);
    await drain(await journal.cursor('log'));
    await journal.close();
    assert.ok(segmentsOf(disk).length > 2, 'several segments');
    const before = disk.list(DIR).map((name) => [name, disk.content(join(DIR, name)).toString('hex')]);
    assert.deepEqual(await kept(disk), numbers(0, 30));
    assert.deepEqual(
      disk.list(DIR).map((name) => [name, disk.content(join(DIR, name)).toString('hex')]),
      before,
    );
  });

  it('is read while the journal is written, up to what is whole on the disk', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a', 'b');
    const { promise, resolve } = Promise.withResolvers<void>();
    const undo = disk.addRule({ op: 'fdatasync', path: /seg$/, fault: { kind: 'hang', until: promise } });
    const appending = journal.append([Buffer.from('c')]);
    undo();
    assert.deepEqual((await kept(disk)).slice(0, 2), ['a', 'b']);
    resolve();
    assert.deepEqual(await appending, { ok: true });
    assert.deepEqual(await kept(disk), ['a', 'b', 'c']);
    await accept(journal, 'd');
    assert.deepEqual(await kept(disk), ['a', 'b', 'c', 'd']);
  });

  it('survives a power cut once it was read', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const disk = createFakeDisk(seeded(seed));
      const journal = await openOn(disk, { sync: 'off' });
      await accept(journal, 'a', 'b');
      const read = await kept(disk);
      disk.cutPower();
      assert.deepEqual(await kept(disk), read);
    }
  });

  it('ends before a torn tail, silently', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a', 'b');
    await journal.close();
    const fsys = disk.fs();
    const fd = await fsys.open(FIRST, 'r+');
    await fsys.truncate(fd, (await fsys.fstat(fd)).size - 1);
    const log = createTestLog();
    assert.deepEqual(await kept(disk, 0, log), ['a']);
    assert.deepEqual(log.lines, []);
  });

  it('goes on behind damage, and says so', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'aaaa', 'bbbb', 'cccc');
    await journal.close();
    const fsys = disk.fs();
    const fd = await fsys.open(FIRST, 'r+');
    const at = disk.content(FIRST).indexOf('bbbb');
    await fsys.write(fd, Buffer.from('X'), at);
    const log = createTestLog();
    assert.deepEqual(await kept(disk, 0, log), ['aaaa', 'cccc']);
    assert.match(log.lines[0]!.text, /damaged span/);
  });

  it('passes over segments that ended before the time asked for', async () => {
    const disk = createFakeDisk(seeded(1));
    let now = 1_000_000;
    const clock = { now: () => now, monotonic: () => now };
    const journal = await openOn(disk, { keepMs: HOUR_MS }, { ...fakeDeps(disk), clock });
    for (const text of numbers(0, 30)) {
      await accept(journal, text);
      now += 1000;
    }
    const since = 1_000_000 + 20_000;
    const texts = await kept(disk, since);
    assert.deepEqual(texts.slice(-10), numbers(20, 30), 'all from that time on');
    assert.ok(texts.length < 30, 'and not all of what came before');
    const last = await kept(disk, now + HOUR_MS);
    assert.ok(last.length > 0 && last.length < 10, 'the last segment has no end');
    assert.deepEqual(last, numbers(30 - last.length, 30));
  });

  it('passes over a segment that is removed while it is read', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk, { keepMs: HOUR_MS });
    for (const text of numbers(0, 30)) await accept(journal, text);
    await journal.close();
    const reading = readKept(DIR, 0, { fs: disk.fs(), log: createTestLog() });
    const first = (await reading.next()).value!;
    const second = segmentsOf(disk)[1]!;
    await disk.fs().unlink(join(DIR, second));
    const rest: string[] = [];
    for await (const records of reading) rest.push(...records.map(String));
    assert.ok(first.length + rest.length < 30);
    assert.deepEqual(rest, numbers(30 - rest.length, 30));
  });

  it('is refused where a later version wrote it', async () => {
    const disk = createFakeDisk(seeded(1));
    const journal = await openOn(disk);
    await accept(journal, 'a');
    await journal.close();
    const newer = Buffer.from(disk.content(FIRST));
    newer.writeUInt32LE(99, 12);
    newer.writeUInt32LE(crc32(newer.subarray(12, 40)), 8);
    const fsys = disk.fs();
    await fsys.write(await fsys.open(FIRST, 'r+'), newer, 0);
    await assert.rejects(kept(disk), /later version \(format 99\)/);
  });
});
