/** A client that sends what consent does not allow is held to it here. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRig, type Rig, type RigSettings } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';

const EVENTS = [
  {
    type: 'pageview',
    route: { path: '/p', title: 'T', domain: 'shop.test' },
    page: { page_id: 'p' },
    session: { session_id: 's', user_id: 'u' },
    props: { a: 1 },
    results: { webdriver: true },
  },
  { type: 'signals', results: { webdriver: true } },
  { type: 'click', click: { tag: 'a' } },
];
const GPC: [string, string] = ['Sec-GPC', '1'];
const cookie = (value: string): [string, string] => ['Cookie', `gt_consent=${value}`];

async function withRig(settings: RigSettings, run: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await createRig(settings);
  try {
    await run(rig);
    for (const event of rig.events) assert.deepEqual(problemsOf(event), []);
  } finally {
    await rig.close();
  }
}

const types = (rig: Rig) => rig.events.map(({ type }) => type);

describe('consent', () => {
  test('everything granted: everything', () =>
    withRig({}, async (rig) => {
      await rig.post(EVENTS);
      assert.deepEqual(types(rig), ['pageview', 'signals', 'click']);
      assert.deepEqual(rig.events[0]!.server.consent, {
        analytics: 'granted',
        security: 'granted',
        source: 'default',
      });
    }));

  test('analytics denied: pageview and signals, and nothing of the person', () =>
    withRig({}, async (rig) => {
      const { json } = await rig.post(EVENTS, { headers: [GPC] });
      assert.deepEqual(json, { status: 'ok', accepted: 2, duplicates: 0, dropped: 1 });
      assert.deepEqual(types(rig), ['pageview', 'signals']);
      assert.deepEqual(rig.events[0]!.payload, {
        route: { domain: 'shop.test', path: '/p' },
        page: { page_id: 'p' },
        results: { webdriver: true },
      });
      assert.deepEqual(rig.events[0]!.server.consent, {
        analytics: 'denied',
        security: 'granted',
        source: 'gpc',
        gpc: true,
      });
      assert.equal(await rig.count('drops', 'no-consent'), 1);
    }));

  test('security denied: no signals, no order of headers', () =>
    withRig({}, async (rig) => {
      await rig.post(EVENTS, { headers: [cookie('analytics:granted.security:denied')] });
      assert.deepEqual(types(rig), ['pageview', 'click']);
      assert.equal(rig.events[0]!.payload?.results, undefined);
      assert.equal(rig.events[0]!.server.http?.header_order, undefined);
    }));

  test('both denied: nothing, and the client is told that nothing was kept', () =>
    withRig({}, async (rig) => {
      const answer = await rig.post(EVENTS, { headers: [cookie('analytics:denied.security:denied')] });
      assert.equal(answer.status, 202);
      assert.equal(answer.headers['x-gotrack-accepted'], '0');
      assert.deepEqual(answer.json, { status: 'ok', accepted: 0, duplicates: 0, dropped: 3 });
      assert.deepEqual(rig.events, []);
      assert.equal(await rig.count('drops', 'no-consent'), 3);
    }));

  test('CONSENT=required, nothing known: nothing', () =>
    withRig({ privacy: { mode: 'required' } }, async (rig) => {
      assert.equal((await rig.post(EVENTS)).json.accepted, 0);
      await rig.send({ method: 'GET', path: '/px.gif?e=pageview&auto=1' });
      assert.deepEqual(rig.events, []);
    }));

  test('CONSENT=required, granted in the body of one event', () =>
    withRig({ privacy: { mode: 'required' } }, async (rig) => {
      const choice = { consent: { analytics: 'granted', security: 'granted' } };
      const { json } = await rig.post([{ ...EVENTS[2], ...choice }, EVENTS[2]]);
      assert.deepEqual([json.accepted, json.dropped], [1, 1]);
      assert.deepEqual(rig.events[0]!.server.consent, {
        analytics: 'granted',
        security: 'granted',
        source: 'api',
      });
      assert.deepEqual(rig.events[0]!.payload, { click: { tag: 'a' } });
    }));

  test('the choice may stand in the payload of the flat form', () =>
    withRig({}, async (rig) => {
      await rig.post({ url: '/p', payload: { e: 'click', consent: { analytics: 'denied' } } });
      assert.deepEqual(rig.events, []);
    }));

  test('a body cannot grant what a header denies', () =>
    withRig({}, async (rig) => {
      await rig.post(
        { ...EVENTS[2], consent: { analytics: 'granted', security: 'granted' } },
        { headers: [GPC] },
      );
      assert.deepEqual(rig.events, []);
    }));

  for (const consent of ['granted', null, ['granted'], { analytics: 'yes' }, { marketing: 'denied' }]) {
    test(`a choice of nonsense says nothing: ${JSON.stringify(consent)}`, () =>
      withRig({}, async (rig) => {
        await rig.post({ ...EVENTS[2], consent });
        assert.equal(rig.events[0]!.server.consent?.source, 'default');
        assert.deepEqual(rig.events[0]!.payload, { click: { tag: 'a' } });
      }));
  }

  test('a repeat of a post of which some was dropped repeats what was not', () =>
    withRig({}, async (rig) => {
      const { sign } = await import('./support/signer.ts');
      const body = JSON.stringify(EVENTS);
      const header = sign(await rig.hello(), body);
      await rig.post(body, { header, headers: [GPC] });
      assert.equal((await rig.post(body, { header, headers: [GPC] })).json.duplicates, 2);
    }));
});
