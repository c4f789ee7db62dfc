import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/lib/backoff.ts';
import { makeDurableDir } from '../../src/lib/fs.ts';
import { type FollowOptions, followLog } from '../../src/sinks/follow-log.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createFakeDisk, type FakeDisk } from '../support/fake-fs.ts';
import { seeded } from '../support/fake-journal.ts';
import { FOLDER, openedLog, PATH, records } from '../support/fake-log.ts';

keepEventLoopAlive();

function follow(disk: FakeDisk, options: Partial<FollowOptions> = {}) {
  const seen: string[] = [];
  const stopping = new AbortController();
  const running = (async () => {
    const all = { path: PATH, from: { kind: 'last', lines: 1000 } as const, pollMs: 1, ...options };
    for await (const line of followLog(all, { fs: disk.fs(), sleep, stop: stopping.signal }))
      seen.push(JSON.parse(line.toString()).e);
  })();
  return {
    seen,
    ended: running,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

describe('who follows the log', () => {
  it('sees each line once and in order, through every rotation', async () => {
    const { disk, sink, time } = await openedLog({ rotateBytes: 60, backups: 0 });
    const { seen, stop } = follow(disk);
    for (let n = 0; n < 60; n += 3) {
      time.now += 1000;
      assert.equal((await sink.write(records(...names(n, n + 3)))).kind, 'ack');
      if (n % 12 === 0) await until(() => seen.length > n, 'it has come so far');
    }
    await until(() => seen.length === 60, 'it has seen all');
    assert.deepEqual(seen, names(0, 60));
    await stop();
  });

  it('goes on when somebody else has moved the file away, and when it was emptied in place', async () => {
    const { disk, sink } = await openedLog();
    const { seen, stop } = follow(disk);
    await sink.write(records('a'));
    await disk.fs().rename(PATH, `${FOLDER}/old.1`);
    await sink.write(records('b')); // into the file that was moved: the sink has not looked yet
    await sink.reopen();
    await sink.write(records('a long line'));
    await until(() => seen.length === 3, 'it follows to the new file');
    const fd = await disk.fs().open(PATH, 'r+');
    await disk.fs().truncate(fd, 0);
    await sink.reopen();
    await sink.write(records('d'));
    await until(() => seen.length === 4, 'it begins anew');
    assert.deepEqual(seen, ['a', 'b', 'a long line', 'd']);
    await stop();
  });

  it('shows no half line, and the line that took the place of a torn one', async () => {
    const { disk, sink } = await openedLog();
    await sink.write(records('a'));
    const fd = await disk.fs().open(PATH, 'r+');
    const torn = '{"e":"a line that was torn when its writer was killed';
    const { size } = await disk.fs().stat(PATH);
    await disk.fs().write(fd, Buffer.from(torn), size);
    const { seen, stop } = follow(disk);
    await until(() => seen.length === 1, 'it is at the torn line');
    await disk.fs().truncate(fd, size);
    await disk.fs().write(fd, Buffer.from('{"e":"b"}\n'), size);
    await until(() => seen.length === 2, 'it has read on');
    assert.deepEqual(seen, ['a', 'b']);
    await stop();
  });

  it('waits for a file that is not there yet', async () => {
    const disk = createFakeDisk(seeded(1));
    await makeDurableDir(disk.fs(), FOLDER);
    const { seen, stop } = follow(disk);
    const fd = await disk.fs().open(PATH, 'a+');
    await disk.fs().write(fd, Buffer.from('{"e":"a"}\n'), 0);
    await until(() => seen.length === 1, 'it is there');
    await stop();
  });

  it('begins with the last lines', async () => {
    const { disk, sink } = await openedLog();
    await sink.write(records(...names(0, 20)));
    for (const [lines, expected] of [
      [0, []],
      [1, ['19']],
      [3, ['17', '18', '19']],
      [20, names(0, 20)],
      [21, names(0, 20)],
    ] as const) {
      const { seen, ended } = follow(disk, { from: { kind: 'last', lines }, pollMs: null });
      await ended;
      assert.deepEqual(seen, expected, `${lines} lines`);
    }
  });

  it('begins with the first file that may hold what is asked for', async () => {
    const { disk, sink, time } = await openedLog({ rotateBytes: 25, backups: 0 });
    const moments: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      moments.push(time.now);
      await sink.write(records(`${n}`));
      time.now += 60_000;
    }
    const { seen, ended } = follow(disk, { from: { kind: 'since', ms: moments[5]! }, pollMs: null });
    await ended;
    assert.ok(seen.includes('5') && !seen.includes('0'), `${seen}`);
    assert.deepEqual(seen, names(8 - seen.length, 8));
  });
});
