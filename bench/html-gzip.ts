/**
 * What the snippet in a whole gzip page costs: CPU for each 100 KB of HTML, recoded, spliced, and spliced when
 * the page is known; beside the parts of each. Candidates take turns, and the median of the rounds counts.
 *
 *     node bench/html-gzip.ts [folder of HTML pages]
 */
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { GZIP } from '../src/inject/codec.ts';
import { createPageKey, PAGE_KEY_BYTES } from '../src/inject/page-key.ts';
import { type PageFacts, placeInPage } from '../src/inject/page-text.ts';
import { recodeWhole } from '../src/inject/recode-whole.ts';
import { createSnippet } from '../src/inject/snippet.ts';
import { createTails } from '../src/inject/splice/ending.ts';
import { inflateGzip } from '../src/inject/splice/inflate.ts';
import { createKnownPages } from '../src/inject/splice/known-pages.ts';
import { createGzipEditor, type GzipPage } from '../src/inject/whole-gzip.ts';

const ROUNDS = 7;
const UNIT_BYTES = 100_000;
const [folder = '/usr/share/doc/python3.11/html'] = process.argv.slice(2);

type Sample = { text: Buffer; gzip: Buffer };

/** Pages of about 100 KB, as a server sends them: at its usual level. */
function readSamples(): Sample[] {
  const texts = globSync('**/*.html', { cwd: folder }).map((name) => readFileSync(join(folder, name)));
  return texts
    .filter(({ length }) => length > 0.7 * UNIT_BYTES && length < 1.4 * UNIT_BYTES)
    .map((text) => ({ text, gzip: gzipSync(text, { level: constants.Z_DEFAULT_COMPRESSION }) }));
}

const samples = readSamples();
if (samples.length === 0)
  throw new Error(`no pages of about 100 KB in ${folder}: name a folder that has some`);
const units = samples.reduce((sum, { text }) => sum + text.length, 0) / UNIT_BYTES;

const snippet = createSnippet({
  script: readFileSync('client/dist/tracker.js', 'latin1'),
  pathPrefix: '',
  collectUrl: '',
  identity: 'visitor',
  trackHash: false,
  frames: false,
  consentRequired: false,
  injectAt: 'tail',
});
const parts = {
  script: {
    nonce: null,
    personal: {
      token: 't'.repeat(120),
      key: 'k'.repeat(43),
      now: 1_700_000_000_000,
      ttl: 3600,
      session: 's',
    },
  },
  pixel: {
    proof: `${'d'.repeat(36)}.${'m'.repeat(11)}`,
    scheme: 'https',
    host: 'shop.example',
    target: '/p?x=1',
  },
};
const facts: PageFacts = { contentType: 'text/html; charset=utf-8', shown: true };
const page: GzipPage = {
  facts,
  place: 'tail',
  obey: () => [],
  snippet: () => snippet.render(parts),
  snippetStart: () => Buffer.from(snippet.renderStart(parts), 'latin1'),
};

const tails = createTails(snippet.rest);
const pageKey = createPageKey(randomBytes(PAGE_KEY_BYTES));
const editKnown = createGzipEditor(tails, pageKey, createKnownPages(4 * samples.length));
/** Remembers two pages at most, and none of these comes again so soon. */
const editNew = createGzipEditor(tails, pageKey, createKnownPages(2));

function recode({ gzip }: Sample): Buffer {
  const edit = recodeWhole(GZIP, gzip, page);
  if (edit.kind !== 'edited') throw new Error('not editable');
  return edit.body;
}

const CANDIDATES: Record<string, (sample: Sample) => unknown> = {
  recode,
  'splice, new page': ({ gzip }) => editNew(gzip, page),
  'splice, known page': ({ gzip }) => editKnown(gzip, page),
  '  part: inflate and walk': ({ gzip }) => inflateGzip(gzip),
  '  part: proof of the end': ({ text }) => placeInPage(text, facts),
  '  part: hash': ({ gzip }) => pageKey(gzip, facts),
  '  part: deflate at 4': ({ text }) => gzipSync(text, { level: 4 }),
  '  zlib inflates': ({ gzip }) => gunzipSync(gzip),
};

function cpuMicroseconds(work: (sample: Sample) => unknown): number {
  const before = process.cpuUsage();
  for (const sample of samples) work(sample);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / units;
}

const measured = new Map<string, number[]>(Object.keys(CANDIDATES).map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(CANDIDATES)) {
    const cost = cpuMicroseconds(work);
    if (round >= 0) measured.get(name)!.push(cost); // the first one warms up
  }
}

const median = (costs: number[]) => costs.toSorted((a, b) => a - b)[costs.length >> 1]!;
const base = median(measured.get('recode')!);
console.log(
  `${samples.length} pages, node ${process.version}, CPU for 100 KB of HTML, median of ${ROUNDS} rounds\n`,
);
for (const [name, costs] of measured) {
  const cost = median(costs);
  console.log(
    `${name.padEnd(28)}${cost.toFixed(0).padStart(7)} µs${(cost / base).toFixed(2).padStart(8)} × recode`,
  );
}
