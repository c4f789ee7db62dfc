import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type LockOutcome, takeLock } from '../../src/journal/lock.ts';
import { until } from '../support/event-loop.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
after(folder.remove);

const HOLDER = `
  import { takeLock } from ${JSON.stringify(join(import.meta.dirname, '../../src/journal/lock.ts'))};
  const outcome = takeLock(process.argv[1], 'pid ' + process.pid);
  console.log(outcome.ok);
  setInterval(() => {}, 1000);
`;

async function holdInAnotherProcess(dir: string) {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', HOLDER, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  assert.equal(String(said).trim(), 'true');
  return child;
}

const release = (outcome: LockOutcome) => outcome.ok && outcome.release();

describe('the lock of a journal', () => {
  it('is held by one instance, and names it to the next', async () => {
    const child = await holdInAnotherProcess(folder.path);
    try {
      const outcome = takeLock(folder.path, 'second');
      assert.deepEqual(outcome, { ok: false, reason: 'locked', holder: `pid ${child.pid}` });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('ends with its process, however that ends', async () => {
    const child = await holdInAnotherProcess(folder.path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    let outcome = takeLock(folder.path, 'second');
    await until(() => {
      if (!outcome.ok) outcome = takeLock(folder.path, 'second');
      return outcome.ok;
    }, 'the kernel has released it');
    release(outcome);
  });

  it('is one within a process too, and free after its release', () => {
    const first = takeLock(folder.path, 'first');
    assert.ok(first.ok);
    const second = takeLock(folder.path, 'second');
    assert.ok(!second.ok && second.reason === 'locked');
    first.release();
    const third = takeLock(folder.path, 'third');
    assert.ok(third.ok);
    third.release();
  });

  it('writes nothing, so that a full disk does not keep the sinks from draining', () => {
    const dir = join(folder.path, 'small');
    mkdirSync(dir);
    const outcome = takeLock(dir, 'x');
    assert.ok(outcome.ok);
    assert.deepEqual(readdirSync(dir), ['lock', 'lock.owner']);
    assert.equal(statSync(join(dir, 'lock')).size, 0);
    outcome.release();
  });

  it('says when the folder cannot be used', () => {
    const outcome = takeLock(join(folder.path, 'none'), 'x');
    assert.ok(!outcome.ok && outcome.reason === 'unusable');
  });
});
