/** What the benchmarks share: the arguments, the origin, and candidates that take turns. */
import { parseArgs } from 'node:util';
import { tempFolder } from '../../test/support/temp.ts';
import {
  type Absent,
  type Candidate,
  NAMES,
  type Name,
  type PeerModule,
  type Setting,
  startCandidate,
} from './candidates.ts';
import { describeMachine, pinLoad } from './machine.ts';
import { type Site, startSite } from './site.ts';
import { addTo, type Rounds, type Row, tableOf } from './table.ts';

export type Bench = {
  folder: string;
  site: Site;
  rounds: number;
  /** Of load, for one candidate in one round. */
  seconds: number;
  peer: PeerModule;
};

export type Benchmark = (bench: Bench) => Promise<Row[]>;

/** Runs benchmarks one after the other against one origin, and prints one table. */
export async function runBenchmarks(benchmarks: readonly Benchmark[]): Promise<void> {
  const { rounds, seconds, peer } = readArguments();
  pinLoad();
  const folder = tempFolder();
  const site = await startSite(folder.path);
  try {
    const bench = { folder: folder.path, site, rounds, seconds, peer };
    const rows: Row[] = [];
    for (const benchmark of benchmarks) rows.push(...(await runOne(benchmark, bench)));
    console.log(`${new Date().toISOString().slice(0, 10)}, ${describeMachine()}, ${peer},`);
    console.log(`${rounds} rounds of ${seconds} s each\n\n${tableOf(rows)}`);
  } finally {
    await site.stop();
    folder.remove();
  }
}

/** What fails is told, and the others are measured all the same. */
async function runOne(benchmark: Benchmark, bench: Bench): Promise<Row[]> {
  try {
    const rows = await benchmark(bench);
    console.error(rows.map(({ work }) => `measured: ${work}`).join('\n'));
    return rows;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
    return [];
  }
}

function readArguments(): { rounds: number; seconds: number; peer: PeerModule } {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      peer: { type: 'string', default: 'http-proxy' },
    },
  });
  if (values.peer !== 'http-proxy' && values.peer !== 'http-proxy-3')
    throw new Error('--peer is http-proxy or http-proxy-3');
  return { rounds: Number(values.rounds), seconds: Number(values.seconds), peer: values.peer };
}

export type Started = { candidates: Candidate[]; absent: Absent | null };

/** Starts all of them, hands them over, and stops them. One that does not start is absent, with its reason. */
export async function withCandidates<T>(
  bench: Bench,
  setting: Setting,
  use: (started: Started) => Promise<T>,
): Promise<T> {
  const candidates: Candidate[] = [];
  let absent: Absent | null = null;
  const folder = tempFolder();
  try {
    for (const name of NAMES) {
      const started = await start(name, folder.path, { setting, peer: bench.peer });
      if ('absent' in started) absent = started;
      else candidates.push(started);
    }
    return await use({ candidates, absent });
  } finally {
    for (const candidate of candidates) await candidate.stop();
    folder.remove();
  }
}

async function start(
  name: Name,
  folder: string,
  options: { setting: Setting; peer: PeerModule },
): Promise<Candidate | Absent> {
  try {
    return await startCandidate(name, folder, options);
  } catch (error) {
    // What this version does not speak yet is no reason to measure nothing else.
    if (name !== 'gotrack' || options.setting.tls === null) throw error;
    return { name, absent: `no TLS in this version (${(error as Error).message.split('\n').join(' ')})` };
  }
}

/** A value of each candidate in each round, in turn. */
export async function takeTurns(
  candidates: readonly Candidate[],
  rounds: number,
  measure: (candidate: Candidate) => Promise<number>,
): Promise<Rounds> {
  const measured: Rounds = {};
  for (let round = 0; round < rounds; round++) {
    for (const candidate of candidates) addTo(measured, candidate.name, await measure(candidate));
  }
  return measured;
}

export const plainSetting = (origin: string): Setting => ({ origin, tls: null, html: 'no' });
