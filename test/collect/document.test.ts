import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { ServedDocument } from '../../src/collect/document.ts';
import { request } from './support/raw-request.ts';
import { createRig, IP, type Rig, type RigSettings, START } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';

const ID = '0192f0c1-7f00-7abc-8def-0123456789ab';

/** Serves a page by a real server and records it as `inject` would. */
async function serve(
  rig: Rig,
  served: Partial<ServedDocument> = {},
  headers: [string, string][] = [],
  path = '/p?x=1',
): Promise<void> {
  const recorded = Promise.withResolvers<void>();
  const server = http.createServer((clientReq, clientRes) => {
    const address = { ip: IP, ipKey: IP, peer: IP, peerTrusted: false };
    const exchange = {
      clientReq,
      clientRes,
      address,
      requestId: 'r',
      receivedAt: START,
      scheme: 'https',
      host: 'shop.test',
    } as const;
    clientRes.end('<p>page');
    const document = {
      exchange,
      documentId: ID,
      sessionId: null,
      status: 200,
      bytes: 7,
      originMs: 12.345,
      injection: 'inserted',
      prefetch: false,
    };
    void rig.collect.recordDocument({ ...document, ...served }).then(recorded.resolve);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    await request((server.address() as AddressInfo).port, { method: 'GET', path, headers });
    await recorded.promise;
  } finally {
    server.close();
  }
}

async function withRig(settings: RigSettings, run: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await createRig(settings);
  try {
    await run(rig);
    for (const event of rig.events) assert.deepEqual(problemsOf(event), []);
  } finally {
    await rig.close();
  }
}

describe('the document event', () => {
  test('says what was served, to whom, and what came of the injection', () =>
    withRig({}, async (rig) => {
      await serve(rig, { sessionId: 's1' }, [
        ['User-Agent', 'Browser/1.0'],
        ['X-First', '1'],
      ]);
      assert.deepEqual(rig.events, [
        {
          event_id: ID,
          timestamp: new Date(START).toISOString(),
          type: 'document',
          ip: IP,
          ua: 'Browser/1.0',
          url: 'https://shop.test/p?x=1',
          payload: { session: { session_id: 's1' }, url: { raw_query: 'x=1', query_size: 3 } },
          server: {
            received_at: new Date(START).toISOString(),
            request_id: 'r',
            document: { status: 200, bytes: 7, origin_ms: 12.3, injection: 'inserted' },
            consent: { analytics: 'granted', security: 'granted', source: 'default' },
            http: {
              version: '1.1',
              host: 'shop.test',
              method: 'GET',
              header_order: ['Host', 'User-Agent', 'X-First', 'Connection'],
              status: 200,
            },
          },
          schema: 'gotrack.event/1',
        },
      ]);
    }));

  test('without a session and a query has no payload, and a prefetch says so', () =>
    withRig({}, async (rig) => {
      await serve(rig, { prefetch: true, status: 404 }, [], '/p');
      const [event] = rig.events;
      assert.equal(event!.payload, undefined);
      assert.equal(event!.server.document?.prefetch, true);
      assert.deepEqual([event!.server.document?.status, event!.server.http?.status], [404, 404]);
    }));

  test('has a scrubbed URL of bounded length', () =>
    withRig({}, async (rig) => {
      await serve(rig, {}, [], `/p?token=hunter2&q=${'x'.repeat(5_000)}`);
      assert.equal(rig.events[0]!.url?.includes('hunter2'), false);
      assert.equal(rig.events[0]!.url?.length, 2_048);
    }));

  test('of a visitor who denies analytics has neither query nor session', () =>
    withRig({}, async (rig) => {
      await serve(rig, { sessionId: 's1' }, [['Sec-GPC', '1']]);
      assert.equal(rig.events[0]!.url, 'https://shop.test/p');
      assert.equal(rig.events[0]!.payload, undefined);
    }));

  test('of a visitor who denies both is none', () =>
    withRig({}, async (rig) => {
      await serve(rig, {}, [['Cookie', 'gt_consent=analytics:denied.security:denied']]);
      assert.deepEqual(rig.events, []);
      assert.equal(await rig.count('drops', 'no-consent'), 1);
    }));

  test('EVENTS_EXCLUDE drops by type and by path, counted', () =>
    withRig({ options: { exclusions: { types: new Set(), paths: [['/p']] } } }, async (rig) => {
      await serve(rig);
      await serve(rig, {}, [], '/q');
      assert.equal(rig.events.length, 1);
      assert.equal(await rig.count('drops', 'excluded'), 1);
    }));

  test('past the rate of an address it is dropped, counted', () =>
    withRig({ options: { rates: { collect: 0, hello: 0, pixel: 0, document: 2 } } }, async (rig) => {
      for (let i = 0; i < 3; i++) await serve(rig);
      assert.equal(rig.events.length, 2);
      assert.equal(await rig.count('drops', 'document-rate'), 1);
    }));

  test('when the journal is nearly full, or cannot write, it is dropped, counted', () =>
    withRig({}, async (rig) => {
      rig.journal.fill = 0.9;
      await serve(rig);
      rig.journal.fill = 0;
      rig.journal.outcome = { ok: false, reason: 'unavailable' };
      await serve(rig);
      rig.journal.outcome = new Error('a fault');
      await serve(rig);
      assert.deepEqual(rig.events, []);
      for (const reason of ['journal-nearly-full', 'journal-unavailable', 'fault'])
        assert.equal(await rig.count('drops', reason), 1);
    }));
});
