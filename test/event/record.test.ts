import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Envelope, SCHEMA, toRecord } from '../../src/event/envelope.ts';

const ENDS = ['\n', '\r', '\v', '\f', '\u001c', '\u001d', '\u001e', '\u0085', '\u2028', '\u2029'];

test('a record is one line to whoever reads it, and says what was said', () => {
  const title = ENDS.map((end) => `a${end}{"event_id":"forged"}`).join();
  const envelope = {
    payload: { route: { title, [`k${ENDS.join('')}`]: 'x' } },
    schema: SCHEMA,
  } as unknown as Envelope;
  const text = toRecord(envelope).toString('utf8');
  for (const end of ENDS) assert.equal(text.includes(end), false, JSON.stringify(end));
  assert.deepEqual(JSON.parse(text), envelope);
});
