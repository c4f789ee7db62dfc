import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildTracker } from '../build.ts';

const script = join(import.meta.dirname, '../dist/tracker.js');

test('the script is plain ASCII that can stand in a script element', async () => {
  await buildTracker();
  const text = readFileSync(script, 'latin1');
  assert.match(text, /^[\n -~]+$/);
  assert.doesNotMatch(text, /<\/script|<script|<!--/i);
  assert.equal(text, text.trim());
});

test('the script is within its budget', async () => {
  await buildTracker();
  assert.ok(gzipSync(readFileSync(script), { level: 9 }).length <= 5 * 1024);
});

test('tracker.json tells of the script that stands beside it', async () => {
  const facts = await buildTracker();
  const bytes = readFileSync(script);
  const digest = createHash('sha256').update(bytes).digest();
  assert.deepEqual(JSON.parse(readFileSync(join(script, '../tracker.json'), 'utf8')), facts);
  assert.equal(facts.sha256, digest.toString('base64'));
  assert.equal(facts.version, digest.toString('hex').slice(0, 8));
  assert.equal(facts.bytes, bytes.length);
});

test('nothing is built again while nothing has changed', async () => {
  await buildTracker();
  const before = statSync(script).mtimeMs;
  await buildTracker();
  assert.equal(statSync(script).mtimeMs, before);
});
