import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FOLDER, linesIn, openedLog, PATH, records, rotatedIn, setUpLog } from '../support/fake-log.ts';

describe('lines', () => {
  it('are one event each, durable when acked', async () => {
    const { disk, sink } = await openedLog();
    const outcome = await sink.write(records('a', 'b'));
    assert.deepEqual(outcome, { kind: 'ack', state: { dev: 1, ino: 1, size: 20 } });
    disk.cutPower();
    assert.equal(disk.content(PATH).toString(), '{"e":"a"}\n{"e":"b"}\n');
  });

  it('are refused when an event would be two', async () => {
    const { disk, sink } = await openedLog();
    const outcome = await sink.write([...records('a'), Buffer.from('{\n}'), ...records('c')]);
    assert.ok(outcome.kind === 'refused');
    assert.deepEqual(outcome.refusals, [{ index: 1, reason: 'line-feed' }]);
    assert.deepEqual(linesIn(disk), ['a', 'c']);
  });

  it('are whole after a disk that was full, and there once when it has room again', async () => {
    const { disk, sink } = await openedLog();
    await sink.write(records('a'));
    disk.setCapacity(15);
    const outcome = await sink.write(records('b', 'c'));
    assert.ok(outcome.kind === 'retry');
    assert.match(outcome.detail, /LOG_PATH .*events\.ndjson: ENOSPC/);
    assert.equal(disk.content(PATH).toString(), '{"e":"a"}\n');
    disk.setCapacity(1000);
    assert.equal((await sink.write(records('b', 'c'))).kind, 'ack');
    assert.deepEqual(linesIn(disk), ['a', 'b', 'c']);
  });

  it('are whole although the undoing failed too', async () => {
    const { disk, sink } = await openedLog();
    await sink.write(records('a'));
    disk.addRule({ op: 'truncate', times: 1, fault: { kind: 'error', code: 'EIO' } });
    disk.addRule({ op: 'fdatasync', times: 1, fault: { kind: 'error', code: 'EIO' } });
    assert.equal((await sink.write(records('b'))).kind, 'retry');
    assert.equal((await sink.write(records('b'))).kind, 'ack');
    assert.deepEqual(linesIn(disk), ['a', 'b']);
  });

  it('are written in full through short writes', async () => {
    const { disk, sink } = await openedLog();
    disk.addRule({ op: 'write', times: 5, fault: { kind: 'short' } });
    assert.equal((await sink.write(records('a', 'b', 'c'))).kind, 'ack');
    assert.deepEqual(linesIn(disk), ['a', 'b', 'c']);
  });

  it('follow the last whole line when a crash left a torn one', async () => {
    const { disk, sink } = await openedLog();
    await sink.write(records('a'));
    disk.kill();
    disk.edit(PATH, (bytes) => Buffer.concat([bytes, Buffer.from('{"e":"to')]));
    const again = await setUpLog({}, disk);
    await again.sink.open(null);
    await again.sink.write(records('b'));
    assert.deepEqual(linesIn(disk), ['a', 'b']);
  });

  it('follow the last whole line of a file whose torn end is longer than one read', async () => {
    const { disk, sink } = await openedLog();
    await sink.write(records('a'));
    disk.kill();
    disk.edit(PATH, (bytes) => Buffer.concat([bytes, Buffer.alloc(200_000, '{')]));
    const again = await setUpLog({}, disk);
    await again.sink.open(null);
    assert.equal(disk.content(PATH).length, 10);
  });

  it('never go into a file that is none of ours', async () => {
    const parts = await setUpLog();
    await parts.disk.fs().open(PATH, 'wx+');
    parts.disk.edit(PATH, () => Buffer.from('PORT=80\nHOST=x'));
    const outcome = await parts.sink.open(null);
    assert.ok(!outcome.ok);
    assert.match(outcome.detail, /is no log of events/);
    assert.equal(parts.disk.content(PATH).toString(), 'PORT=80\nHOST=x');
  });
});

describe('a path that cannot be written', () => {
  it('is named, with the reason, and tried again', async () => {
    const { disk, sink } = await setUpLog();
    const mend = disk.addRule({ op: 'open', path: /ndjson/, fault: { kind: 'error', code: 'EACCES' } });
    const outcome = await sink.open(null);
    assert.deepEqual(outcome, { ok: false, detail: `LOG_PATH ${PATH}: EACCES: ${PATH}` });
    assert.deepEqual(await sink.probe(), outcome);
    mend();
    assert.ok((await sink.open(null)).ok);
    assert.deepEqual(await sink.probe(), { ok: true });
  });
});

describe('rotation', () => {
  it('begins a new file before one grows beyond its size, and names the old one by time', async () => {
    const { disk, sink } = await openedLog({ rotateBytes: 25 });
    await sink.write(records('a', 'b'));
    await sink.write(records('c'));
    assert.deepEqual(rotatedIn(disk), ['events-20261121T120000.000Z.ndjson']);
    assert.deepEqual(linesIn(disk, `${FOLDER}/events-20261121T120000.000Z.ndjson`), ['a', 'b']);
    assert.deepEqual(linesIn(disk), ['c']);
  });

  it('never overwrites a rotated file, and keeps their order, whatever the clock does', async () => {
    const { disk, sink, time } = await openedLog({ rotateBytes: 10 });
    for (const text of ['a', 'b', 'c']) await sink.write(records(text));
    time.now -= 3_600_000;
    await sink.write(records('d'));
    const names = rotatedIn(disk);
    assert.equal(names.length, 3);
    assert.deepEqual(
      names.map((name) => linesIn(disk, `${FOLDER}/${name}`)[0]),
      ['a', 'b', 'c'],
    );
  });

  it('keeps LOG_BACKUPS files, and all of them with 0', async () => {
    for (const [backups, kept] of [
      [2, 2],
      [0, 5],
    ] as const) {
      const { disk, sink } = await openedLog({ rotateBytes: 10, backups });
      for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) await sink.write(records(text));
      assert.equal(rotatedIn(disk).length, kept);
      assert.deepEqual(linesIn(disk, `${FOLDER}/${rotatedIn(disk).at(-1)}`), ['e']);
    }
  });

  it('removes what is older than LOG_MAX_AGE_DAYS, without a rotation too', async () => {
    const { disk, sink, time } = await openedLog({ rotateBytes: 10, maxAgeMs: 86_400_000 });
    for (const text of ['a', 'b']) await sink.write(records(text));
    assert.equal(rotatedIn(disk).length, 1);
    time.now += 86_400_001;
    time.monotonic += 3_600_000;
    await sink.write(records('c'));
    assert.deepEqual(
      rotatedIn(disk).map((name) => linesIn(disk, `${FOLDER}/${name}`)[0]),
      ['b'],
    );
  });

  it('leaves files of other names alone', async () => {
    const { disk, sink } = await openedLog({ rotateBytes: 10, backups: 1 });
    for (const name of ['events-backup.ndjson', 'other-20200101T000000.000Z.ndjson']) {
      await disk.fs().open(`${FOLDER}/${name}`, 'wx+');
    }
    for (const text of ['a', 'b', 'c', 'd']) await sink.write(records(text));
    assert.equal(rotatedIn(disk).length, 3);
  });

  it('that fails keeps nobody from writing', async () => {
    const { disk, sink, log } = await openedLog({ rotateBytes: 10 });
    disk.addRule({ op: 'rename', times: 1, fault: { kind: 'error', code: 'EACCES' } });
    for (const text of ['a', 'b', 'c']) assert.equal((await sink.write(records(text))).kind, 'ack');
    assert.deepEqual(linesIn(disk), ['a', 'b', 'c']);
    assert.equal(log.lines.filter((line) => line.level === 'warn').length, 1);
  });
});

describe('somebody else at the file', () => {
  it('reopens on demand, as logrotate asks for with SIGHUP', async () => {
    const { disk, sink } = await openedLog();
    await sink.write(records('a'));
    await disk.fs().rename(PATH, `${FOLDER}/events.ndjson.1`);
    await sink.reopen();
    await sink.write(records('b'));
    assert.deepEqual(linesIn(disk), ['b']);
    assert.deepEqual(linesIn(disk, `${FOLDER}/events.ndjson.1`), ['a']);
  });

  it('notices within a second that the file was moved or removed', async () => {
    const { disk, sink, time } = await openedLog();
    await sink.write(records('a'));
    disk.remove(PATH);
    time.monotonic += 1000;
    await sink.write(records('b'));
    assert.deepEqual(linesIn(disk), ['b']);
  });

  it('goes on in a file that was emptied in place', async () => {
    const { disk, sink, time } = await openedLog();
    await sink.write(records('a', 'b', 'c'));
    disk.edit(PATH, () => Buffer.alloc(0));
    time.monotonic += 1000;
    await sink.write(records('d'));
    disk.setCapacity(15);
    assert.equal((await sink.write(records('e'))).kind, 'retry');
    assert.equal(disk.content(PATH).toString(), '{"e":"d"}\n');
  });
});

describe('a file that was emptied in place a moment ago', () => {
  it('is not filled up with holes when a write fails', async () => {
    const { disk, sink } = await openedLog();
    await sink.write(records('a', 'b', 'c'));
    disk.edit(PATH, () => Buffer.alloc(0));
    disk.addRule({ op: 'fdatasync', times: 1, fault: { kind: 'error', code: 'EIO' } });
    assert.equal((await sink.write(records('d'))).kind, 'retry');
    assert.ok(disk.content(PATH).length <= 10);
    await sink.write(records('d'));
    assert.ok(!disk.content(PATH).includes(0));
  });
});
