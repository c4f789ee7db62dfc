import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { metricsTable, replaceBetween, variableTables } from '../../scripts/docs-tables.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const CURE = 'run: npm run docs';

test("README's table of variables is what the code reads", () => {
  const readme = read('README.md');
  assert.equal(replaceBetween(readme, 'variables', variableTables()), readme, CURE);
});

test("METRICS.md's table is what the code counts", () => {
  const metrics = read('METRICS.md');
  assert.equal(replaceBetween(metrics, 'metrics', metricsTable()), metrics, CURE);
});

test('no two variables or metrics share a name', () => {
  const names = (text: string) => [...text.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  for (const table of [variableTables(), metricsTable()]) {
    assert.equal(new Set(names(table)).size, names(table).length);
    assert.ok(names(table).length > 10);
  }
});
