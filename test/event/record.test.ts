import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toEcsRecord } from '../../src/event/ecs.ts';
import { type Envelope, SCHEMA, toRecord } from '../../src/event/envelope.ts';

const ENDS = ['\n', '\r', '\v', '\f', '\u001c', '\u001d', '\u001e', '\u0085', '\u2028', '\u2029'];
const title = ENDS.map((end) => `a${end}{"event_id":"forged"}`).join();
const EVENT: Envelope = {
  event_id: '0192f0c1-7f00-7abc-8def-0123456789ab',
  timestamp: '2026-11-21T10:00:00.000Z',
  type: 'pageview',
  ip: '203.0.113.42',
  url: 'https://shop.test/',
  payload: { route: { title }, props: { [`k${ENDS.join('')}`]: title } },
  server: {
    received_at: '2026-11-21T10:00:00.000Z',
    consent: { analytics: 'granted', security: 'granted', source: 'default' },
  },
  schema: SCHEMA,
};

test('a record is one line to whoever reads it, and says what was said', () => {
  const text = toRecord(EVENT).toString('utf8');
  for (const end of ENDS) assert.equal(text.includes(end), false, JSON.stringify(end));
  assert.deepEqual(JSON.parse(text), EVENT);
});

test('and so is a line of ECS', () => {
  const text = toEcsRecord(toRecord(EVENT)).toString('utf8');
  for (const end of ENDS) assert.equal(text.includes(end), false, JSON.stringify(end));
  assert.ok(JSON.stringify(JSON.parse(text)).includes('forged'));
});
