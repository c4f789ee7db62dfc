/** `npm run build`: compiled JavaScript in dist/, which runs without type stripping, and the tracker. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { extname } from 'node:path';

rmSync('dist', { recursive: true, force: true });
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// pages, styles and pictures stand beside the code that serves them
cpSync('src', 'dist', { recursive: true, filter: (path) => extname(path) !== '.ts' });
execFileSync(process.execPath, ['client/build.ts'], { stdio: 'inherit' });
console.log('dist/ is built: node dist/main.js serve');
