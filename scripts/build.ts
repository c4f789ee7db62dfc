/** `npm run build`: compiled JavaScript and WebAssembly in dist/, which runs without type stripping, and the tracker. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { basename, extname } from 'node:path';

rmSync('dist', { recursive: true, force: true });
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
execFileSync(process.execPath, ['scripts/build-loops.ts'], { stdio: 'inherit' });
// pages, styles, pictures and WebAssembly stand beside the code that serves them
const isSource = (path: string) => extname(path) === '.ts' || basename(path) === 'tsconfig.json';
cpSync('src', 'dist', { recursive: true, filter: (path) => !isSource(path) });
execFileSync(process.execPath, ['client/build.ts'], { stdio: 'inherit' });
console.log('dist/ is built: node dist/main.js serve');
