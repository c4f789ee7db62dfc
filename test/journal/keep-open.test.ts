import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OpenOutcome } from '../../src/journal/journal.ts';
import { keepOpen, unavailableJournal } from '../../src/journal/keep-open.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { sleep } from '../../src/lib/backoff.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import { accept, createTestLog, fakeDeps, readAll, record, SMALL, seeded } from '../support/fake-journal.ts';

keepEventLoopAlive();

const QUICK = { baseMs: 1, maxMs: 2 };
const UNAVAILABLE = { ok: false, reason: 'unavailable' };
const deps = () => ({ sleep, random: () => 0.5, log: createTestLog() });

describe('a journal that cannot be opened', () => {
  it('says why, with the path', async () => {
    const disk = createFakeDisk(seeded(1));
    disk.addRule({ op: 'readdir', fault: { kind: 'error', code: 'EACCES' } });
    const outcome = await openJournal(SMALL, fakeDeps(disk));
    assert.deepEqual(outcome, {
      ok: false,
      reason: 'unusable',
      message: 'JOURNAL_DIR /var/journal: EACCES: /var/journal',
    });
  });

  it('names who holds it', async () => {
    const disk = createFakeDisk(seeded(1));
    const takeLock = () => ({ ok: false as const, reason: 'locked' as const, holder: 'pid 7 on web1' });
    const outcome = await openJournal(SMALL, { ...fakeDeps(disk), takeLock });
    assert.ok(!outcome.ok && outcome.reason === 'locked');
    assert.match(outcome.message, /\/var\/journal is in use by pid 7 on web1/);
  });

  it('gives the lock back when it is of no use', async () => {
    const disk = createFakeDisk(seeded(1));
    disk.addRule({ op: 'readdir', fault: { kind: 'error', code: 'EIO' } });
    let held = 0;
    const takeLock = () => {
      held += 1;
      const release = () => {
        held -= 1;
      };
      return { ok: true as const, release };
    };
    await openJournal(SMALL, { ...fakeDeps(disk), takeLock });
    assert.equal(held, 0);
  });
});

describe('keepOpen', () => {
  it('refuses events until a later attempt succeeds, and then is the real journal', async () => {
    const disk = createFakeDisk(seeded(1));
    const mend = disk.addRule({ op: 'readdir', fault: { kind: 'error', code: 'EIO' } });
    const { journal, firstAttempt } = keepOpen(() => openJournal(SMALL, fakeDeps(disk)), deps(), QUICK);
    const seen: string[] = [];
    journal.subscribe((records) => void seen.push(...records.map(String)));
    assert.ok(!(await firstAttempt).ok);
    assert.deepEqual(await journal.append([record('a')]), UNAVAILABLE);
    const state = journal.state();
    assert.ok(state.kind === 'unavailable');
    assert.match(state.reason, /EIO/);
    assert.equal(journal.fill(), 0);
    const cursor = journal.cursor('log');
    mend();
    await until(() => journal.state().kind === 'open', 'it has tried again');
    await accept(journal, 'b');
    assert.deepEqual(await readAll(await cursor), ['b']);
    assert.deepEqual(seen, ['b']);
    assert.ok(journal.stats().bytes > 0);
    await journal.close();
    assert.deepEqual(await journal.append([record('c')]), { ok: false, reason: 'closed' });
  });

  it('says the failure once, not once a try', async () => {
    const log = createTestLog();
    let tries = 0;
    const open = async (): Promise<OpenOutcome> => {
      tries += 1;
      return { ok: false, reason: 'unusable', message: 'no disk' };
    };
    const { journal } = keepOpen(open, { ...deps(), log }, QUICK);
    await until(() => tries > 3, 'it has tried again');
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0]!.text, /no disk/);
    await journal.close();
    const before = tries;
    await sleep(20);
    assert.equal(tries, before, 'nothing is tried after closing');
  });

  it('closes while an attempt hangs, and what opens after that is closed', async () => {
    const disk = createFakeDisk(seeded(1));
    const { promise, resolve } = Promise.withResolvers<void>();
    disk.addRule({ op: 'readdir', times: 1, fault: { kind: 'hang', until: promise } });
    let released = false;
    const release = () => {
      released = true;
    };
    const takeLock = () => ({ ok: true as const, release });
    const { journal } = keepOpen(() => openJournal(SMALL, { ...fakeDeps(disk), takeLock }), deps(), QUICK);
    await journal.close();
    assert.equal(journal.state().kind, 'closed');
    resolve();
    await until(() => released, 'the late journal is closed');
  });
});

it('unavailableJournal accepts nothing and holds nothing', async () => {
  const journal = unavailableJournal('no disk');
  assert.deepEqual(await journal.append([record('a')]), UNAVAILABLE);
  assert.deepEqual(journal.state(), { kind: 'unavailable', reason: 'no disk' });
  assert.deepEqual(journal.stats(), { bytes: 0, segments: 0, oldestSeconds: 0 });
  journal.subscribe(() => {})();
  await journal.close();
});
