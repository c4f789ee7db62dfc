/**
 * What a record costs in the journal, by the size of its group commit, and what the log sink adds.
 *
 *   node bench/journal.ts [FOLDER]
 *
 * CPU time of the whole process (user and system, all its threads), so disk waits do not count; the time column
 * says what the disk allows. Candidates in turn, median of three.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Journal } from '../src/journal/journal.ts';
import { openJournal } from '../src/journal/open-journal.ts';
import { sleep } from '../src/lib/backoff.ts';
import { systemClock } from '../src/lib/clock.ts';
import { nodeFs } from '../src/lib/fs.ts';
import { startDelivery } from '../src/sinks/deliver.ts';
import { createLogSink } from '../src/sinks/log.ts';

const RECORD_BYTES = 900;
const RUNS = 3;
const GROUPS = [1, 10, 100, 1000];
const RECORDS = [2_000, 20_000, 100_000, 100_000];

const record = Buffer.from(JSON.stringify({ event_id: 'x', filler: 'x'.repeat(RECORD_BYTES - 31) }));
const log = { info: () => {}, warn: console.warn, error: console.error };
const common = { clock: systemClock, random: Math.random, sleep, log };
const ignore = () => {};
const NO_METRICS = {
  delivered: ignore,
  failed: ignore,
  deadLetter: ignore,
  batchRecords: ignore,
  flushSeconds: ignore,
};
const parent = process.argv[2] ?? tmpdir();

type Cost = { cpuUs: number; wallUs: number };

async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(parent, 'gotrack-bench-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function open(folder: string): Promise<Journal> {
  const outcome = await openJournal(
    {
      dir: join(folder, 'journal'),
      maxBytes: 2 ** 30,
      sync: 'always',
      keepMs: 0,
      outputs: ['log'],
      owner: 'bench',
    },
    {
      ...common,
      fs: nodeFs,
      takeLock: () => ({ ok: true, release: () => {} }),
      metrics: { syncSeconds: () => {}, damagedBytes: () => {} },
    },
  );
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.journal;
}

async function measured(records: number, work: () => Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuUs: (user + system) / records, wallUs: ((performance.now() - started) * 1000) / records };
}

/** Groups of `group` appends of one record each, as that many requests would make them. */
async function appendAll(journal: Journal, group: number, records: number): Promise<void> {
  for (let done = 0; done < records; done += group) {
    const appends = Array.from({ length: group }, () => journal.append([record]));
    for (const outcome of await Promise.all(appends)) if (!outcome.ok) throw new Error(outcome.reason);
  }
}

const appending = (group: number, records: number) =>
  withFolder(async (folder) => {
    const journal = await open(folder);
    await appendAll(journal, group, Math.min(records, 5000));
    const cost = await measured(records, () => appendAll(journal, group, records));
    await journal.close();
    return cost;
  });

/** Delivering a journal that is full of records into a log file. */
const delivering = (records: number) =>
  withFolder(async (folder) => {
    const journal = await open(folder);
    await appendAll(journal, 1000, records);
    const sink = createLogSink(
      { name: 'log', path: join(folder, 'events.ndjson'), rotateBytes: 0, backups: 0, maxAgeMs: 0 },
      { fs: nodeFs, clock: systemClock, log },
    );
    const cost = await measured(records, async () => {
      const delivery = startDelivery(
        { batchSize: 100, flushIntervalMs: 250 },
        {
          ...common,
          sink,
          openCursor: () => journal.cursor('log'),
          metrics: NO_METRICS,
        },
      );
      while (delivery.status().lag_events !== 0) await sleepAlive(1);
      await delivery.close(10_000);
    });
    await journal.close();
    return cost;
  });

/** Opening a journal of that many records again, after a crash. */
const starting = (records: number) =>
  withFolder(async (folder) => {
    const journal = await open(folder);
    await appendAll(journal, 1000, records);
    const cost = await measured(1, async () => void (await open(folder)));
    await journal.close();
    return cost;
  });

const sleepAlive = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function median(name: string, run: () => Promise<Cost>): Promise<void> {
  const costs: Cost[] = [];
  for (let n = 0; n < RUNS; n += 1) costs.push(await run());
  const middle = (pick: (cost: Cost) => number) =>
    costs.map(pick).sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
  const cells = [middle((cost) => cost.cpuUs), middle((cost) => cost.wallUs)].map((us) =>
    us.toFixed(2).padStart(14),
  );
  console.log(`${name.padEnd(44)}${cells.join('')}`);
}

console.log(
  `${`records of ${record.length} bytes`.padEnd(44)}${'CPU µs each'.padStart(14)}${'time µs each'.padStart(14)}`,
);
for (const [index, group] of GROUPS.entries()) {
  await median(`append, groups of ${group}`, () => appending(group, RECORDS[index]!));
}
await median('deliver to the log file', () => delivering(100_000));
await median('start with 450 MB, all of it', () => starting(500_000));
process.exit(0);
