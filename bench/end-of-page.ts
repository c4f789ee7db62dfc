/**
 * What the proof of a page's end costs: CPU for each 100 KB of HTML, beside the tokenizer without its fast lane,
 * parse5, and a bare search through the text that proves nothing. Candidates take turns; the median counts.
 *
 *     node bench/end-of-page.ts [folder of HTML pages]
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'parse5';
import { createEndState } from '../src/inject/end-of-page/end-state.ts';
import { PlainTags } from '../src/inject/end-of-page/plain-tags.ts';
import { Tokenizer } from '../src/inject/end-of-page/tokenizer.ts';
import { Tree } from '../src/inject/end-of-page/tree.ts';

const ROUNDS = 9;
const WARM_UP = 3;
const UNIT_BYTES = 100_000;
const [folder = '/usr/share/doc/python3.11/html'] = process.argv.slice(2);

const pages = globSync('**/*.html', { cwd: folder }).map((name) => readFileSync(join(folder, name)));
const samples = pages.filter(({ length }) => length > 0.7 * UNIT_BYTES && length < 1.4 * UNIT_BYTES);
if (samples.length === 0)
  throw new Error(`no pages of about 100 KB in ${folder}: name a folder that has some`);
const units = samples.reduce((sum, { length }) => sum + length, 0) / UNIT_BYTES;

function proof(page: Buffer): boolean {
  const endState = createEndState();
  endState.write(page);
  return endState.takesSnippet();
}

function tokenizerAlone(page: Buffer): boolean {
  const tree = new Tree();
  const tokenizer = new Tokenizer(tree);
  const text = page.toString('latin1');
  for (let i = 0; i < text.length && !tree.doubt; ) i += tokenizer.read(text.slice(i));
  return tree.takesSnippet();
}

/** The share of a page that the fast lane does not read. */
function leftToTokenizer(page: Buffer): number {
  const tree = new Tree();
  const tokenizer = new Tokenizer(tree);
  const plainTags = new PlainTags(tree);
  let left = 0;
  for (let i = 0; i < page.length && !tree.doubt; ) {
    if (tokenizer.inData()) i = plainTags.read(page, i);
    if (plainTags.content !== 'data' && tokenizer.inData()) tokenizer.openRaw(plainTags.element);
    if (i === page.length) break;
    const read = tokenizer.read(page.toString('latin1', i));
    left += read;
    i += read;
  }
  return left / page.length;
}

const CANDIDATES: Record<string, (page: Buffer) => unknown> = {
  'proof of the end': proof,
  'the tokenizer alone': tokenizerAlone,
  parse5: (page) => parse(page.toString('latin1')),
  'a search, which proves nothing': (page) => page.toString('latin1').lastIndexOf('<no-such-tag'),
};

const measured = new Map<string, number[]>(Object.keys(CANDIDATES).map((name) => [name, []]));
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(CANDIDATES)) {
    const before = process.cpuUsage();
    for (const page of samples) work(page);
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) measured.get(name)!.push((user + system) / units);
  }
}

const median = (costs: number[]) => costs.toSorted((a, b) => a - b)[costs.length >> 1]!;
console.log(
  `${samples.length} pages, node ${process.version}, CPU for 100 KB of HTML, median of ${ROUNDS} rounds\n`,
);
for (const [name, costs] of measured)
  console.log(`${name.padEnd(32)}${median(costs).toFixed(0).padStart(7)} µs`);

const took = pages.filter(proof).length;
const shares = pages.map(leftToTokenizer);
console.log(`\n${took} of all ${pages.length} pages get the snippet;`);
console.log(`${(100 * median(shares)).toFixed(1)} % of a page (median) is left to the tokenizer`);
