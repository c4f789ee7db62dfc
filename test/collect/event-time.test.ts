import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { parseRfc3339 } from '../../src/collect/event-time.ts';
import { createRig, type PostSettings, type Rig, START } from './support/rig.ts';

describe('RFC 3339', () => {
  const good: [string, number][] = [
    ['2026-11-21T10:00:00Z', Date.UTC(2026, 10, 21, 10)],
    ['2026-11-21t10:00:00z', Date.UTC(2026, 10, 21, 10)],
    ['2026-11-21 10:00:00Z', Date.UTC(2026, 10, 21, 10)],
    ['2026-11-21T10:00:00.5Z', Date.UTC(2026, 10, 21, 10, 0, 0, 500)],
    ['2026-11-21T10:00:00.123456789Z', Date.UTC(2026, 10, 21, 10, 0, 0, 123)],
    ['2026-11-21T10:00:00+01:30', Date.UTC(2026, 10, 21, 8, 30)],
    ['2026-11-21T10:00:00-05:00', Date.UTC(2026, 10, 21, 15)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['1970-01-01T00:00:00Z', 0],
    ['9999-12-31T23:59:59.999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ];
  for (const [text, at] of good) test(`${text} is one`, () => assert.equal(parseRfc3339(text), at));

  const bad = [
    ...[
      '',
      'now',
      '2026-11-21',
      '2026-11-21T10:00:00',
      '2026-11-21T10:00Z',
      '2026-11-21T10:00:00+0100',
      '20261121T100000Z',
    ],
    ...[
      '2026-13-01T00:00:00Z',
      '2026-00-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2025-02-29T00:00:00Z',
      '2026-11-00T00:00:00Z',
    ],
    ...[
      '2026-11-21T24:00:00Z',
      '2026-11-21T10:60:00Z',
      '2026-11-21T10:00:61Z',
      '2026-11-21T10:00:00+24:00',
      '2026-11-21T10:00:00.Z',
    ],
    ...[
      '1969-12-31T23:59:59Z',
      '10000-01-01T00:00:00Z',
      '1970-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-01:00',
      '1795255200000',
    ],
    ...[
      '2026-11-21T10:00:00Z ',
      ' 2026-11-21T10:00:00Z',
      '2026-11-21T10:00:00Zx',
      `2026-11-21T10:00:00.${'1'.repeat(100)}Z`,
    ],
  ];
  for (const text of bad)
    test(`${JSON.stringify(text).slice(0, 40)} is none`, () => assert.equal(parseRfc3339(text), null));

  test('whatever Date writes, it reads', () => {
    const date = fc.date({
      min: new Date(0),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(date, (given) => assert.equal(parseRfc3339(given.toISOString()), given.getTime())));
  });
});

describe('the time of an event', () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig();
  });
  after(() => rig.close());

  const at = (ms: number) => new Date(START + ms).toISOString();
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;

  /** What is stored, and whether it was adjusted. */
  async function stored(event: object, settings?: PostSettings): Promise<[string, boolean]> {
    const answer = await rig.post({ type: 'a', ...event }, settings);
    assert.equal(answer.status, 202);
    const { timestamp, server } = rig.events.at(-1)!;
    assert.equal(server.received_at, at(0));
    return [timestamp, server.adjusted?.includes('timestamp') ?? false];
  }

  test('without a word from the client it is ours', async () =>
    assert.deepEqual(await stored({}), [at(0), false]));
  test("is the client's", async () =>
    assert.deepEqual(await stored({ ts: at(-1_500) }), [at(-1_500), false]));
  test('in either field', async () =>
    assert.deepEqual(await stored({ timestamp: at(-1_500) }), [at(-1_500), false]));
  test('is written in UTC with milliseconds', async () => {
    assert.deepEqual(await stored({ ts: '2026-11-21T11:00:00+01:00' }), ['2026-11-21T10:00:00.000Z', false]);
  });

  const window: [string, number, boolean][] = [
    ['5 minutes ahead', 5 * MINUTE, true],
    ['a moment more', 5 * MINUTE + 1, false],
    ['24 hours behind', -DAY, true],
    ['a moment more behind', -DAY - 1, false],
  ];
  for (const [name, ms, taken] of window) {
    test(`${name}: ${taken ? 'taken' : 'replaced by ours and noted'}`, async () => {
      assert.deepEqual(await stored({ ts: at(ms) }), taken ? [at(ms), false] : [at(0), true]);
    });
  }

  for (const ts of ['yesterday', '2026-11-21T10:00:00', 1_795_255_200_000, { a: 1 }, true]) {
    test(`${JSON.stringify(ts)} gives way to ours and is noted`, async () =>
      assert.deepEqual(await stored({ ts }), [at(0), true]));
  }
  for (const ts of [null, '']) {
    test(`${JSON.stringify(ts)} says nothing`, async () =>
      assert.deepEqual(await stored({ ts }), [at(0), false]));
  }

  test('a clock a day behind is put right by what the signature says', async () => {
    const sent = START - DAY;
    const event = { ts: at(-DAY - 2_000), page: { sent_at: sent } };
    assert.deepEqual(await stored(event, { sign: { t: START } }), [at(-2_000), true]);
  });

  test('a clock a day ahead too', async () => {
    const event = { ts: at(DAY - 2_000), page: { sent_at: START + DAY } };
    assert.deepEqual(await stored(event, { sign: { t: START } }), [at(-2_000), true]);
  });

  test('a clock off by seconds is put right without a word', async () => {
    const event = { ts: at(8_000), page: { sent_at: START + 10_000 } };
    assert.deepEqual(await stored(event, { sign: { t: START } }), [at(-2_000), false]);
  });

  test('a batch that waited for hours keeps its time', async () => {
    const event = { ts: at(-20 * HOUR), page: { sent_at: START } };
    assert.deepEqual(await stored(event, { sign: { t: START } }), [at(-20 * HOUR), false]);
  });

  test('an absurd offset gives way to ours', async () => {
    assert.deepEqual(await stored({ ts: at(0), page: { sent_at: -1e300 } }), [at(0), true]);
    assert.deepEqual(await stored({ ts: at(0), page: { sent_at: 0 } }), [at(0), true]);
  });
});
