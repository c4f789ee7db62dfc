/** The program as its owner meets it: starts that cannot work, and what each says. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { tempFolder } from '../support/temp.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

type Ended = { code: number | null; out: string; error: string };

async function gotrack(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH ?? '', ...env } });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, error };
}

test('every problem of a configuration is said at once, with its name and its cure', async () => {
  const { code, error } = await gotrack(['serve', '--batch-size=many'], {
    HMAC_SECRET: 'short',
    ORIGIN_CA: '/does/not/exist',
    SERVER_ADR: ':1',
  });
  assert.equal(code, 2);
  for (const said of [
    /FORWARD_DESTINATION is required/,
    /HMAC_SECRET expected at least 32 characters.*openssl rand -hex 32/,
    /BATCH_SIZE got "many"/,
    /ORIGIN_CA the file \/does\/not\/exist cannot be read/,
    /SERVER_ADR is no variable of ours; did you mean SERVER_ADDR\?/,
  ]) {
    assert.match(error, said);
  }
});

test('a command that does not exist, help and the version', async () => {
  assert.equal((await gotrack(['surf'])).code, 2);
  assert.match((await gotrack(['--help'])).out, /healthcheck/);
  assert.match((await gotrack(['version'])).out, /^\d+\.\d+\.\d+/);
});

test('schema prints a JSON Schema of the event', async () => {
  const { code, out } = await gotrack(['schema']);
  assert.equal(code, 0);
  const printed = JSON.parse(out);
  assert.equal(printed.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.deepEqual(printed.properties.schema, { const: 'gotrack.event/1' });
  assert.equal(printed.properties.payload.properties.url.properties.referrer.maxLength, 2048);
});

test('demo does not stand before somebody else’s site', async () => {
  const { code, error } = await gotrack(['demo'], { FORWARD_DESTINATION: 'http://127.0.0.1:9' });
  assert.equal(code, 2);
  assert.match(error, /gotrack serve/);
});

test('demo works beside secrets that are set', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  const env = { JOURNAL_DIR: join(folder.path, 'journal'), LOG_PATH: join(folder.path, 'events.ndjson') };
  const demo = await startGotrack({ ...env, HMAC_SECRETS: `a:${'s'.repeat(40)}` }, 'demo');
  assert.equal((await fetch(demo.site)).status, 200);
  assert.equal(await demo.stop(), 0);
});

test('a file of variables is enough to start, and healthcheck finds the instance by it', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  const path = join(folder.path, 'gotrack.yaml');
  const lines = [
    'forward_destination: http://127.0.0.1:9',
    `hmac_secret: ${TEST_SECRET}`,
    'path_prefix: /_gt',
    `journal_dir: ${join(folder.path, 'journal')}`,
    `log_path: ${join(folder.path, 'events.ndjson')}`,
  ];
  writeFileSync(path, lines.join('\n'));
  const running = await startGotrack({ GOTRACK_CONFIG: path }, 'start');
  const address = running.site.replace('http://', '');
  assert.equal((await gotrack(['healthcheck', '--config', path], { SERVER_ADDR: address })).code, 0);
  assert.equal((await gotrack(['healthcheck', '--config', '/nowhere'])).code, 2);
  assert.equal(await running.stop(), 0);
});

test('healthcheck asks the instance of its environment and flags', async (t) => {
  const folder = tempFolder();
  t.after(folder.remove);
  const running = await startGotrack({
    FORWARD_DESTINATION: 'http://127.0.0.1:9',
    HMAC_SECRET: TEST_SECRET,
    PATH_PREFIX: '/_gt',
    ORIGIN_TLS_SKIP_VERIFY: 'true',
    HMAC_PUBLIC_KEY: 'a key for all',
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: join(folder.path, 'events.ndjson'),
  });
  const address = running.site.replace('http://', '');
  assert.equal((await gotrack(['healthcheck', `--server-addr=${address}`, '--path-prefix=/_gt'])).code, 0);
  assert.equal((await gotrack(['healthcheck'], { SERVER_ADDR: address, PATH_PREFIX: '/_gt' })).code, 0);
  assert.equal((await gotrack(['healthcheck', `--server-addr=${address}`])).code, 1, 'the origin is down');
  assert.equal((await gotrack(['healthcheck', '--path-prefix=x'])).code, 2);
  assert.ok(
    running.log.some((line) => line.includes('ORIGIN_TLS_SKIP_VERIFY')),
    'it warns at every start',
  );
  assert.ok(
    running.log.some((line) => line.includes('HMAC_PUBLIC_KEY is ignored')),
    'nobody should believe that it does something',
  );
  assert.equal(await running.stop(), 0);
  assert.equal((await gotrack(['healthcheck', `--server-addr=${address}`])).code, 1, 'nobody there');
});
