/** Journal, delivery and log over a restart: what a checkpoint that came too late could break. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../src/lib/clock.ts';
import { makeDurableDir } from '../../src/lib/fs.ts';
import { createLogSink } from '../../src/sinks/log.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createFakeDisk, type FakeDisk } from '../support/fake-fs.ts';
import { accept, createTestLog, openOn, seeded } from '../support/fake-journal.ts';
import { deliver } from '../support/fake-sink.ts';

keepEventLoopAlive();

const PATH = '/var/log/events.ndjson';
const event = (n: number) => JSON.stringify({ n });
const linesIn = (disk: FakeDisk) => disk.content(PATH).toString().split('\n').slice(0, -1);

async function start(disk: FakeDisk) {
  await makeDurableDir(disk.fs(), '/var/log');
  // So late that none but the first checkpoint is saved before the crash.
  const journal = await openOn(disk, { checkpointMs: 60_000 });
  const sink = createLogSink(
    { name: 'log', path: PATH, rotateBytes: 0, backups: 0, maxAgeMs: 0 },
    { fs: disk.fs(), clock: systemClock, log: createTestLog() },
  );
  return { journal, delivery: deliver(journal, sink).delivery };
}

it('writes nothing twice when the process is killed before its first checkpoint of an ack', async () => {
  const disk = createFakeDisk(seeded(1));
  const first = await start(disk);
  await accept(first.journal, event(1), event(2));
  await until(() => first.delivery.status().lag_events === 0, 'it is delivered');
  disk.kill();
  const second = await start(disk);
  await accept(second.journal, event(3));
  assert.deepEqual(await second.delivery.close(10_000), { drained: true });
  assert.deepEqual(linesIn(disk), [event(1), event(2), event(3)]);
});

it('syncs lines that a killed process had only written before it counts on them', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const disk = createFakeDisk(seeded(seed));
    const first = await start(disk);
    await until(() => first.delivery.status().state === 'ok', 'the log is open');
    const { promise } = Promise.withResolvers<void>();
    const mend = disk.addRule({ op: 'fdatasync', path: /ndjson/, fault: { kind: 'hang', until: promise } });
    await accept(first.journal, event(1));
    await until(() => linesIn(disk).length === 1, 'it is written');
    mend();
    disk.kill();
    const second = await start(disk);
    assert.deepEqual(await second.delivery.close(10_000), { drained: true });
    await second.journal.close();
    disk.cutPower();
    assert.deepEqual(linesIn(disk), [event(1)]);
  }
});
