/**
 * The journal against a model: random actions on a disk that fails, loses power and gets damaged, at random places.
 * Whatever happened, a sink that reads on with its checkpoints gets
 * - every record that was answered ok, unless its own bytes were damaged on the disk,
 * - nothing that was never appended, and nothing again that a durable checkpoint says it has,
 * - each run of reading in the order of the appends.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { keepEventLoopAlive, turn } from '../support/event-loop.ts';
import { createFakeDisk, type FakeDisk } from '../support/fake-fs.ts';
import { DIR, fakeDeps, record, SMALL, seeded } from '../support/fake-journal.ts';

keepEventLoopAlive();

type Action =
  | { kind: 'append'; sizes: number[] }
  | { kind: 'append-together'; sizes: number[] }
  | { kind: 'read'; records: number; commit: boolean; flush: boolean }
  | { kind: 'fail'; op: 'write' | 'fdatasync' | 'open' | 'truncate' | 'syncDir' | 'unlink'; times: number }
  | { kind: 'short' }
  | { kind: 'die'; calls: number; how: 'kill' | 'cut-power' }
  | { kind: 'kill' }
  | { kind: 'cut-power' }
  | { kind: 'damage'; place: number; bytes: number };

const size = fc.integer({ min: 1, max: 60 });
const restart = fc.constantFrom('kill' as const, 'cut-power' as const);
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        sizes: fc.array(size, { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('append-together' as const),
        sizes: fc.array(size, { minLength: 1, maxLength: 6 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        records: fc.integer({ min: 1, max: 8 }),
        commit: fc.boolean(),
        flush: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('fail' as const),
        op: fc.constantFrom('write', 'fdatasync', 'open', 'truncate', 'syncDir', 'unlink'),
        times: fc.integer({ min: 1, max: 3 }),
      }) as fc.Arbitrary<Action>,
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('short' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('die' as const),
        calls: fc.integer({ min: 0, max: 14 }),
        how: restart,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: restart }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('damage' as const),
        place: fc.double({ min: 0, max: 1, noNaN: true }),
        bytes: fc.integer({ min: 1, max: 40 }),
      }),
    },
  ),
  { minLength: 5, maxLength: 50 },
);

/** The text of the nth append: no two are alike, and none is part of another. */
const textOf = (n: number, length: number) => `<${n}:${'x'.repeat(length)}>`;

function createModel() {
  const accepted = new Set<string>();
  const appended = new Map<string, number>();
  const damaged = new Set<string>();
  const delivered = new Set<string>();
  /** Behind a checkpoint that was flushed. */
  const checkpointed = new Set<string>();
  /** Read by the living cursor, not all of it acked. */
  let run: string[] = [];
  return {
    accepted,
    appended,
    damaged,
    delivered,
    checkpointed,
    read(texts: string[]) {
      for (const text of texts) {
        assert.ok(appended.has(text), `delivered and never appended: ${text}`);
        assert.ok(!checkpointed.has(text), `delivered again in spite of a durable checkpoint: ${text}`);
      }
      run.push(...texts);
      for (const text of texts) delivered.add(text);
      const places = run.map((text) => appended.get(text)!);
      assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
        'order',
      );
    },
    restarted() {
      run = [];
    },
    lost: () => [...accepted].filter((text) => !delivered.has(text) && !damaged.has(text)),
  };
}

async function explore(steps: readonly Action[], seed: number): Promise<void> {
  const disk = createFakeDisk(seeded(seed));
  const model = createModel();
  let appends = 0;
  let journal: Journal | null = null;
  let unacked: string[] = [];
  let faults: (() => void)[] = [];

  /** Nothing is reported as damaged without a cause: our own, or a tail that could not be cut off. */
  const mayBeDamaged = steps.some(
    (step) => step.kind === 'damage' || (step.kind === 'fail' && step.op !== 'unlink') || step.kind === 'die',
  );
  const checkDamage = (bytes: number) => assert.ok(mayBeDamaged && bytes > 0, `${bytes} bytes damaged`);
  const open = async (): Promise<Journal | null> => {
    if (journal !== null) return journal;
    unacked = [];
    model.restarted();
    const deps = { ...fakeDeps(disk), metrics: { syncSeconds: () => {}, damagedBytes: checkDamage } };
    const outcome = await orDeath(disk, openJournal({ ...SMALL, segmentBytes: 300 }, deps));
    if (outcome?.ok) journal = outcome.journal;
    return journal;
  };
  const crash = (how: 'kill' | 'cut-power') => {
    how === 'kill' ? disk.kill() : disk.cutPower();
    journal = null;
    // The sink did not keep what it had not acked: it must come again.
    for (const text of unacked) model.delivered.delete(text);
  };
  const mendDisk = () => {
    for (const remove of faults) remove();
    faults = [];
  };
  const appendOne = async (target: Journal, sizes: number[]) => {
    const texts = sizes.map((length) => textOf(appends++, length));
    texts.forEach((text) => void model.appended.set(text, model.appended.size));
    const outcome = await orDeath(disk, target.append(texts.map(record)));
    if (outcome?.ok) for (const text of texts) model.accepted.add(text);
  };
  const readSome = async (target: Journal, step: Action & { kind: 'read' }) => {
    const cursor = await target.cursor('log');
    const chunk = await orDeath(
      disk,
      cursor.read({ maxRecords: step.records, maxBytes: 300 }).catch(() => null),
    );
    if (chunk === null) return;
    const texts = chunk.records.map(String);
    model.read(texts);
    unacked.push(...texts);
    if (!step.commit) return;
    cursor.commit(chunk.next, { last: texts.at(-1) });
    const acked = unacked.splice(0);
    if (step.flush && (await orDeath(disk, cursor.flush())))
      for (const text of acked) model.checkpointed.add(text);
  };

  let deadly: 'kill' | 'cut-power' = 'kill';
  const act = async (step: Action) => {
    if (step.kind === 'kill' || step.kind === 'cut-power') return crash(step.kind);
    if (step.kind === 'fail') {
      const rule = { op: step.op, times: step.times, fault: { kind: 'error' as const, code: 'EIO' } };
      return void faults.push(disk.addRule(rule));
    }
    if (step.kind === 'short')
      return void faults.push(disk.addRule({ op: 'write', times: 2, fault: { kind: 'short' } }));
    if (step.kind === 'die') {
      deadly = step.how;
      return disk.dieAfter(step.calls);
    }
    if (step.kind === 'damage') {
      crash('kill');
      return damage(disk, model, step);
    }
    const target = await open();
    if (target === null) return;
    if (step.kind === 'read') return readSome(target, step);
    if (step.kind === 'append') return appendOne(target, step.sizes);
    await Promise.all(step.sizes.map((length) => appendOne(target, [length])));
  };

  /** Until the sink has everything: its lag says when, and must say so some time. */
  const drainAll = async () => {
    for (let reads = 0; reads < 1000; reads += 1) {
      const target = await open();
      assert.ok(target !== null, 'opens on a disk that is well');
      if ((await target.cursor('log')).lag().events === 0) return;
      await readSome(target, { kind: 'read', records: 5, commit: true, flush: true });
    }
    assert.fail('the lag never ends');
  };

  for (const step of steps) {
    await act(step);
    if (disk.isDead()) crash(deadly);
  }
  mendDisk();
  crash('cut-power');
  await drainAll();
  assert.deepEqual(model.lost(), []);
}

/** What comes of work, or null where the process died in it. */
async function orDeath<T>(disk: FakeDisk, work: Promise<T>): Promise<T | null> {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  for (let turns = 0; !over && !disk.isDead(); turns += 1) {
    assert.ok(turns < 20_000, 'something never ends');
    await turn();
  }
  return over ? done : null;
}

/** Flips bytes somewhere in the segments; accepted records that they or their frames were part of are excused. */
function damage(
  disk: FakeDisk,
  model: ReturnType<typeof createModel>,
  step: Action & { kind: 'damage' },
): void {
  let names: string[];
  try {
    names = disk.list(DIR).filter((name) => name.endsWith('.seg'));
  } catch {
    return; // there is no folder yet
  }
  const name = names[Math.min(names.length - 1, Math.floor(step.place * names.length))];
  if (name === undefined) return;
  const path = join(DIR, name);
  const before = Buffer.from(disk.content(path));
  if (before.length === 0) return;
  const at = Math.floor((step.place * 7919 * before.length) % before.length);
  disk.edit(path, (bytes) => {
    for (let i = at; i < Math.min(bytes.length, at + step.bytes); i += 1) bytes[i]! ^= 0x55;
    return bytes;
  });
  for (const text of model.appended.keys()) {
    const place = before.indexOf(text);
    if (place !== -1 && place - 12 < at + step.bytes && place + text.length > at) model.damaged.add(text);
  }
}

it('delivers what it accepted, nothing else, in order, whatever happens to process and disk', async () => {
  await fc.assert(fc.asyncProperty(actions, fc.integer({ min: 0, max: 2 ** 31 }), explore), {
    numRuns: Number(process.env.MODEL_RUNS ?? 200),
    endOnFailure: false,
  });
});
