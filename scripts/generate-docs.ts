/** `npm run docs`: writes the generated tables into README.md and METRICS.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { metricsTable, replaceBetween, variableTables } from './docs-tables.ts';

function rewrite(path: string, name: string, content: string): void {
  writeFileSync(path, replaceBetween(readFileSync(path, 'utf8'), name, content));
}

rewrite('README.md', 'variables', variableTables());
rewrite('METRICS.md', 'metrics', metricsTable());
