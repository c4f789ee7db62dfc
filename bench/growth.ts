/** How the cost grows: of a request, from 64 to 1,024 connections; of a KB of HTML, from 100 KB to 5 MB. */
import { FORWARD } from './forward.ts';
import { HTML, samePage, settingOf } from './html.ts';
import { type Bench, type Benchmark, runBenchmarks, takeTurns, withCandidates } from './support/bench.ts';
import type { Candidate } from './support/candidates.ts';
import { wrk } from './support/load.ts';
import { LARGE_PAGE_BYTES, PAGE_BYTES } from './support/pages.ts';
import { FILES, fileOf } from './support/site.ts';
import type { Asked, Row } from './support/table.ts';
import { costOf, type Work, warm } from './support/work.ts';

type Growth = {
  name: string;
  from: Work;
  to: Work;
  /** How much more work a request of `to` is, by itself. */
  scale: number;
  /** By part 3 and in the end. */
  asked: Asked;
};

export const MANY_CONNECTIONS = 1_024;

const crowded: Work = {
  ...FORWARD.small,
  load: ({ url }, seconds) => wrk(url + fileOf(FILES['1 KB']), { connections: MANY_CONNECTIONS, seconds }),
};

const pages = (kind: string, from: Work, to: Work): Growth => ({
  name: `growth of a KB of HTML from 100 KB to 5 MB, ${kind}`,
  ...{ from, to, scale: LARGE_PAGE_BYTES / PAGE_BYTES, asked: { own: 1 } },
});

const LARGE_IDENTITY = samePage('/identity/large.html', { id: 'html-large', name: 'HTML 5 MB, identity' });
const LARGE_GZIP = samePage('/gzip/large.html', { id: 'gzip-large', name: 'HTML 5 MB, gzip' });
export const LARGE = [LARGE_IDENTITY, LARGE_GZIP];
/** A page of 5 MB is looked at as it streams by, known or not: one of 100 KB that does the same is its like. */
const STREAMED_IDENTITY: Work = {
  ...HTML.identity,
  setting: settingOf('identity', { INJECT_BUFFER_BYTES: String(64 << 10) }),
};

const GROWTHS: Growth[] = [
  {
    name: 'growth of a request from 64 to 1,024 connections',
    ...{ from: FORWARD.small, to: crowded, scale: 1, asked: { own: 1.5 } },
  },
  pages('identity', STREAMED_IDENTITY, LARGE_IDENTITY),
  // Likewise, but for gzip the new page is nearer to it than a known one that streams.
  pages('gzip', HTML.gzipNew, LARGE_GZIP),
];

async function measure(bench: Bench, { name, from, to, scale, asked }: Growth): Promise<Row> {
  const costs: string[] = [];
  const grown = async (candidate: Candidate) => {
    const [small, large] = [
      await costOf(from, candidate, bench.seconds),
      await costOf(to, candidate, bench.seconds),
    ];
    costs.push(`${candidate.name} ${small.toFixed(0)} → ${large.toFixed(0)}`);
    return large / small / scale;
  };
  return withCandidates(bench, from.setting(bench), async ({ candidates, absent }) => {
    for (const candidate of candidates) for (const work of [from, to]) await warm(work, candidate);
    const rounds = await takeTurns(candidates, bench.rounds, grown);
    const note = `µs a request: ${costs.join(', ')}`;
    return { work: name, unit: '×', rounds, absent, note, byPart3: asked, inTheEnd: asked };
  });
}

export const growth: Benchmark = async (bench) => {
  const rows: Row[] = [];
  for (const one of GROWTHS) rows.push(await measure(bench, one));
  return rows;
};

if (import.meta.main) await runBenchmarks([growth]);
