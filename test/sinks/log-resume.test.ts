import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogSinkOptions } from '../../src/sinks/log.ts';
import { FOLDER, linesIn, openedLog, PATH, records, rotatedIn, setUpLog } from '../support/fake-log.ts';

describe('what comes again after a crash', () => {
  const crashed = async (options: Partial<LogSinkOptions> = {}) => {
    const { disk, sink } = await openedLog(options);
    const first = await sink.write(records('a', 'b'));
    assert.ok(first.kind === 'ack');
    await sink.write(records('c', 'd'));
    await sink.write(records('e'));
    disk.kill();
    return { ...(await setUpLog(options, disk)), state: first.state };
  };

  it('is not written twice, in whatever batches it comes', async () => {
    for (const batches of [[['c', 'd', 'e', 'f']], [['c'], ['d', 'e'], ['f']], [['c', 'd', 'e'], ['f']]]) {
      const { disk, sink, state } = await crashed();
      assert.ok((await sink.open(state)).ok);
      for (const batch of batches) assert.equal((await sink.write(records(...batch))).kind, 'ack');
      assert.deepEqual(linesIn(disk), ['a', 'b', 'c', 'd', 'e', 'f']);
    }
  });

  it('is found in files that were rotated since', async () => {
    const options = { rotateBytes: 25 };
    const { disk, sink, state } = await crashed(options);
    assert.equal(rotatedIn(disk).length, 2);
    assert.ok((await sink.open(state)).ok);
    await sink.write(records('c', 'd', 'e', 'f'));
    const names = [...rotatedIn(disk), 'events.ndjson'];
    assert.deepEqual(
      names.flatMap((name) => linesIn(disk, `${FOLDER}/${name}`)),
      ['a', 'b', 'c', 'd', 'e', 'f'],
    );
  });

  it('says how far it has recognised, so that a second crash finds its place', async () => {
    const { disk, sink, state } = await crashed();
    await sink.open(state);
    const outcome = await sink.write(records('c'));
    assert.deepEqual(outcome, { kind: 'ack', state: { dev: 1, ino: 1, size: 30 } });
    disk.kill();
    const again = await setUpLog({}, disk);
    await again.sink.open(outcome.kind === 'ack' ? outcome.state : null);
    await again.sink.write(records('d', 'e', 'f'));
    assert.deepEqual(linesIn(disk), ['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('is recognised once when the write after it fails', async () => {
    const { disk, sink, state } = await crashed();
    await sink.open(state);
    disk.addRule({ op: 'write', times: 1, fault: { kind: 'error', code: 'EIO' } });
    assert.equal((await sink.write(records('c', 'd', 'e', 'f'))).kind, 'retry');
    await sink.write(records('c'));
    await sink.write(records('d', 'e', 'f'));
    assert.deepEqual(linesIn(disk), ['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('is not removed for its age while it is compared', async () => {
    const options = { rotateBytes: 25, maxAgeMs: 1000 };
    const { disk, sink, state, time } = await crashed(options);
    time.now += 86_400_000;
    await sink.open(state);
    await sink.write(records('c'));
    await sink.write(records('d'));
    await sink.write(records('e'));
    assert.equal(rotatedIn(disk).length, 2);
    await sink.write(records('f'));
    assert.equal(rotatedIn(disk).length, 0);
    assert.deepEqual(linesIn(disk), ['e', 'f']);
  });

  it('replaces what a power cut left of its lines', async () => {
    const { disk, sink, state } = await crashed();
    // Behind the first line after the checkpoint: holes, and a whole line behind them.
    disk.edit(PATH, (bytes) => bytes.fill(0, 33, 39));
    await sink.open(state);
    await sink.write(records('c', 'd', 'e'));
    assert.deepEqual(linesIn(disk), ['a', 'b', 'c', 'd', 'e']);
  });

  it('replaces a hole too where no checkpoint was saved that lines could be compared by', async () => {
    const { disk, sink } = await crashed();
    disk.edit(PATH, (bytes) => bytes.fill(0, 23, 29));
    assert.ok((await sink.open(null)).ok);
    await sink.write(records('c', 'd', 'e'));
    assert.deepEqual(linesIn(disk), ['a', 'b', 'c', 'd', 'e']);
  });

  it('is appended behind lines that nobody expected', async () => {
    const { disk, sink, state } = await crashed();
    await sink.open(state);
    await sink.write(records('x'));
    assert.deepEqual(linesIn(disk), ['a', 'b', 'c', 'd', 'e', 'x']);
  });

  it('is written where the file of the checkpoint is gone', async () => {
    const { disk, sink, state } = await crashed();
    disk.remove(PATH);
    await sink.open(state);
    await sink.write(records('c'));
    assert.deepEqual(linesIn(disk), ['c']);
  });

  it('opens with a state that is none', async () => {
    for (const state of ['text', 7, [], { dev: 1 }, { dev: 1, ino: 1, size: 'x' }]) {
      const { disk, sink } = await openedLog({}, state);
      await sink.write(records('a'));
      assert.deepEqual(linesIn(disk), ['a']);
    }
  });
});
