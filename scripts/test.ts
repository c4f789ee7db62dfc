/**
 * `npm test`: format and lint, types, then every test file by node's runner. Names narrow it down:
 * `npm test -- test/proxy client/test/sign.test.ts`. `--full` (`npm run torture`) runs suites at their full size,
 * and `--faults` prints at the end what they found out about each fault.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A loaded machine of two cores runs few at once: browser and torture tests start processes of their own. */
const CONCURRENCY = 2;

function step(name: string, command: string, args: string[]): void {
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Ends the servers that test files share (test/support/kafka-shared.ts), and removes what they kept. */
function endShared(folder: string): void {
  const file = join(folder, 'kafka.json');
  if (existsSync(file)) {
    const kafka = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; folder: string };
    endProcess(kafka.pid);
    rmSync(kafka.folder, { recursive: true, force: true, maxRetries: 5 });
  }
  rmSync(folder, { recursive: true });
}

function testFiles(names: string[]): string[] {
  const patterns = names.length === 0 ? ['test', 'client/test'] : names;
  return patterns
    .flatMap((name) => (name.endsWith('.ts') ? [name] : globSync(`${name}/**/*.test.ts`)))
    .sort();
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const table = ['--test-reporter=./scripts/fault-table.ts', '--test-reporter-destination=stdout'];
if (process.argv.includes('--full')) process.env.TEST_SIZE = 'full';
if (names.length === 0) {
  step('format and lint', 'node_modules/.bin/biome', ['check', '--error-on-warnings', '.']);
  step('types', 'node_modules/.bin/tsc', ['--noEmit']);
  step('types of the tracker', 'node_modules/.bin/tsc', ['--noEmit', '-p', 'client']);
}
const files = testFiles(names);
const shared = mkdtempSync(join(tmpdir(), 'gotrack-run-'));
process.env.TEST_RUN_FOLDER = shared;
process.once('exit', () => endShared(shared));
step(`tests (${files.length} files)`, process.execPath, [
  '--test',
  `--test-concurrency=${CONCURRENCY}`,
  '--test-reporter=spec',
  '--test-reporter-destination=stdout',
  ...(process.argv.includes('--faults') ? table : []),
  ...files,
]);
