/** `gotrack validate` as an operator calls it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { toEcs } from '../../src/event/ecs.ts';
import { type Envelope, SCHEMA } from '../../src/event/envelope.ts';
import { runCli } from '../support/cli.ts';
import { tempFolder } from '../support/temp.ts';

const AT = '2026-11-21T10:00:00.000Z';
const EVENT: Envelope = {
  event_id: '0192f0c1-7f00-7abc-8def-0123456789ab',
  timestamp: AT,
  type: 'pageview',
  ip: '203.0.113.42',
  ua: 'Mozilla/5.0',
  url: 'https://shop.test/p',
  payload: { page: { seq: 0, virtual: true }, props: { a: [1, { b: 'c' }] } },
  server: {
    received_at: AT,
    request_id: 'r1',
    consent: { analytics: 'granted', security: 'granted', source: 'default' },
    http: { version: '1.1', method: 'POST' },
  },
  schema: SCHEMA,
};

function fileOf(t: TestContext, text: string): string {
  const folder = tempFolder();
  t.after(folder.remove);
  const path = join(folder.path, 'events.ndjson');
  writeFileSync(path, text);
  return path;
}
const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

describe('gotrack validate', () => {
  it('is content with events, those of a later version too', async (t) => {
    const later = { ...EVENT, later: 1, server: { ...EVENT.server, geo: { country: 'CA' } } };
    const path = fileOf(t, lines(EVENT, later));
    assert.deepEqual(await runCli(['validate', path]), {
      code: 0,
      out: `${path}: 2 lines, all of them are events\n`,
      error: '',
    });
  });

  it('names the line, the place in the event and what is wrong there', async (t) => {
    const wrong = { ...EVENT, payload: { scroll: { depth: '1' } }, ip_hash: 'a'.repeat(64) };
    const path = fileOf(t, `${lines(EVENT, wrong)}no json\n\n${lines([], EVENT)}`);
    const { code, out } = await runCli(['validate', path]);
    assert.equal(code, 1);
    assert.match(out, /^line 2: .*payload\.scroll\.depth is a string, not a number/m);
    assert.match(out, /^line 2: .*has more than one of ip, ip_hash/m);
    assert.match(out, /^line 3: is no JSON: /m);
    assert.match(out, /^line 4: is no JSON: /m);
    assert.match(out, /^line 5: is an array, not an object$/m);
    assert.match(out, /6 lines, 4 are no valid events$/m);
  });

  it('says no more than it is asked for', async (t) => {
    const path = fileOf(t, lines(...Array.from({ length: 30 }, () => ({}))));
    const { out } = await runCli(['validate', path, '--show=2']);
    assert.match(out, /^line 1: [\s\S]*\nline 2: .*; \d+ more\n… and 28 more\n/);
    assert.equal((await runCli(['validate', path])).out.match(/^line/gm)!.length, 20);
  });

  it('looks at the events of dead letters', async (t) => {
    const letter = { at: AT, sink: 'kafka', reason: 'too-large', event: EVENT };
    const path = fileOf(t, lines(letter, { ...letter, event: { ...EVENT, type: 'Page View' } }));
    const { code, out } = await runCli(['validate', path]);
    assert.equal(code, 1);
    assert.match(out, /^line 2: type does not match /m);
  });

  it('knows ECS when it sees it', async (t) => {
    const { out } = await runCli(['validate', fileOf(t, lines(toEcs(EVENT)))]);
    assert.match(out, /line 1: is in LOG_FORMAT=ecs/);
  });

  it('takes a line that is being written for no fault', async (t) => {
    const path = fileOf(t, `${lines(EVENT)}{"event_id":"01`);
    const { code, out } = await runCli(['validate', path]);
    assert.equal(code, 0);
    assert.match(out, /behind line 1 has no end[\s\S]*1 lines, all of them are events/);
  });

  it('ends with a problem, not a fault, on a line that is nested without end', async (t) => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    const path = fileOf(t, `{"payload":{"props":${deep}}}\n${lines(EVENT)}`);
    const { code, out } = await runCli(['validate', path]);
    assert.equal(code, 1);
    assert.match(out, /^line 1: .*\n.*2 lines, 1 are no valid events$/m);
  });

  it('lets no line steer the terminal', async (t) => {
    const { out } = await runCli(['validate', fileOf(t, '\u001b[2J\n')]);
    assert.ok(!out.includes('\u001b'), JSON.stringify(out));
  });

  it('says what is wrong with how it was called', async () => {
    const cases: [string[], RegExp][] = [
      [['validate'], /one file is needed[\s\S]*gotrack validate FILE/],
      [['validate', 'a', 'b'], /one file is needed/],
      [['validate', '/no/such/file'], /\/no\/such\/file: there is no such file/],
      [['validate', '/tmp'], /\/tmp: /],
      [['validate', 'a', '--show', 'all'], /--show got "all"/],
      [['validate', 'a', '--shwo=1'], /--shwo is no flag of this command/],
    ];
    for (const [argv, expected] of cases) {
      const { code, error } = await runCli(argv);
      assert.equal(code, 2);
      assert.match(error, expected);
    }
    assert.match((await runCli(['validate', '--help'])).out, /--show=N/);
  });
});
