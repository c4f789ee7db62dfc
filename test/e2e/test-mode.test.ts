/** TEST_MODE: five sample events come out of the sink, whatever else is set. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../support/app.ts';
import { eventsWhen } from '../support/event-log.ts';

const NOWHERE = 'http://127.0.0.1:9';

for (const env of [{}, { CONSENT: 'required', IP_HASH_SECRET: 'x'.repeat(32) }]) {
  test(`pageview, click, conversion, social pageview, custom: with ${JSON.stringify(Object.keys(env))}`, async (t) => {
    const app = await startApp(NOWHERE, { TEST_MODE: 'true', ...env });
    t.after(() => app.close());
    const events = await eventsWhen(app.logPath, (all) => all.length >= 5);
    const types = events.map(({ type }) => type);
    assert.deepEqual(types, ['pageview', 'click', 'conversion', 'pageview', 'sample']);
    assert.ok(events.every(({ payload }) => payload?.props?.sample === true));
    const social = events[3]!.payload?.url;
    assert.deepEqual(
      [social?.utm?.source, social?.meta, social?.referrer_hostname],
      ['social', { fbclid: 'sample' }, 'social.example'],
    );
    assert.equal('ip' in events[0]!, env.IP_HASH_SECRET === undefined);
  });
}

test('TRACKING=off records none of them', async () => {
  const app = await startApp(NOWHERE, { TEST_MODE: 'true', TRACKING: 'off' });
  const logPath = app.logPath;
  assert.deepEqual(await eventsWhen(logPath, (all) => all.length > 0, 300), []);
  await app.close();
});

test('without it there are none', async () => {
  const app = await startApp(NOWHERE);
  assert.deepEqual(await eventsWhen(app.logPath, (all) => all.length > 0, 300), []);
  await app.close();
});
