/**
 * Builds `src/inject/loops/loops.wasm` of the AssemblyScript beside it, unless it is newer than its sources. Run as a
 * program it prints one line, and fails where the compiler does.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'src', 'inject', 'loops');
const output = join(folder, 'loops.wasm');
const compiler = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');

/** What these export is what loops.ts may use. */
const ENTRIES = ['plain-tags.as.ts', 'deflate.as.ts'];
const OPTIONS = [
  '-O3',
  ...['--enable', 'simd'],
  // Nothing is ever allocated, and no check of the language's own is made: all memory is laid out by hand.
  ...['--runtime', 'stub'],
  '--noAssert',
  ...['--use', 'abort='],
];

function isCurrent(sources: readonly string[]): boolean {
  try {
    const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
    return statSync(output).mtimeMs > newest;
  } catch {
    // Not built yet.
    return false;
  }
}

/** Returns at once when nothing has changed since the last build. */
export function buildLoops(): void {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  if (isCurrent([import.meta.filename, ...names.map((name) => join(folder, name))])) return;
  const entries = ENTRIES.map((name) => join(folder, name));
  // Whole or not at all: tests and servers may read it at this moment.
  const temporary = `${output}.${process.pid}`;
  execFileSync(process.execPath, [compiler, ...entries, '-o', temporary, ...OPTIONS], { stdio: 'inherit' });
  renameSync(temporary, output);
}

if (import.meta.main) {
  buildLoops();
  console.log(`loops of inject: ${statSync(output).size} bytes`);
}
