/** A log sink on a fake disk, with a clock that a test moves. */
import assert from 'node:assert/strict';
import { makeDurableDir } from '../../src/lib/fs.ts';
import { createLogSink, type LogSinkOptions } from '../../src/sinks/log.ts';
import { createFakeDisk, type FakeDisk } from './fake-fs.ts';
import { createTestLog, seeded } from './fake-journal.ts';

export const FOLDER = '/var/log';
export const PATH = `${FOLDER}/events.ndjson`;
const NOON = Date.UTC(2026, 10, 21, 12);

export const records = (...texts: string[]) => texts.map((text) => Buffer.from(`{"e":"${text}"}`));
export const linesIn = (disk: FakeDisk, path = PATH) =>
  disk
    .content(path)
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).e);
export const rotatedIn = (disk: FakeDisk) => disk.list(FOLDER).filter((name) => name !== 'events.ndjson');

export async function setUpLog(options: Partial<LogSinkOptions> = {}, disk = createFakeDisk(seeded(1))) {
  await makeDurableDir(disk.fs(), FOLDER);
  const time = { now: NOON, monotonic: 0 };
  const clock = { now: () => time.now, monotonic: () => time.monotonic };
  const log = createTestLog();
  const sink = createLogSink(
    { name: 'log', path: PATH, rotateBytes: 0, backups: 10, maxAgeMs: 0, ...options },
    { fs: disk.fs(), clock, log },
  );
  return { disk, sink, time, log };
}

export async function openedLog(options: Partial<LogSinkOptions> = {}, state: unknown = null) {
  const parts = await setUpLog(options);
  assert.ok((await parts.sink.open(state)).ok);
  return parts;
}
