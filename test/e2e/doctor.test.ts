/** `gotrack doctor` as its user types it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PAGE } from '../doctor/harness.ts';
import { startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { closedPort, startHttpOrigin } from '../support/origin.ts';
import { tempFolder } from '../support/temp.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

async function doctor(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN, 'doctor', ...args], {
    env: { PATH: process.env.PATH ?? '', HMAC_SECRET: TEST_SECRET, ...env },
  });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.ok(!(out + error).includes(TEST_SECRET), 'no secret is printed');
  return { code, out, error };
}

test('a table before going live, JSON for scripts, and the live site by its URL', async (t) => {
  const origin = await startHttpOrigin((request, response) => {
    response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/html' }).end(PAGE);
  });
  const folder = tempFolder();
  t.after(async () => {
    await origin.close();
    folder.remove();
  });
  const env = {
    FORWARD_DESTINATION: `http://127.0.0.1:${origin.port}`,
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: join(folder.path, 'events.ndjson'),
  };
  const table = await doctor([], env);
  assert.equal(table.code, 0, table.out);
  assert.match(table.out, /ok {7}injection {2,}inserted: the tracker is in the page/);
  assert.doesNotMatch(table.out, /\u001b/, 'no colours into a pipe');

  const running = await startGotrack({ HMAC_SECRET: TEST_SECRET, ...env });
  const live = await doctor(['--json', running.site], env);
  assert.equal(await running.stop(), 0);
  const report = JSON.parse(live.out);
  assert.equal(live.code, 0, live.out);
  assert.equal(report.schema, 'gotrack.doctor/1');
  assert.equal(report.page, `${running.site}/`);
  assert.equal(report.summary.error, 0);
  const said = report.findings.map(({ found }: { found: string }) => found).join('\n');
  assert.match(said, /the page bears the tracker/);
  assert.match(said, /a signature over \/ holds/);
  assert.match(said, /a running instance holds it: pid \d+/);
  assert.doesNotMatch(live.out, /v1;tok=|data-token|"token"|"key"/);
});

test('a dead origin is exit code 1, a wrong configuration or usage 2', async () => {
  const dead = await doctor([], { FORWARD_DESTINATION: `http://127.0.0.1:${await closedPort()}` });
  assert.equal(dead.code, 1);
  assert.match(dead.out, /error {4}origin/);
  const wrong = await doctor(['--json'], { FORWARD_DESTINATION: 'nowhere' });
  assert.equal(wrong.code, 2);
  assert.equal(JSON.parse(wrong.out).findings[0].check, 'configuration');
  const usage = await doctor(['shop.example'], { FORWARD_DESTINATION: 'http://127.0.0.1:9' });
  assert.equal(usage.code, 2);
  assert.match(usage.error, /"shop\.example" is no page/);
  assert.match((await doctor(['--help'], {})).out, /^gotrack doctor \[URL\|\/path\]/);
});
