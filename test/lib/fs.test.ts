/** The seam on the machine's own disk: what the fakes imitate. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  errorCode,
  type Fs,
  makeDurableDir,
  nodeFs,
  oneAtATime,
  readUpTo,
  writeAll,
} from '../../src/lib/fs.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
after(folder.remove);
const at = (name: string) => join(folder.path, name);

describe('nodeFs', () => {
  it('writes, reads, cuts, syncs and stats by descriptor', async () => {
    const fd = await nodeFs.open(at('a'), 'wx+');
    await writeAll(nodeFs, { fd, position: 0 }, Buffer.from('hello world'));
    await nodeFs.truncate(fd, 5);
    await nodeFs.fdatasync(fd);
    assert.equal(String(await readUpTo(nodeFs, { fd, position: 1 }, 100)), 'ello');
    const stat = await nodeFs.fstat(fd);
    assert.equal(stat.size, 5);
    assert.equal(stat.ino, (await nodeFs.stat(at('a'))).ino);
    await nodeFs.close(fd);
    assert.equal(statSync(at('a')).mode & 0o777, 0o600, 'events are for their owner');
  });

  it('appends, whatever the position, to a file that it creates', async () => {
    const fd = await nodeFs.open(at('log'), 'a+');
    await writeAll(nodeFs, { fd, position: 0 }, Buffer.from('one '));
    await writeAll(nodeFs, { fd, position: 0 }, Buffer.from('two'));
    assert.equal(String(await readUpTo(nodeFs, { fd, position: 0 }, 100)), 'one two');
    await nodeFs.close(fd);
  });

  it('makes, lists, renames and removes, and syncs folders', async () => {
    await makeDurableDir(nodeFs, at('x/y/z'));
    await makeDurableDir(nodeFs, at('x/y/z'));
    await nodeFs.close(await nodeFs.open(at('x/y/z/b'), 'wx+'));
    await nodeFs.rename(at('x/y/z/b'), at('x/y/z/c'));
    await nodeFs.syncDir(at('x/y/z'));
    assert.deepEqual(await nodeFs.readdir(at('x/y/z')), ['c']);
    await nodeFs.unlink(at('x/y/z/c'));
    assert.deepEqual(await nodeFs.readdir(at('x/y/z')), []);
  });

  it("rejects with the system's code", async () => {
    await assert.rejects(nodeFs.open(at('none'), 'r'), { code: 'ENOENT' });
    await assert.rejects(nodeFs.open(at('a'), 'wx+'), { code: 'EEXIST' });
    await assert.rejects(nodeFs.unlink(at('none')), { code: 'ENOENT' });
    await assert.rejects(nodeFs.syncDir(at('none')), { code: 'ENOENT' });
    assert.equal(errorCode(await nodeFs.stat(at('none')).catch((error) => error)), 'ENOENT');
    assert.equal(errorCode(new Error('x')), undefined);
  });
});

describe('writeAll', () => {
  const chunky = (sizes: number[]) => {
    const written: string[] = [];
    const write = async (_fd: number, bytes: Buffer, position: number) => {
      const size = Math.min(bytes.length, sizes.shift() ?? 0);
      written.push(`${position}:${bytes.subarray(0, size)}`);
      return size;
    };
    return { fsys: { ...nodeFs, write }, written };
  };

  it('goes on after short writes', async () => {
    const { fsys, written } = chunky([2, 1, 10]);
    await writeAll(fsys, { fd: 1, position: 100 }, Buffer.from('abcdef'));
    assert.deepEqual(written, ['100:ab', '102:c', '103:def']);
  });

  it('does not go on for ever when nothing is written', async () => {
    const { fsys } = chunky([2, 0]);
    await assert.rejects(writeAll(fsys, { fd: 1, position: 0 }, Buffer.from('abcdef')));
  });
});

describe('oneAtATime', () => {
  it('has one call in flight, of all kinds together', async () => {
    let inFlight = 0;
    let most = 0;
    const counted = Object.fromEntries(
      Object.entries(nodeFs).map(([name, call]) => [
        name,
        async (...args: unknown[]) => {
          inFlight += 1;
          most = Math.max(most, inFlight);
          try {
            return await (call as (...args: unknown[]) => Promise<unknown>)(...args);
          } finally {
            inFlight -= 1;
          }
        },
      ]),
    ) as Fs;
    const fsys = oneAtATime(counted);
    const fd = await fsys.open(at('lane'), 'wx+');
    await Promise.all([
      fsys.write(fd, Buffer.from('x'), 0),
      fsys.fdatasync(fd),
      fsys.read(fd, Buffer.alloc(1), 0),
      fsys.truncate(fd, 0),
      fsys.fstat(fd),
      fsys.stat(at('lane')),
      fsys.readdir(folder.path),
      fsys.mkdir(at('lane-folder')),
      fsys.syncDir(folder.path),
      fsys.rename(at('lane'), at('lane2')),
      fsys.unlink(at('lane2')),
      fsys.close(fd),
    ]);
    assert.equal(most, 1);
  });
});
