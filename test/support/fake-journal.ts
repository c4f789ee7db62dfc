/** A journal on a fake disk, with production's code and small sizes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Cursor } from '../../src/journal/cursor.ts';
import type { Journal, JournalDeps, JournalOptions } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { segmentName } from '../../src/journal/segment.ts';
import { sleep } from '../../src/lib/backoff.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createFakeDisk, type FakeDisk } from './fake-fs.ts';

export const DIR = '/var/journal';
export const SMALL: JournalOptions = {
  dir: DIR,
  maxBytes: 1_000_000,
  sync: 'always',
  keepMs: 0,
  outputs: ['log'],
  owner: 'test',
  segmentBytes: 1000,
  commitBytes: 4096,
  checkpointMs: 0,
  backoff: { baseMs: 1, maxMs: 2 },
};

export type LogLine = { level: 'info' | 'warn' | 'error'; facts: object; text: string };

export function createTestLog() {
  const lines: LogLine[] = [];
  const at = (level: LogLine['level']) => (facts: object, text: string) =>
    void lines.push({ level, facts, text });
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

export function fakeDeps(
  disk: FakeDisk,
): JournalDeps & { log: ReturnType<typeof createTestLog>; damaged: number[] } {
  const damaged: number[] = [];
  return {
    fs: disk.fs(),
    clock: systemClock,
    random: () => 0.5,
    sleep,
    log: createTestLog(),
    takeLock: () => ({ ok: true, release: () => {} }),
    metrics: { syncSeconds: () => {}, damagedBytes: (bytes) => void damaged.push(bytes) },
    damaged,
  };
}

export async function openOn(
  disk: FakeDisk,
  options: Partial<JournalOptions> = {},
  deps: JournalDeps = fakeDeps(disk),
): Promise<Journal> {
  const outcome = await openJournal({ ...SMALL, ...options }, deps);
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.message);
  return outcome.journal;
}

/** The first segment of a journal. */
export const FIRST = join(DIR, segmentName(0));

export const segmentsOf = (disk: FakeDisk) => disk.list(DIR).filter((name) => name.endsWith('.seg'));

/** Runs a body on disks that differ in what a power cut leaves of them. */
export async function withLuck(body: (disk: FakeDisk) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= 20; seed += 1) await body(createFakeDisk(seeded(seed)));
}

export const record = (text: string) => Buffer.from(text);

/** Appends texts in one call and expects them to be accepted. */
export async function accept(journal: Journal, ...texts: string[]): Promise<void> {
  assert.deepEqual(await journal.append(texts.map(record)), { ok: true });
}

/** Everything that can be read now, without committing it. */
export async function readAll(cursor: Cursor): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const chunk = await cursor.read({ maxRecords: 7, maxBytes: 500 });
    if (chunk === null) return texts;
    texts.push(...chunk.records.map(String));
  }
}

/** Reads everything and commits it durably. */
export async function drain(cursor: Cursor, state: unknown = null): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const chunk = await cursor.read({ maxRecords: 7, maxBytes: 500 });
    if (chunk === null) break;
    texts.push(...chunk.records.map(String));
    cursor.commit(chunk.next, state);
  }
  assert.ok(await cursor.flush());
  return texts;
}

/** Numbers in [0, 1) from a seed: the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
