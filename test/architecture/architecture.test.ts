import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { violationsIn } from './rules.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}/`, import.meta.url));

test('the house keeps its rules', () => {
  assert.deepEqual(violationsIn(fileURLToPath(new URL('../../', import.meta.url))), []);
});

const CASES: [name: string, violation: RegExp][] = [
  ['room-imports-room', /proxy\/forward\.ts imports src\/inject\/eligible\.ts: a room imports no room/],
  ['leaf-imports-room', /lib\/clock\.ts imports src\/journal\/journal\.ts: a leaf imports no room/],
  ['leaf-order', /lib\/text\.ts imports src\/http\/raw-headers\.ts: the leaf lib stands before http/],
  ['loop', /import loop: src\/edge\/handle\.ts → src\/edge\/route\.ts → src\/edge\/handle\.ts/],
  ['reads-env', /proxy\/forward\.ts uses process\.env/],
  ['client-shares', /client\/src\/send\.ts imports src\/lib\/backoff\.ts: client shares only/],
  ['app-imported', /proxy\/forward\.ts imports src\/app\.ts: only main and cli import app/],
];

for (const [name, violation] of CASES) {
  test(`the rules catch ${name.replaceAll('-', ' ')}`, () => {
    const found = violationsIn(fixture(name));
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0]!, violation);
  });
}

test('the rules pass a tree that keeps them', () => {
  assert.deepEqual(violationsIn(fixture('good')), []);
});
