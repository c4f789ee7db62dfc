import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { idFromClaim, idFromSource } from '../../src/event/ids.ts';

const V4 = '6f1a5c1e-1111-4222-8333-444444444444';
const V5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const claimant = { scheme: 'v1', session: 's1', ipTag: 'a1b2c3d4e5f60718' } as const;

describe('event ids', () => {
  test('a UUIDv4 of a browser is kept, in lower case', () => {
    assert.deepEqual(idFromClaim(V4, claimant), { eventId: V4 });
    assert.deepEqual(idFromClaim(V4.toUpperCase(), claimant), { eventId: V4 });
  });

  const others = [
    '1',
    'order-17',
    '6f1a5c1e-1111-1222-8333-444444444444',
    '0193a0d2-1111-7222-8333-444444444444',
    `${V4} `,
    '6f1a5c1e-1111-4222-7333-444444444444',
  ];
  for (const claimed of others) {
    test(`anything else becomes a UUIDv5 and is remembered: ${claimed}`, () => {
      const { eventId, clientEventId } = idFromClaim(claimed, claimant);
      assert.match(eventId, V5);
      assert.equal(clientEventId, claimed);
      assert.equal(idFromClaim(claimed, claimant).eventId, eventId, 'the same again');
    });
  }

  test('nobody can take the id that somebody else will get', () => {
    const mine = idFromClaim('order-17', claimant).eventId;
    const theirs = [
      idFromClaim('order-17', { ...claimant, session: 's2' }),
      idFromClaim('order-17', { ...claimant, session: null }),
      idFromClaim('order-17', { ...claimant, scheme: 'none' }),
      idFromClaim('order-17', { ...claimant, session: null, ipTag: '0000000000000000' }),
      idFromClaim('order-18', claimant),
    ].map(({ eventId }) => eventId);
    assert.equal(new Set([mine, ...theirs]).size, 6);
    assert.equal(
      idFromClaim('order-17', { ...claimant, ipTag: 'another' }).eventId,
      mine,
      'with a session, the address does not matter',
    );
  });

  test('a session that looks like an address tag is not one', () => {
    const bySession = idFromClaim('x', { scheme: 'v1', session: 'a1b2c3d4e5f60718', ipTag: '' });
    assert.notEqual(bySession.eventId, idFromClaim('x', { ...claimant, session: null }).eventId);
  });

  test('without one, signature and place give it', () => {
    const source = { kind: 'signature', text: 'ab'.repeat(32) } as const;
    assert.match(idFromSource(source, 0), V5);
    assert.equal(idFromSource(source, 0), idFromSource({ ...source }, 0));
    assert.notEqual(idFromSource(source, 0), idFromSource(source, 1));
    assert.notEqual(idFromSource(source, 0), idFromSource({ ...source, text: 'cd'.repeat(32) }, 0));
    assert.notEqual(idFromSource(source, 0), idFromSource({ ...source, kind: 'idempotency-key' }, 0));
  });

  test('of a server every UUID is kept, and what is none is one claim wherever it comes from', () => {
    const server = { scheme: 'server', session: null, ipTag: 'a1b2c3d4e5f60718' } as const;
    for (const id of ['0193a0d2-1111-7222-8333-444444444444', '6F1A5C1E-1111-1222-8333-444444444444']) {
      assert.deepEqual(idFromClaim(id, server), { eventId: id.toLowerCase() });
    }
    const { eventId } = idFromClaim('order-17', server);
    assert.match(eventId, V5);
    assert.equal(idFromClaim('order-17', { ...server, ipTag: '0', session: 's' }).eventId, eventId);
    assert.notEqual(idFromClaim('order-17', claimant).eventId, eventId);
  });
});
