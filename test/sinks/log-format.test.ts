/** A log whose lines are not the records themselves. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { toEcsRecord } from '../../src/event/ecs.ts';
import { type Envelope, SCHEMA } from '../../src/event/envelope.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { makeDurableDir } from '../../src/lib/fs.ts';
import { createLogSink } from '../../src/sinks/log.ts';
import { createStdoutSink } from '../../src/sinks/stdout.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createFakeDisk, type FakeDisk } from '../support/fake-fs.ts';
import { accept, createTestLog, openOn, seeded } from '../support/fake-journal.ts';
import { deliver } from '../support/fake-sink.ts';

keepEventLoopAlive();

const PATH = '/var/log/events.ndjson';
const AT = '2026-11-21T10:00:00.000Z';
const event = (event_id: string): Envelope => ({
  ...{ event_id, timestamp: AT, type: 'pageview', server: { received_at: AT }, schema: SCHEMA },
});
const idsIn = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).event.id);

async function start(disk: FakeDisk) {
  await makeDurableDir(disk.fs(), '/var/log');
  const journal = await openOn(disk, { checkpointMs: 60_000 });
  const sink = createLogSink(
    { name: 'log', path: PATH, rotateBytes: 0, backups: 0, maxAgeMs: 0, format: toEcsRecord },
    { fs: disk.fs(), clock: systemClock, log: createTestLog() },
  );
  return { journal, delivery: deliver(journal, sink).delivery };
}

it('has the lines of LOG_FORMAT=ecs, and none twice after a crash that came before the checkpoint', async () => {
  const disk = createFakeDisk(seeded(1));
  const first = await start(disk);
  await accept(first.journal, JSON.stringify(event('a')), JSON.stringify(event('b')));
  await until(() => first.delivery.status().lag_events === 0, 'it is delivered');
  disk.kill();
  const second = await start(disk);
  await accept(second.journal, JSON.stringify(event('c')));
  assert.deepEqual(await second.delivery.close(10_000), { drained: true });
  assert.deepEqual(idsIn(disk.content(PATH).toString()), ['a', 'b', 'c']);
});

it('has them on standard output too', async () => {
  let text = '';
  const sink = createStdoutSink(
    'log',
    (bytes, done) => {
      text += bytes;
      done();
    },
    toEcsRecord,
  );
  assert.deepEqual(await sink.write([Buffer.from(JSON.stringify(event('a')))]), { kind: 'ack' });
  assert.deepEqual(idsIn(text), ['a']);
});
