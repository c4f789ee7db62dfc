/**
 * A process of journal and log sink on the real disk, made to be killed: `node journal-process.ts FOLDER FIRST RATE`.
 * Appends events of rising number, RATE a second, and prints the number of each that was accepted, a line each.
 * With rate 0 it delivers what is left and ends.
 */
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { takeLock } from '../../src/journal/lock.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { sleep } from '../../src/lib/backoff.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { nodeFs } from '../../src/lib/fs.ts';
import { startDelivery } from '../../src/sinks/deliver.ts';
import { createLogSink } from '../../src/sinks/log.ts';

const TICK_MS = 5;
const ignore = () => {};
const NO_METRICS = {
  delivered: ignore,
  failed: ignore,
  deadLetter: ignore,
  batchRecords: ignore,
  flushSeconds: ignore,
};
const [folder = '', first = '0', rate = '0'] = process.argv.slice(2);
const log = { info: () => {}, warn: console.error, error: console.error };
const common = { clock: systemClock, random: Math.random, sleep, log };

const outcome = await openJournal(
  {
    dir: join(folder, 'journal'),
    maxBytes: 8 * 1024 * 1024,
    sync: 'always',
    keepMs: 0,
    outputs: ['log'],
    owner: `pid ${process.pid}`,
  },
  { ...common, fs: nodeFs, takeLock, metrics: { syncSeconds: () => {}, damagedBytes: () => {} } },
);
if (!outcome.ok) throw new Error(outcome.message);
const { journal } = outcome;
const sink = createLogSink(
  { name: 'log', path: join(folder, 'events.ndjson'), rotateBytes: 400_000, backups: 0, maxAgeMs: 0 },
  { fs: nodeFs, clock: systemClock, log },
);
const delivery = startDelivery(
  { batchSize: 100, flushIntervalMs: 250 },
  {
    ...common,
    sink,
    openCursor: () => journal.cursor('log'),
    metrics: NO_METRICS,
  },
);

if (Number(rate) === 0) {
  const { drained } = await delivery.close(20_000);
  await journal.close();
  process.exit(drained ? 0 : 1);
}

let next = Number(first);
const started = performance.now();
setInterval(() => {
  const due = Number(first) + Math.floor(((performance.now() - started) * Number(rate)) / 1000);
  for (; next < due; next += 1) void appendOne(next);
}, TICK_MS);

async function appendOne(n: number): Promise<void> {
  const event = JSON.stringify({ n, filler: 'x'.repeat(500) });
  if ((await journal.append([Buffer.from(event)])).ok) process.stdout.write(`${n}\n`);
}
