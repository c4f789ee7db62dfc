/**
 * What a candidate adds to a request of 1 KB at 1,000 requests a second, sent whether or not others were answered:
 * the median less that straight to the origin in the same round. The 99th hundredth is told whole: what is left of it
 * after a subtraction is mostly chance.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bench, type Benchmark, plainSetting, runBenchmarks, withCandidates } from './support/bench.ts';
import { FILES, fileOf } from './support/site.ts';
import { addTo, type Rounds, type Row } from './support/table.ts';

const RATE = 1_000;
const PROGRAM = join(import.meta.dirname, 'support', 'open-loop.ts');
const run = promisify(execFile);

/** Microseconds. */
type Latency = { p50: number; p99: number };

async function latencyOf(url: string, seconds: number): Promise<Latency> {
  const target = url + fileOf(FILES['1 KB']);
  const { stdout } = await run(process.execPath, [PROGRAM, target, String(RATE), String(seconds)]);
  return JSON.parse(stdout) as Latency;
}

async function measure(bench: Bench): Promise<{ p50: Rounds; p99: Rounds; straight: Latency[] }> {
  const [added, whole]: [Rounds, Rounds] = [{}, {}];
  const straight: Latency[] = [];
  await withCandidates(bench, plainSetting(bench.site.url), async ({ candidates }) => {
    for (const { url } of candidates) await latencyOf(url, bench.seconds); // warm
    for (let round = 0; round < bench.rounds; round++) {
      const base = await latencyOf(bench.site.url, bench.seconds);
      straight.push(base);
      for (const { name, url } of candidates) {
        const { p50, p99 } = await latencyOf(url, bench.seconds);
        addTo(added, name, p50 - base.p50);
        addTo(whole, name, p99);
      }
    }
  });
  return { p50: added, p99: whole, straight };
}

const row = (work: string, rest: Omit<Row, 'work' | 'unit'>): Row => ({ work, unit: 'µs', ...rest });

export const latency: Benchmark = async (bench) => {
  const { p50, p99, straight } = await measure(bench);
  const said = (name: keyof Latency) =>
    `straight to the origin ${straight.map((one) => one[name]).join(' ')} µs`;
  const [half, worst] = [{ own: 300 }, { xHttpProxy: 1 }];
  return [
    row('added latency at 1,000/s, p50', { rounds: p50, note: said('p50'), byPart3: half, inTheEnd: half }),
    row('latency at 1,000/s, p99, whole', {
      rounds: p99,
      note: said('p99'),
      byPart3: worst,
      inTheEnd: worst,
    }),
  ];
};

if (import.meta.main) await runBenchmarks([latency]);
