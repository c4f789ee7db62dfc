/**
 * `npm test`: format and lint, types, then every test file by node's runner. Names narrow it down:
 * `npm test -- test/proxy client/test/sign.test.ts`. `--full` (`npm run torture`) runs suites at their full size.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** A loaded machine of two cores runs few at once: browser and torture tests start processes of their own. */
const CONCURRENCY = 2;

function step(name: string, command: string, args: string[]): void {
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function testFiles(names: string[]): string[] {
  const patterns = names.length === 0 ? ['test', 'client/test'] : names;
  return patterns
    .flatMap((name) => (name.endsWith('.ts') ? [name] : globSync(`${name}/**/*.test.ts`)))
    .sort();
}

const names = process.argv.slice(2).filter((argument) => argument !== '--full');
if (process.argv.includes('--full')) process.env.TEST_SIZE = 'full';
if (names.length === 0) {
  step('format and lint', 'node_modules/.bin/biome', ['check', '--error-on-warnings', '.']);
  step('types', 'node_modules/.bin/tsc', ['--noEmit']);
  step('types of the tracker', 'node_modules/.bin/tsc', ['--noEmit', '-p', 'client']);
}
const files = testFiles(names);
step(`tests (${files.length} files)`, process.execPath, [
  '--test',
  `--test-concurrency=${CONCURRENCY}`,
  '--test-reporter=spec',
  ...files,
]);
