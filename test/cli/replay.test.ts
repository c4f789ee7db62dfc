/** `gotrack replay` as an operator calls it, on real files. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { takeLock } from '../../src/journal/lock.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { sleep } from '../../src/lib/backoff.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { nodeFs } from '../../src/lib/fs.ts';
import { createDeadLetters } from '../../src/sinks/dead-letters.ts';
import { runCli, startCli } from '../support/cli.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createTestLog } from '../support/fake-journal.ts';
import { createLedger } from '../support/ledger.ts';
import { tempFolder } from '../support/temp.ts';

keepEventLoopAlive();

const event = (n: number, received_at = '2026-11-24T10:00:00.000Z') => ({
  event_id: `${n}`,
  server: { received_at },
});

function setUp(t: TestContext) {
  const folder = tempFolder();
  t.after(folder.remove);
  const place = (name: string) => join(folder.path, name);
  const env = { JOURNAL_DIR: place('journal'), LOG_PATH: place('events.ndjson') };
  const letters = place('dead-letter.ndjson');
  const keep = async (sink: string, records: readonly string[], reason = 'line-feed') => {
    const file = createDeadLetters({ path: letters, maxBytes: 1e6 }, { fs: nodeFs, clock: systemClock });
    assert.ok(
      (
        await file.keep(
          sink,
          records.map((text) => ({ record: Buffer.from(text), reason })),
        )
      ).ok,
    );
  };
  const idsIn = (path: string) =>
    existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line).event_id)
      : [];
  return { folder: folder.path, place, env, letters, keep, idsIn };
}

describe('gotrack replay FILE', () => {
  it('sends each letter to the sink that refused it, and sets the file aside', async (t) => {
    const { env, folder, letters, keep, idsIn } = setUp(t);
    await keep('log', [JSON.stringify(event(1)), JSON.stringify(event(2))]);
    const { code, out } = await runCli(['replay', letters], { env });
    assert.equal(code, 0);
    assert.match(out, /log +2 +0/);
    assert.deepEqual(idsIn(env.LOG_PATH), ['1', '2']);
    assert.ok(!existsSync(letters));
    const aside = readdirSync(folder).filter((name) => name.endsWith('.replayed'));
    assert.equal(aside.length, 1);
    assert.match(out, /dead-letter-\d{8}T[\d.]+Z\.ndjson\.replayed is needed no more/);
  });

  it('leaves what is refused again in a file that can be replayed itself', async (t) => {
    const { env, folder, letters, keep, idsIn } = setUp(t);
    const broken = 'a line\nand another';
    await keep('log', [JSON.stringify(event(1)), broken]);
    const { code, out } = await runCli(['replay', letters], { env });
    assert.equal(code, 1);
    assert.match(out, /log +1 +1/);
    assert.deepEqual(idsIn(env.LOG_PATH), ['1']);
    const left = readdirSync(folder).find((name) => name.endsWith('.left.ndjson'))!;
    assert.ok(out.includes(left), out);
    const again = await runCli(['replay', join(folder, left)], { env });
    assert.equal(again.code, 1);
    assert.match(again.out, /log +0 +1/);
  });

  it('sends nothing of a file that holds anything else, and names the line', async (t) => {
    const { env, letters, keep } = setUp(t);
    await keep('log', [JSON.stringify(event(1))]);
    writeFileSync(letters, `${readFileSync(letters)}{"event_id":"2"}\n`);
    const { code, error } = await runCli(['replay', letters], { env });
    assert.equal(code, 2);
    assert.match(error, /line 2 of .* is no dead letter.*nothing was sent/);
    assert.ok(existsSync(letters) && !existsSync(env.LOG_PATH));
  });

  it('passes over a last line that was torn: what it holds comes again from the journal', async (t) => {
    const { env, letters, keep, idsIn } = setUp(t);
    await keep('log', [JSON.stringify(event(1))]);
    writeFileSync(letters, `${readFileSync(letters)}{"at":"2026-`);
    assert.equal((await runCli(['replay', letters], { env })).code, 0);
    assert.deepEqual(idsIn(env.LOG_PATH), ['1']);
  });

  it('says what to do about a sink that is not configured, and takes --sink', async (t) => {
    const { env, letters, keep, idsIn } = setUp(t);
    await keep('kafka:eu', [JSON.stringify(event(1))]);
    const refused = await runCli(['replay', letters], { env });
    assert.equal(refused.code, 2);
    assert.match(refused.error, /kafka:eu is no sink of OUTPUTS \(log\).*--sink NAME/);
    assert.ok(existsSync(letters));
    assert.equal((await runCli(['replay', letters, '--sink', 'log'], { env })).code, 0);
    assert.deepEqual(idsIn(env.LOG_PATH), ['1']);
  });

  it('writes no log file beside an instance that runs, but one of its own', async (t) => {
    const { env, letters, keep, idsIn, place } = setUp(t);
    await keep('log', [JSON.stringify(event(1))]);
    await nodeFs.mkdir(env.JOURNAL_DIR);
    const lock = takeLock(env.JOURNAL_DIR, 'pid 1 on web1');
    assert.ok(lock.ok);
    writeFileSync(env.LOG_PATH, '');
    const refused = await runCli(['replay', letters], { env });
    assert.equal(refused.code, 2);
    assert.match(
      refused.error,
      /an instance runs \(pid 1 on web1\).*stop it first.*not there yet: --log-path=FILE/,
    );
    assert.ok(existsSync(letters));
    const own = await runCli(['replay', letters, `--log-path=${place('again.ndjson')}`], { env });
    assert.equal(own.code, 0);
    assert.deepEqual(idsIn(place('again.ndjson')), ['1']);
    lock.release();
  });

  it('loses no letter that an instance keeps while the file is being sent', async (t) => {
    const { env, folder, letters, idsIn } = setUp(t);
    const ledger = createLedger();
    const instanceLetters = createDeadLetters(
      { path: letters, maxBytes: 1e6 },
      { fs: nodeFs, clock: systemClock },
    );
    const letter = (value: object) => ({ record: Buffer.from(JSON.stringify(value)), reason: 'line-feed' });
    let keeping = true;
    const instance = (async () => {
      for (let n = 0; keeping; ) {
        // One that could not be kept is tried again, as a delivery does.
        const kept = await instanceLetters.keep('log', [letter(event(n))]);
        if (kept.ok) ledger.accept(`${n++}`);
      }
    })();
    try {
      for (let round = 0; round < 10; round += 1) {
        await until(() => existsSync(letters) && statSync(letters).size > 0, 'there is something to send');
        const { code, out, error } = await runCli(['replay', letters], { env });
        assert.equal(code, 0, out + error);
      }
    } finally {
      keeping = false;
      await instance;
    }
    const waiting = existsSync(letters)
      ? readFileSync(letters, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line).event.event_id)
      : [];
    const { accepted, lost } = ledger.balance([...idsIn(env.LOG_PATH), ...waiting]);
    assert.ok(accepted >= 5, `${accepted}`);
    assert.deepEqual(lost, []);
    assert.equal(readdirSync(folder).filter((name) => name.endsWith('.replayed')).length, 10);
  });

  it('keeps the letters when it is stopped before the sink takes them', async (t) => {
    const { env, folder, letters, keep, place, idsIn } = setUp(t);
    await keep('log', [JSON.stringify(event(1))]);
    const running = startCli(['replay', letters, `--log-path=${place('no/such/folder.ndjson')}`], { env });
    await until(() => !existsSync(letters), 'it has begun');
    running.stop();
    assert.equal(await running.code, 1);
    const taken = readdirSync(folder).find((name) => /^dead-letter-.*Z\.ndjson$/.test(name))!;
    assert.match(running.out(), /Not all letters were sent.*gotrack replay /);
    assert.equal((await runCli(['replay', join(folder, taken)], { env })).code, 0);
    assert.deepEqual(idsIn(env.LOG_PATH), ['1']);
  });

  it('says what is wrong with how it was called', async (t) => {
    const { env, letters } = setUp(t);
    const cases: [string[], RegExp][] = [
      [['replay'], /a file of dead letters, or --since, is needed[\s\S]*gotrack replay FILE/],
      [['replay', letters], /there is no .*dead-letter\.ndjson/],
      [['replay', 'a', 'b'], /one file at a time/],
      [['replay', 'a', '--since=1h'], /not both/],
      [['replay', '--since', 'yesterday'], /--since got "yesterday", expected a time with its zone/],
      [['replay', '--since', '1h', '--until', '2h'], /--until lies before --since/],
      [['replay', '--since', '1h', '--sinks', 'log'], /--sinks is no flag of ours/],
      [['replay', '--since', '1h'], /there is no journal at JOURNAL_DIR/],
    ];
    for (const [argv, expected] of cases) {
      const { code, error } = await runCli(argv, { env });
      assert.equal(code, 2, argv.join(' '));
      assert.match(error, expected);
    }
    assert.match((await runCli(['replay', '--help'])).out, /--until TIME/);
  });
});

describe('gotrack replay --since', () => {
  const AT = (n: number) => `2026-11-24T1${n}:00:00.000Z`;

  async function journalIn(dir: string) {
    const outcome = await openJournal(
      { dir, maxBytes: 8 * 2 ** 20, sync: 'always', keepMs: 1e9, outputs: ['log'], owner: 'test' },
      {
        ...{ fs: nodeFs, clock: systemClock, random: Math.random, sleep, takeLock, log: createTestLog() },
        metrics: { syncSeconds: () => {}, damagedBytes: () => {} },
      },
    );
    assert.ok(outcome.ok);
    for (let n = 0; n < 6; n += 1)
      assert.ok((await outcome.journal.append([Buffer.from(JSON.stringify(event(n, AT(n))))])).ok);
    return outcome.journal;
  }

  it('sends the kept events of that time again, in order', async (t) => {
    const { env, idsIn } = setUp(t);
    await (await journalIn(env.JOURNAL_DIR)).close();
    const before = readdirSync(env.JOURNAL_DIR);
    const argv = ['replay', '--since', '2026-11-24T11:00Z', '--until', '2026-11-24T13:00+00:00'];
    const { code, out } = await runCli(argv, { env });
    assert.equal(code, 0);
    assert.match(out, /log +3 +0[\s\S]*All events that are kept of that time were sent/);
    assert.deepEqual(idsIn(env.LOG_PATH), ['1', '2', '3']);
    assert.deepEqual(readdirSync(env.JOURNAL_DIR), before);
  });

  it('reads beside an instance that runs', async (t) => {
    const { env, idsIn, place } = setUp(t);
    const journal = await journalIn(env.JOURNAL_DIR);
    writeFileSync(env.LOG_PATH, '');
    const refused = await runCli(['replay', '--since', '2026-11-24T10:00Z'], { env });
    assert.equal(refused.code, 2, 'the log has a writer');
    const own = `--log-path=${place('again.ndjson')}`;
    assert.equal((await runCli(['replay', '--since', '2026-11-24T14:00Z', own], { env })).code, 0);
    assert.deepEqual(idsIn(place('again.ndjson')), ['4', '5']);
    await journal.close();
  });

  it('writes events to standard output, and what it says elsewhere', async (t) => {
    const { env } = setUp(t);
    await (await journalIn(env.JOURNAL_DIR)).close();
    const { out, error } = await runCli(['replay', '--since', '2026-11-24T15:00Z'], {
      env: { ...env, LOG_PATH: 'stdout' },
    });
    assert.deepEqual(JSON.parse(out).event_id, '5');
    assert.match(error, /log +1 +0/);
  });

  it('says why nothing is there', async (t) => {
    const { env } = setUp(t);
    await (await journalIn(env.JOURNAL_DIR)).close();
    const { code, out } = await runCli(['replay', '--since', '2026-11-24T16:00Z'], { env });
    assert.equal(code, 0);
    assert.match(out, /keeps no event of that time \(JOURNAL_KEEP_HOURS=0/);
  });
});
