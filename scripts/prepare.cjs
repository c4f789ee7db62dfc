/*
 * Runs before `npm start` and `npm test`, on whatever node the machine has (plain old JavaScript, no imports of
 * ours): installs what package-lock.json names where that has not been done, and builds the tracker and the loops in
 * WebAssembly where their sources are newer. The install brings a pinned node for Linux; elsewhere the machine's own must
 * be new enough.
 */
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const lock = path.join(root, 'package-lock.json');
const stamp = path.join(root, 'node_modules', '.gotrack-installed');

function say(text) {
  process.stderr.write(`gotrack: ${text}\n`);
}

function run(command, args, hint) {
  const shell = process.platform === 'win32';
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (result.status === 0) return;
  say(result.error ? `${command}: ${result.error.message}` : `\`${command} ${args.join(' ')}\` failed`);
  say(hint);
  process.exit(1);
}

function isInstalled() {
  return fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === fs.readFileSync(lock, 'utf8');
}

if (!isInstalled()) {
  say('installing what package-lock.json names (npm ci), about a minute the first time …');
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], 'is the npm registry in reach?');
  fs.writeFileSync(stamp, fs.readFileSync(lock, 'utf8'));
  say('installed');
}

const pinned = path.join(root, 'node_modules', '.bin', 'node');
const node = fs.existsSync(pinned) ? pinned : process.execPath;
const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout || '';
const [major, minor] = version.slice(1).split('.').map(Number);
if (!(major > 24 || (major === 24 && minor >= 18))) {
  say(`node 24.18 or newer is needed, this machine has ${version.trim() || 'none that starts'}.`);
  say('Install it from nodejs.org or by your package manager, then run this command again.');
  process.exit(1);
}

run(node, ['client/build.ts'], 'the tracker did not build: see above');
run(node, ['scripts/build-loops.ts'], 'the loops in WebAssembly did not build: see above');
