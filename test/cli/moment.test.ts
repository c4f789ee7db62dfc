import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMoment } from '../../src/cli/moment.ts';

const NOW = Date.UTC(2026, 10, 24, 12);
const CASES: [text: string, expected: number | null][] = [
  ['2026-11-24T10:00Z', Date.UTC(2026, 10, 24, 10)],
  ['2026-11-24 10:00z', Date.UTC(2026, 10, 24, 10)],
  ['2026-11-24T10:00:01.5+01:00', Date.UTC(2026, 10, 24, 9, 0, 1, 500)],
  ['90s', NOW - 90_000],
  ['15m', NOW - 900_000],
  ['2h', NOW - 7_200_000],
  ['7d', NOW - 604_800_000],
  ['2026-11-24T10:00', null],
  ['2026-11-24', null],
  ['2026-13-24T10:00Z', null],
  ['2026-11-24T10:00Zulu', null],
  ['1w', null],
  ['-5m', null],
  ['', null],
];
for (const [text, expected] of CASES) {
  test(`${JSON.stringify(text)} is ${expected === null ? 'no moment' : new Date(expected).toISOString()}`, () => {
    assert.equal(parseMoment(text, NOW), expected);
  });
}
