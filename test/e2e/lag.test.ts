/** A sink that is behind: what an operator sees of it, in `/readyz` and in the metrics, and that it catches up. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventsWhen } from '../support/event-log.ts';
import { startGotrack, TEST_SECRET } from '../support/gotrack-process.ts';
import { tempFolder } from '../support/temp.ts';

type Ready = {
  status: string;
  sinks: { log: { state: string; lag_events: number; lag_s: number; error?: string } };
};

const readinessAt = async (url: string) => (await (await fetch(`${url}/readyz`)).json()) as Ready;

/** The value of a metric of the sink `log`; null: it is not there. */
async function metricAt(admin: string, name: string, more = ''): Promise<number | null> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const line = text
    .split('\n')
    .find((each) => each.startsWith(`${name}{`) && each.includes(`sink="log"${more}`));
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ')));
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain until ${what}`);
}

test('how far a sink is behind stands in /readyz and in the metrics, until it has caught up', async (t) => {
  const folder = tempFolder();
  const logPath = join(folder.path, 'later', 'events.ndjson');
  const gotrack = await startGotrack({
    FORWARD_DESTINATION: 'http://127.0.0.1:9',
    HMAC_SECRET: TEST_SECRET,
    METRICS_ENABLED: 'true',
    JOURNAL_DIR: join(folder.path, 'journal'),
    LOG_PATH: logPath,
  });
  t.after(async () => {
    await gotrack.stop();
    folder.remove();
  });
  const admin = gotrack.admin!;
  for (let n = 0; n < 3; n++) await fetch(`${gotrack.site}/px.gif?e=pageview&url=http%3A%2F%2Fa.test%2F`);

  await until(async () => ((await metricAt(admin, 'gotrack_sink_lag_seconds')) ?? 0) > 0, 'it is behind');
  assert.equal(await metricAt(admin, 'gotrack_queue_depth'), 3);
  const failures = await metricAt(admin, 'gotrack_sink_errors_total', ',error_type="retryable"');
  assert.ok((failures ?? 0) >= 1, 'a sink that does not open is a failure too');
  const { status, sinks } = await readinessAt(gotrack.site);
  assert.equal(status, 'degraded');
  assert.equal(sinks.log.state, 'retrying');
  assert.equal(sinks.log.lag_events, 3);
  assert.ok(sinks.log.lag_s > 0);
  assert.equal(sinks.log.error, undefined, 'a visitor learns no path of ours');
  assert.match((await readinessAt(admin)).sinks.log.error!, /LOG_PATH .*ENOENT/);

  mkdirSync(join(folder.path, 'later'));
  await until(async () => (await metricAt(admin, 'gotrack_sink_lag_seconds')) === 0, 'it has caught up');
  assert.equal((await eventsWhen(logPath, (events) => events.length === 3)).length, 3);
  assert.equal(await metricAt(admin, 'gotrack_queue_depth'), 0);
  assert.equal(await metricAt(admin, 'gotrack_batch_events_sum'), 3);
  assert.equal((await readinessAt(gotrack.site)).status, 'ready');
});
