import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeDurableDir } from '../../src/lib/fs.ts';
import { createDeadLetters, readLetter } from '../../src/sinks/dead-letters.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { createFakeDisk } from '../support/fake-fs.ts';
import { accept, openOn, seeded } from '../support/fake-journal.ts';
import { createFakeSink, deliver } from '../support/fake-sink.ts';

keepEventLoopAlive();

const FOLDER = '/var/gotrack';
const PATH = `${FOLDER}/dead-letter.ndjson`;
const NOON = Date.UTC(2026, 10, 21, 12);
const clock = { now: () => NOON, monotonic: () => 0 };
const letter = (record: string, reason = 'too-large') => ({ record: Buffer.from(record), reason });

async function setUp(maxBytes = 1_000_000) {
  const disk = createFakeDisk(seeded(1));
  await makeDurableDir(disk.fs(), FOLDER);
  const letters = createDeadLetters({ path: PATH, maxBytes }, { fs: disk.fs(), clock });
  return { disk, letters, text: () => disk.content(PATH).toString() };
}

describe('the file of dead letters', () => {
  it('holds a line each: when, which sink, why, and the event as it was', async () => {
    const { letters, text } = await setUp();
    assert.deepEqual(
      await letters.keep('kafka:eu', [letter('{"n":1,"x":1.0}'), letter('{"n":2}', '22P05')]),
      {
        ok: true,
      },
    );
    assert.equal(
      text(),
      '{"at":"2026-11-21T12:00:00.000Z","sink":"kafka:eu","reason":"too-large","event":{"n":1,"x":1.0}}\n' +
        '{"at":"2026-11-21T12:00:00.000Z","sink":"kafka:eu","reason":"22P05","event":{"n":2}}\n',
    );
  });

  it('is on the disk when a letter is kept', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const disk = createFakeDisk(seeded(seed));
      await makeDurableDir(disk.fs(), FOLDER);
      const letters = createDeadLetters({ path: PATH, maxBytes: 1000 }, { fs: disk.fs(), clock });
      await letters.keep('log', [letter('{"n":1}')]);
      disk.cutPower();
      assert.match(disk.content(PATH).toString(), /"event":\{"n":1\}\}\n$/);
    }
  });

  it('gives back the record that went in, whatever it was', async () => {
    const { letters, text } = await setUp();
    const records = ['{"a":"\\u00e9\\n"}', '{"a":\n1}', 'no json', '"a string"', '{"event":{"sink":"x"}}'];
    await letters.keep(
      'log',
      records.map((record) => letter(record)),
    );
    const lines = text().trimEnd().split('\n');
    assert.equal(lines.length, records.length);
    const back = lines.map((line) => readLetter(Buffer.from(line)));
    assert.deepEqual(
      back.map((reading) => reading.ok && String(reading.record)),
      ['{"a":"é\\n"}', '{"a":1}', 'no json', 'a string', '{"event":{"sink":"x"}}'],
    );
  });

  it('is never made larger than it may be, and nothing is taken out of it', async () => {
    const { letters, text } = await setUp(250);
    assert.ok((await letters.keep('log', [letter('{"n":1}')])).ok);
    assert.ok((await letters.keep('log', [letter('{"n":2}')])).ok);
    const before = text();
    const refused = await letters.keep('log', [letter('{"n":3}')]);
    assert.ok(!refused.ok);
    assert.match(refused.detail, /dead-letter\.ndjson is full .*DEAD_LETTER_MAX_MB.*gotrack replay/);
    assert.equal(text(), before);
  });

  it('says what is wrong where nothing can be written', async () => {
    const { disk, letters } = await setUp();
    disk.addRule({ op: 'fdatasync', path: /dead-letter/, fault: { kind: 'error', code: 'EIO' } });
    const kept = await letters.keep('log', [letter('{"n":1}')]);
    assert.ok(!kept.ok);
    assert.match(kept.detail, /DEAD_LETTER_PATH .*EIO/);
  });

  it('gets a letter again that was written while the file was taken away', async () => {
    const { disk, letters } = await setUp();
    await letters.keep('log', [letter('{"n":1}')]);
    const { promise, resolve } = Promise.withResolvers<void>();
    const undo = disk.addRule({ op: 'write', path: /dead-letter/, fault: { kind: 'hang', until: promise } });
    const keeping = letters.keep('log', [letter('{"n":2}')]);
    const writes = () => disk.calls.filter(({ op, path }) => op === 'write' && path === PATH).length;
    await until(() => writes() === 2, 'it is being written');
    await disk.fs().rename(PATH, `${FOLDER}/taken.ndjson`);
    undo();
    resolve();
    assert.ok((await keeping).ok);
    assert.match(disk.content(PATH).toString(), /^[^\n]*"event":\{"n":2\}\}\n$/);
  });
});

it('stalls the sink when it is full, loses nothing, and goes on when the file has been moved away', async () => {
  const { disk, letters } = await setUp(100);
  const journal = await openOn(disk);
  await accept(journal, ...Array.from({ length: 6 }, (_, n) => JSON.stringify({ n, bad: n % 3 === 0 })));
  const sink = createFakeSink();
  sink.answer = (texts) =>
    texts.some((text) => text.includes('true')) ? { kind: 'poisoned', reason: '22P05' } : undefined;
  const { delivery, letters: kinds } = deliver(journal, sink, {
    options: { batchSize: 3 },
    deps: { keepDeadLetters: letters.keep },
  });
  await until(() => delivery.status().state === 'stalled', 'it is full');
  assert.match(delivery.status().detail, /is full/);
  assert.equal(delivery.status().lag_events, 3, 'what does not fit waits in the journal');
  await disk.fs().rename(PATH, `${FOLDER}/moved.ndjson`);
  await until(() => delivery.status().lag_events === 0, 'there is room again');
  const kept = [`${FOLDER}/moved.ndjson`, PATH].flatMap((path) =>
    disk.content(path).toString().trimEnd().split('\n'),
  );
  assert.deepEqual(
    kept.map((line) => JSON.parse(line).event.n),
    [0, 3],
  );
  assert.equal(sink.taken.length, 4);
  assert.deepEqual(kinds, ['data', 'data']);
  await delivery.close(1000);
});
