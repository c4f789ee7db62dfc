import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { copyText } from '../../../src/sinks/postgres/copy-text.ts';
import { readRows } from '../../../src/sinks/postgres/rows.ts';
import { event, recordOf, recordsOf } from '../../support/postgres-sink.ts';

/** As the manual has it read (COPY, "Text Format"). */
function plainText(field: string): string {
  const letters: Record<string, string> = { t: '\t', n: '\n', r: '\r' };
  return field.replace(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter);
}

describe('the text of a COPY', () => {
  it('is a line a row and a tab between columns, whatever stands in the record', () => {
    const odd = fc.string({ unit: fc.constantFrom('\\', '\t', '\n', '\r', 'n', '"', '.', 'é', '😀', ' ') });
    fc.assert(
      fc.property(fc.array(odd, { minLength: 1, maxLength: 5 }), (texts) => {
        const values = texts.map((text) => event({ text }));
        // White space between the tokens of JSON is the one way in which it holds raw line feeds and tabs.
        const records = values.map((value, n) => Buffer.from(JSON.stringify(value, null, n % 2 ? '\t' : 0)));
        const lines = copyText(readRows(records).rows).toString().split('\n');
        assert.equal(lines.pop(), '');
        const fields = lines.map((line) => line.split('\t').map(plainText));
        assert.deepEqual(
          fields,
          values.map(({ event_id, timestamp }, n) => [event_id, timestamp, String(records[n])]),
        );
      }),
    );
  });
});

describe('a record', () => {
  const GOOD = event();
  const REASONS: [what: string, record: Buffer, reason: string | null][] = [
    ['that is an envelope', recordOf(GOOD), null],
    ['whose fields stand in another order', recordOf({ n: 1, ...GOOD }), null],
    ['with a time zone', recordOf({ ...GOOD, timestamp: '2026-11-24T10:00:00+01:00' }), null],
    ['that is no JSON', Buffer.from('{"event_id":'), 'not-json'],
    ['that is null', Buffer.from('null'), 'bad-event-id'],
    ['that is no UTF-8', Buffer.concat([recordOf(GOOD), Buffer.from([0xff])]), 'not-utf8'],
    ['without an id', recordOf({ timestamp: GOOD.timestamp }), 'bad-event-id'],
    ['whose id is no UUID', recordOf({ ...GOOD, event_id: 'x'.repeat(36) }), 'bad-event-id'],
    ['whose id is a number', recordOf({ ...GOOD, event_id: 5 }), 'bad-event-id'],
    ['without a time', recordOf({ event_id: GOOD.event_id }), 'bad-timestamp'],
    ['of no time at all', recordOf({ ...GOOD, timestamp: 'yesterday, about noon' }), 'bad-timestamp'],
    ['from before 1970', recordOf({ ...GOOD, timestamp: '0000-01-01T00:00:00.000Z' }), 'bad-timestamp'],
  ];
  for (const [what, record, reason] of REASONS) {
    it(`${what} ${reason === null ? 'is a row' : `is refused as ${reason}`}`, () => {
      const { rows, refusals } = readRows([...recordsOf([event()]), record]);
      assert.deepEqual(refusals, reason === null ? [] : [{ index: 1, reason }]);
      assert.equal(rows.length, reason === null ? 2 : 1);
    });
  }
});
