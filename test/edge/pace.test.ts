import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePace, newPace, type PaceFacts } from '../../src/edge/pace.ts';

const LIMITS = { idleMs: 60_000, windowMs: 30_000, minBytesPerSecond: 500 };
const QUIET: PaceFacts = { now: 0, read: 0, taken: 0, owesBody: false, hasWaiting: false, pressed: false };

/** The first verdict that is not fine, with its second, where `at` says what is seen each second. */
function firstVerdict(at: (second: number) => Partial<PaceFacts>, seconds = 300): string {
  const pace = newPace();
  for (let second = 0; second <= seconds; second++) {
    const verdict = judgePace(pace, { ...QUIET, now: second * 1000, ...at(second) }, LIMITS);
    if (verdict !== 'fine') return `${verdict} at ${second} s`;
  }
  return 'fine';
}

const ROWS: [what: string, at: (second: number) => Partial<PaceFacts>, verdict: string][] = [
  ['nothing is owed', () => ({}), 'fine'],
  ['nothing is owed under pressure', () => ({ pressed: true }), 'fine'],
  ['a body of which nothing comes', () => ({ owesBody: true }), 'idle-body at 60 s'],
  ['a body that stops', (s) => ({ owesBody: true, read: Math.min(s, 100) }), 'idle-body at 160 s'],
  ['a byte each 50 s', (s) => ({ owesBody: true, read: Math.floor(s / 50) }), 'fine'],
  [
    'a byte each 50 s under pressure',
    (s) => ({ owesBody: true, read: Math.floor(s / 50), pressed: true }),
    'slow-body at 30 s',
  ],
  ['600 B/s under pressure', (s) => ({ owesBody: true, read: s * 600, pressed: true }), 'fine'],
  ['400 B/s under pressure', (s) => ({ owesBody: true, read: s * 400, pressed: true }), 'slow-body at 30 s'],
  [
    'fast, then slow, under pressure',
    (s) => ({ owesBody: true, read: Math.min(s, 90) * 10_000 + s, pressed: true }),
    'slow-body at 120 s',
  ],
  [
    'slow until there is pressure',
    (s) => ({ owesBody: true, read: s, pressed: s > 100 }),
    'slow-body at 120 s',
  ],
  ['bytes wait that nobody takes', () => ({ hasWaiting: true }), 'stuck-reader at 60 s'],
  ['bytes wait, some are taken', (s) => ({ hasWaiting: true, taken: Math.floor(s / 50) }), 'fine'],
  [
    'bytes wait, few are taken, under pressure',
    (s) => ({ hasWaiting: true, taken: s, pressed: true }),
    'slow-reader at 30 s',
  ],
  ['all is taken now and then', (s) => ({ hasWaiting: s % 25 !== 0, pressed: true }), 'fine'],
  ['a body that is not read for a while', (s) => ({ owesBody: s % 50 !== 0 }), 'fine'],
];
for (const [what, at, verdict] of ROWS) {
  test(`${what}: ${verdict}`, () => assert.equal(firstVerdict(at), verdict));
}
