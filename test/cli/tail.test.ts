/** `gotrack tail` as an operator calls it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toEcs } from '../../src/event/ecs.ts';
import { type Envelope, SCHEMA } from '../../src/event/envelope.ts';
import { runCli, startCli } from '../support/cli.ts';
import { keepEventLoopAlive, until } from '../support/event-loop.ts';
import { tempFolder } from '../support/temp.ts';

keepEventLoopAlive();

const event = (type: string, url: string, more: Partial<Envelope> = {}): Envelope => ({
  event_id: '0192b1f0-0000-7000-8000-000000000001',
  timestamp: '2026-11-24T10:00:00.000Z',
  type,
  ip: '203.0.113.42',
  url,
  server: { received_at: '2026-11-24T10:00:00.123Z' },
  schema: SCHEMA,
  ...more,
});
const lines = (...events: object[]) => events.map((each) => `${JSON.stringify(each)}\n`).join('');
const at = (received_at: string) => ({ server: { received_at } });

function setUp(t: TestContext, ...events: object[]) {
  const folder = tempFolder();
  t.after(folder.remove);
  const path = join(folder.path, 'events.ndjson');
  writeFileSync(path, lines(...events));
  return { folder: folder.path, path, env: { LOG_PATH: path } };
}

describe('gotrack tail', () => {
  it('shows an event a line: time, type, address, URL and what matters of its type', async (t) => {
    const { env } = setUp(
      t,
      event('pageview', 'https://shop.example/p'),
      event('click', 'https://shop.example/p', { payload: { click: { tag: 'A', name: 'buy' } } }),
    );
    const { code, out } = await runCli(['tail', '--no-follow'], { env });
    assert.equal(code, 0);
    assert.equal(
      out,
      '10:00:00.123  pageview    203.0.113.42     https://shop.example/p\n' +
        '10:00:00.123  click       203.0.113.42     https://shop.example/p  buy\n',
    );
  });

  it('shows the same of LOG_FORMAT=ecs', async (t) => {
    const document = event('document', 'https://shop.example/', {
      server: {
        received_at: '2026-11-24T10:00:00.123Z',
        document: { status: 200, bytes: 10, origin_ms: 1, injection: 'spliced' },
      },
    });
    const plain = setUp(t, document, event('x', '/', { ip_hash: 'abc' }));
    const ecs = setUp(t, toEcs(document), toEcs(event('x', '/', { ip_hash: 'abc' })));
    const shown = await runCli(['tail', '--no-follow'], { env: plain.env });
    assert.match(shown.out, /document .*https:\/\/shop\.example\/ {2}200 spliced\n/);
    assert.equal((await runCli(['tail', '--no-follow'], { env: ecs.env })).out, shown.out);
  });

  it('follows the file as it grows and through rotation, until it is stopped', async (t) => {
    const { path, folder, env } = setUp(t, event('a', '/'));
    const running = startCli(['tail'], { env });
    await until(() => running.out().includes('  a '), 'it shows what was there');
    appendFileSync(path, lines(event('b', '/')));
    renameSync(path, join(folder, 'events-20261124T100000.000Z.ndjson'));
    writeFileSync(path, lines(event('c', '/')));
    await until(() => running.out().includes('  c '), 'it has followed');
    running.stop();
    assert.equal(await running.code, 0);
    assert.deepEqual(
      running
        .out()
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ +/)[1]),
      ['a', 'b', 'c'],
    );
  });

  it('chooses by type, by URL and by time', async (t) => {
    const { env } = setUp(
      t,
      event('pageview', 'https://a.example/cart/1', at('2026-11-24T09:00:00.000Z')),
      event('click', 'https://a.example/cart/2', at('2026-11-24T10:00:00.000Z')),
      event('vital', 'https://a.example/', at('2026-11-24T11:00:00.000Z')),
      event('pageview', 'https://a.example/pay?cart', at('2026-11-24T12:00:00.000Z')),
    );
    const shown = async (...flags: string[]) => {
      const { out } = await runCli(['tail', '--no-follow', ...flags], { env });
      return out
        .split('\n')
        .slice(0, -1)
        .map((line) => line.slice(0, 2));
    };
    assert.deepEqual(await shown('--type', 'click,vital'), ['10', '11']);
    assert.deepEqual(await shown('--url', '/cart/'), ['09', '10']);
    assert.deepEqual(await shown('--url', 'a.example/*cart'), ['09', '10', '12']);
    assert.deepEqual(await shown('--since', '2026-11-24T11:00Z'), ['11', '12']);
    assert.deepEqual(await shown('--lines=1'), ['12']);
    assert.deepEqual(await shown('--type=pageview', '--since=2026-11-24T10:00Z'), ['12']);
  });

  it('passes lines on as they are with --json', async (t) => {
    const { path, env } = setUp(t, event('a', '/'), event('b', '/'));
    const { out } = await runCli(['tail', '--no-follow', '--type=b', '--json'], { env });
    assert.equal(out, lines(event('b', '/')));
    assert.equal(
      (await runCli(['tail', '--no-follow', '--json', path])).out,
      lines(event('a', '/'), event('b', '/')),
    );
  });

  it('has colours on a terminal only, and no line is longer than it', async (t) => {
    const { env } = setUp(t, event('error', `https://shop.example/${'x'.repeat(200)}`));
    const plain = await runCli(['tail', '--no-follow'], { env });
    assert.ok(!plain.out.includes('\u001b'));
    const wide = await runCli(['tail', '--no-follow'], { env, columns: 80 });
    assert.match(wide.out, /\u001b\[31merror/);
    assert.equal(wide.out.replaceAll(/\u001b\[\d+m/g, '').trimEnd().length, 80);
    const noColour = await runCli(['tail', '--no-follow'], { env: { ...env, NO_COLOR: '1' }, columns: 80 });
    assert.ok(!noColour.out.includes('\u001b'));
  });

  it('lets no event steer the terminal', async (t) => {
    const { path, env } = setUp(t, event('\u001b[2J', 'https://a.example/\u001b]0;x\u0007\u009b1m\u202e'));
    appendFileSync(path, 'no event \u001b[1m\n');
    const { out } = await runCli(['tail', '--no-follow'], { env });
    assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(out), JSON.stringify(out));
    assert.match(out, /no event: no event \\u001b\[1m/);
  });

  it('says what is wrong and what to do', async (t) => {
    const { folder, path } = setUp(t);
    const cases: [string[], Record<string, string>, number, RegExp][] = [
      [['tail', '--no-follow'], { LOG_PATH: join(folder, 'none') }, 1, /there is no .*none$/m],
      [['tail'], { LOG_PATH: 'stdout' }, 2, /standard output of the instance, and into no file/],
      [['tail', '--since', 'noon'], {}, 2, /--since got "noon", expected a time with its zone/],
      [['tail', '--lines', 'all'], {}, 2, /--lines got "all"/],
      [['tail', path, path], {}, 2, /one file at a time/],
      [['tail', '--typ', 'x'], { LOG_PATH: path }, 2, /--typ is no flag of ours/],
      [['tail'], { OUTPUTS: 'log:a,log:b', LOG_A_PATH: '/a', LOG_B_PATH: '/b' }, 2, /name one of \/a, \/b/],
    ];
    for (const [argv, env, code, expected] of cases) {
      const ended = await runCli(argv, { env });
      assert.equal(ended.code, code, argv.join(' '));
      assert.match(ended.error, expected);
    }
    assert.match((await runCli(['tail', '--help'])).out, /--no-follow/);
  });

  it('ends when nobody reads it any more, as behind `| head`', async (t) => {
    const { path } = setUp(t, event('a', '/'), event('b', '/'));
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'tail', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    t.after(() => child.kill('SIGKILL'));
    let error = '';
    child.stderr.on('data', (chunk) => {
      error += chunk;
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const growing = setInterval(() => appendFileSync(path, lines(event('c', '/'))), 50);
    const [code] = await exited;
    clearInterval(growing);
    assert.deepEqual({ code, error }, { code: 0, error: '' });
  });
});
