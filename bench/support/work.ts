/** Work whose cost is CPU time a request. */
import { type Bench, type Benchmark, type Started, takeTurns, withCandidates } from './bench.ts';
import type { Candidate, Setting } from './candidates.ts';
import { cpuMicros } from './machine.ts';
import { outcomesOf, sayOutcomes } from './outcomes.ts';
import type { Asked, Row } from './table.ts';

export type Work = {
  /** For the command line. */
  id: string;
  name: string;
  setting(bench: Bench): Setting;
  /** Loads it and resolves with the requests that were answered. */
  load(candidate: Candidate, seconds: number): Promise<number>;
  /** Throws where the candidate does not do what is to be measured. */
  check?(candidate: Candidate): Promise<void>;
  byPart3?: Asked;
  inTheEnd?: Asked;
};

const WARM_SECONDS = 2;
/** A compiler that works beside the first ten thousand requests costs each of them half as much again. */
const WARM_REQUESTS = 10_000;
const WARM_LOADS = 4;

/** Microseconds of CPU a request. */
export async function costOf(work: Work, candidate: Candidate, seconds: number): Promise<number> {
  const before = cpuMicros(candidate.pid);
  const requests = await work.load(candidate, seconds);
  return (cpuMicros(candidate.pid) - before) / requests;
}

/** Checks it and lets its just-in-time compiler see the work. */
export async function warm(work: Work, candidate: Candidate): Promise<void> {
  await work.check?.(candidate);
  let requests = 0;
  for (let loads = 0; loads < WARM_LOADS && requests < WARM_REQUESTS; loads++) {
    requests += await work.load(candidate, WARM_SECONDS);
  }
}

export const measureWorks =
  (works: readonly Work[]): Benchmark =>
  async (bench) => {
    const rows: Row[] = [];
    for (const work of works) {
      rows.push(await withCandidates(bench, work.setting(bench), (started) => measure(bench, work, started)));
    }
    return rows;
  };

async function measure(bench: Bench, work: Work, { candidates, absent }: Started): Promise<Row> {
  const { name, byPart3, inTheEnd } = work;
  for (const candidate of candidates) await warm(work, candidate);
  const before = await outcomesOf(candidates);
  const rounds = await takeTurns(candidates, bench.rounds, (one) => costOf(work, one, bench.seconds));
  const note = sayOutcomes(before, await outcomesOf(candidates));
  return { work: name, unit: 'µs', rounds, absent, note, byPart3, inTheEnd };
}
