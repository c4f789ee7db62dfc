import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readEventHead } from '../../../src/sinks/kafka/event-head.ts';

const read = (text: string) => {
  const head = readEventHead(Buffer.from(text));
  return head && { id: head.id.toString(), type: head.type.toString() };
};

describe('the id and the type', () => {
  it('are read where an envelope has them', () => {
    const event = { event_id: 'a-b', timestamp: '2026-11-21T10:00:00.000Z', type: 'pageview', ip: '::1' };
    assert.deepEqual(read(JSON.stringify(event)), { id: 'a-b', type: 'pageview' });
  });

  it('are read from bytes of the record, which are not copied', () => {
    const record = Buffer.from(JSON.stringify({ event_id: 'x', timestamp: 't', type: 'click' }));
    assert.equal(readEventHead(record)!.id.buffer, record.buffer);
  });

  it('are what JSON.parse says, whatever stands in them and in which order', () => {
    const anyText = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.constantFrom('"', '\\', '","type":"x', 'ü', '\u0000'),
    );
    const event = fc.record({ event_id: anyText, timestamp: anyText, type: anyText });
    const keys = fc.shuffledSubarray(['event_id', 'timestamp', 'type', 'server'], { minLength: 4 });
    fc.assert(
      fc.property(event, keys, fc.boolean(), (values, order, spaced) => {
        const all: Record<string, unknown> = { ...values, server: { type: 'other' } };
        const text = JSON.stringify(
          Object.fromEntries(order.map((key) => [key, all[key]])),
          null,
          spaced ? 1 : 0,
        );
        const { event_id: id, type } = JSON.parse(Buffer.from(text).toString());
        assert.deepEqual(read(text), { id, type });
      }),
      { numRuns: 2000 },
    );
  });

  for (const text of [
    '',
    'null',
    '[]',
    '{"event_id":"x"',
    '{"event_id":1,"type":"x"}',
    '{"event_id":"x","timestamp":"t"}',
  ]) {
    it(`are not in ${JSON.stringify(text)}`, () => assert.equal(read(text), null));
  }
});
