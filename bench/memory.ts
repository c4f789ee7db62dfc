/** Resident memory of a process that was just started and does nothing, and its most with 1,024 busy connections. */
import { setTimeout as pause } from 'node:timers/promises';
import { FORWARD } from './forward.ts';
import { MANY_CONNECTIONS } from './growth.ts';
import { HTML } from './html.ts';
import { type Bench, type Benchmark, runBenchmarks, withCandidates } from './support/bench.ts';
import type { Candidate, Setting } from './support/candidates.ts';
import { wrk } from './support/load.ts';
import { residentMegabytes } from './support/machine.ts';
import { FILES, fileOf } from './support/site.ts';
import { addTo, type Rounds, type Row } from './support/table.ts';

const SETTLE_MS = 3_000;
const SAMPLE_MS = 50;

async function mostWhile({ pid }: Candidate, work: Promise<unknown>): Promise<number> {
  let most = 0;
  const sampler = setInterval(() => {
    most = Math.max(most, residentMegabytes(pid));
  }, SAMPLE_MS);
  await work.finally(() => clearInterval(sampler));
  return most;
}

/** Each round starts them anew: memory that was used once is not given back. */
async function measure(
  bench: Bench,
  setting: Setting,
  path: string,
): Promise<{ idle: Rounds; busy: Rounds }> {
  const found: { idle: Rounds; busy: Rounds } = { idle: {}, busy: {} };
  for (let round = 0; round < bench.rounds; round++) {
    await withCandidates(bench, setting, async ({ candidates }) => {
      await pause(SETTLE_MS);
      for (const candidate of candidates) {
        addTo(found.idle, candidate.name, residentMegabytes(candidate.pid));
        const load = wrk(candidate.url + path, { connections: MANY_CONNECTIONS, seconds: bench.seconds });
        addTo(found.busy, candidate.name, await mostWhile(candidate, load));
      }
    });
  }
  return found;
}

const row = (work: string, rounds: Rounds, own: number): Row => ({
  ...{ work, unit: 'MB', rounds },
  ...{ byPart3: { own }, inTheEnd: { own } },
});

export const memory: Benchmark = async (bench) => {
  const files = await measure(bench, FORWARD.small.setting(bench), fileOf(FILES['1 KB']));
  const pages = await measure(bench, HTML.gzipKnown.setting(bench), '/gzip/page.html');
  return [
    row('memory, idle', files.idle, 120),
    row('memory, 1,024 connections, 1 KB', files.busy, 250),
    row('memory, 1,024 connections, HTML 100 KB', pages.busy, 250),
  ];
};

if (import.meta.main) await runBenchmarks([memory]);
