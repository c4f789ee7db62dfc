/** Servers as senders: `POST /collect` with `Authorization: Bearer INGEST_TOKEN`. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Envelope } from '../../src/event/envelope.ts';
import type { Answer } from './support/raw-request.ts';
import { createRig, type Rig } from './support/rig.ts';
import { problemsOf } from './support/schema.ts';

const TOKEN = 'the token of our servers, 32 characters'.replaceAll(' ', '-');
const HERE = '198.51.100.200';

let rig: Rig;
before(async () => {
  rig = await createRig({
    options: { ingestToken: TOKEN, rates: { collect: 1, hello: 1, pixel: 1, document: 1 } },
  });
});
beforeEach(() => void rig.events.splice(0));
after(() => rig.close());

type Sending = { authorization?: string | null; path?: string; headers?: [string, string][]; to?: Rig };

function send(event: unknown, sending: Sending = {}): Promise<Answer> {
  const { authorization = `Bearer ${TOKEN}`, path = '/collect', headers = [], to = rig } = sending;
  return to.send({
    path,
    body: JSON.stringify(event),
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Forwarded-For', HERE],
      ...(authorization === null ? [] : [['Authorization', authorization] as [string, string]]),
      ...headers,
    ],
  });
}

async function stored(event: unknown, sending?: Sending): Promise<Envelope> {
  const answer = await send(event, sending);
  assert.equal(answer.json.accepted, 1, answer.body);
  assert.deepEqual(problemsOf(rig.events.at(-1)), []);
  return rig.events.at(-1)!;
}

describe('with the token', () => {
  test('events are taken and marked, and no cookie is set', async () => {
    const answer = await send([{ type: 'order', session: { session_id: 's1' } }, { type: 'refund' }]);
    assert.deepEqual([answer.status, answer.json], [202, { status: 'ok', accepted: 2, duplicates: 0 }]);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.deepEqual(rig.events[0]!.server.auth, { scheme: 'server' });
    assert.ok((await rig.count('accepted', 'server')) >= 2);
  });

  test('the name of the scheme may be in any case (RFC 9110 §11.1)', async () => {
    await stored({ type: 'a' }, { authorization: `bearer ${TOKEN}` });
  });

  test('they say whose event it is', async () => {
    const event = await stored({ type: 'a', ip: '::ffff:203.0.113.9', ua: 'Mozilla/5.0 (a phone)' });
    assert.deepEqual([event.ip, event.ua], ['203.0.113.9', 'Mozilla/5.0 (a phone)']);
  });

  test('else it is their own', async () => {
    const event = await stored({ type: 'a', ip: null, ua: '' }, { headers: [['User-Agent', 'shop/1.0']] });
    assert.deepEqual([event.ip, event.ua], [HERE, 'shop/1.0']);
  });

  test('a long ua is cut like the header’s', async () => {
    assert.equal((await stored({ type: 'a', ua: 'u'.repeat(3_000) })).ua?.length, 1_024);
  });

  for (const claim of [{ ip: 'localhost' }, { ip: 5 }, { ip: '1.2.3' }, { ua: 5 }, { ua: {} }]) {
    test(`${JSON.stringify(claim)} is refused, and named`, async () => {
      const answer = await send([{ type: 'a' }, { type: 'b', ...claim }]);
      const rejected = [{ index: 1, reason: 'bad-claim', field: Object.keys(claim)[0] }];
      assert.deepEqual(answer.json, { status: 'ok', accepted: 1, duplicates: 0, rejected });
    });
  }

  test('they say any time, up to 9999, and without a window', async () => {
    for (const timestamp of [
      '1970-01-01T00:00:00.000Z',
      '2001-02-03T04:05:06.000Z',
      '9999-12-31T23:59:59.999Z',
    ]) {
      const event = await stored({ type: 'a', timestamp });
      assert.deepEqual([event.timestamp, event.server.adjusted], [timestamp, undefined]);
    }
    const none = await stored({ type: 'a', timestamp: 'yesterday' });
    assert.deepEqual([none.timestamp, none.server.adjusted], [none.server.received_at, ['timestamp']]);
  });

  test('they say any UUID', async () => {
    const event = await stored({ type: 'a', event_id: '0193A0D2-1111-7222-8333-444444444444' });
    assert.equal(event.event_id, '0193a0d2-1111-7222-8333-444444444444');
    assert.equal(event.server.client_event_id, undefined);
    const named = await stored({ type: 'a', event_id: 'order-17' });
    assert.equal(named.server.client_event_id, 'order-17');
  });

  test('without one the id comes from Idempotency-Key and place, so that a resend repeats it', async () => {
    const batch = [{ type: 'a' }, { type: 'b' }];
    const sending = { headers: [['Idempotency-Key', 'import-7']] as [string, string][] };
    await send(batch, sending);
    await send(batch, sending);
    const ids = rig.events.map(({ event_id }) => event_id);
    assert.deepEqual(ids.slice(2), ids.slice(0, 2));
    assert.equal(new Set(ids).size, 2);
    assert.notEqual((await stored({ type: 'a' })).event_id, ids[0], 'without either it is new');
  });

  test('they may not say what the proxy alone knows', async () => {
    const event = await stored({ type: 'a', server: { geo: { country: 'DE' } }, schema: 'mine/1' });
    assert.deepEqual(Object.keys(event.server).sort(), [
      'auth',
      'consent',
      'http',
      'received_at',
      'request_id',
    ]);
    assert.equal((await send({ type: 'document' })).json.error, 'reserved-type');
  });

  test('no rate holds them up', async () => {
    for (let i = 0; i < 5; i++) assert.equal((await send({ type: 'a' })).status, 202);
  });

  test('user ids are pseudonyms, addresses are hashed, consent in the body holds', async (t) => {
    const strict = await createRig({
      options: { ingestToken: TOKEN },
      privacy: { ipHashSecret: 'the key of addresses', mode: 'required' },
    });
    t.after(() => strict.close());
    const event = { type: 'a', ip: '203.0.113.9', session: { user_id: 'usr_1' } };
    assert.equal((await send(event, { to: strict })).json.dropped, 1, 'nobody has agreed');
    const consent = { analytics: 'granted', security: 'granted' };
    await send({ ...event, consent }, { to: strict });
    const [kept] = strict.events;
    assert.match(kept?.ip_hash ?? '', /^[0-9a-f]{64}$/);
    assert.match(kept?.payload?.session?.user_id ?? '', /^[0-9a-f]{64}$/);
    assert.equal(JSON.stringify(kept).includes('203.0.113.9'), false);
    assert.equal(
      (await send({ ...event, session: { user_id: 'a@b.example' }, consent }, { to: strict })).json.error,
      'user-id-email',
    );
  });
});

describe('without it', () => {
  const wrong = [`Bearer ${TOKEN.slice(1)}`, `Bearer ${TOKEN}x`, `Bearer x${TOKEN.slice(1)}`];
  for (const authorization of wrong) {
    test(`${authorization.slice(0, 12)}…${authorization.length}: 401 bad-ingest-token`, async () => {
      const answer = await send({ type: 'a' }, { authorization });
      assert.deepEqual([answer.status, answer.json], [401, { error: 'bad-ingest-token' }]);
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
      assert.ok((await rig.count('rejections', 'bad-ingest-token')) > 0);
    });
  }

  for (const authorization of [
    null,
    '',
    'Bearer',
    'Bearer ',
    `Basic ${btoa(`u:${TOKEN}`)}`,
    TOKEN,
    `Token ${TOKEN}`,
  ]) {
    test(`${authorization?.slice(0, 10)}: 401 unsigned`, async () => {
      assert.deepEqual((await send({ type: 'a' }, { authorization })).json, { error: 'unsigned' });
    });
  }

  test('INGEST_TOKEN unset: no token is right, not even an empty one', async (t) => {
    const closed = await createRig();
    t.after(() => closed.close());
    for (const authorization of [`Bearer ${TOKEN}`, 'Bearer ', 'Bearer null']) {
      assert.deepEqual((await send({ type: 'a' }, { authorization, to: closed })).json, {
        error: 'unsigned',
      });
    }
  });

  test('a signature that is there is what counts', async () => {
    const answer = await send({ type: 'a' }, { headers: [['X-GoTrack-HMAC', 'nonsense']] });
    assert.equal(answer.json.error, 'bad-signature');
  });

  test('a browser may not say ip, ua or an old time', async () => {
    const answer = await rig.post({ type: 'a', ip: '6.6.6.6', ua: 'x', timestamp: '2001-02-03T04:05:06Z' });
    assert.equal(answer.json.accepted, 1, answer.body);
    const [event] = rig.events;
    assert.deepEqual([event?.ip, event?.ua], ['203.0.113.42', undefined]);
    assert.deepEqual(event?.server.adjusted, ['timestamp']);
  });

  test('a page of another site gets no further for having it', async () => {
    const answer = await send({ type: 'a' }, { headers: [['Origin', 'https://evil.test']] });
    assert.equal(answer.json.error, 'cross-site');
  });
});
