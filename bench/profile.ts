/**
 * Where gotrack's CPU time goes in one of the works: started alone with V8's profiler, warmed up, loaded. Prints the
 * costliest functions by their own time.
 *
 *   node bench/profile.ts forward-1kb [seconds]
 *
 * The profile itself stays in ./NAME.cpuprofile, for a browser's developer tools.
 */
import { copyFileSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../test/support/temp.ts';
import { FORWARD } from './forward.ts';
import { LARGE } from './growth.ts';
import { HTML } from './html.ts';
import { SECURE } from './secure.ts';
import type { Bench } from './support/bench.ts';
import { startCandidate } from './support/candidates.ts';
import { pinLoad } from './support/machine.ts';
import { startSite } from './support/site.ts';
import { costOf, type Work, warm } from './support/work.ts';
import { echoWork, withEchoServer } from './websocket.ts';

const TOP = 15;

/** The part of V8's format that is read here. */
type Frame = { functionName: string; url: string; lineNumber: number };
type Profile = {
  nodes: { id: number; callFrame: Frame; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
};

/** Microseconds of each function by itself, most first; waiting is left out. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): [name: string, micros: number][] {
  const names = namesOf(nodes);
  const times = new Map<string, number>();
  for (const [n, id] of samples.entries()) {
    const name = names.get(id)!;
    times.set(name, (times.get(name) ?? 0) + timeDeltas[n]!);
  }
  times.delete('(idle)');
  return [...times].toSorted(([, a], [, b]) => b - a);
}

/** What is native, such as a write to a socket, bears the name of the function of ours that led to it. */
function namesOf(nodes: Profile['nodes']): Map<number, string> {
  const names = new Map<number, string>();
  const parents = new Map(
    nodes.flatMap((parent) => (parent.children ?? []).map((id) => [id, parent] as const)),
  );
  for (const { id, callFrame } of nodes) {
    let caller = callFrame.url === '' ? parents.get(id) : undefined;
    while (caller !== undefined && !isOurs(caller.callFrame)) caller = parents.get(caller.id);
    const own = nameOf(callFrame);
    names.set(id, caller === undefined ? own : `${own} ← ${nameOf(caller.callFrame)}`);
  }
  return names;
}

const isOurs = ({ url }: Frame) => url.includes('/src/');

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const file = url.replace(/^file:\/\/.*\/(?=(?:src|node_modules)\/)/, '');
  return file === '' ? functionName : `${functionName || 'anonymous'} ${file}:${lineNumber + 1}`;
}

async function profile(work: Work, bench: Bench): Promise<void> {
  const folder = join(bench.folder, 'profile');
  const options = `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${folder}`;
  const setting = work.setting(bench);
  const variables = { ...setting.variables, NODE_OPTIONS: options };
  const gotrack = await startCandidate('gotrack', bench.folder, {
    setting: { ...setting, variables },
    peer: bench.peer,
  });
  try {
    await warm(work, gotrack);
    const cost = await costOf(work, gotrack, bench.seconds);
    console.log(`${work.name}: ${cost.toFixed(1)} µs a request while profiled`);
  } finally {
    await gotrack.stop();
  }
  const [file] = globSync('*.cpuprofile', { cwd: folder });
  copyFileSync(join(folder, file!), `${work.id}.cpuprofile`);
  print(selfTimes(JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Profile));
}

function print(times: [string, number][]): void {
  const total = times.reduce((sum, [, micros]) => sum + micros, 0);
  for (const [name, micros] of times.slice(0, TOP)) {
    console.log(`${((micros / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
  }
}

const [id, seconds = '5'] = process.argv.slice(2);
await withEchoServer(async (echo) => {
  const sets = [FORWARD, SECURE, HTML, LARGE].map((works) => Object.values<Work>(works));
  const works = [...sets.flat(), echoWork(echo)];
  const work = works.find((one) => one.id === id);
  if (work === undefined) throw new Error(`which one? ${works.map((one) => one.id).join(', ')}`);
  pinLoad();
  const folder = tempFolder();
  const site = await startSite(folder.path);
  try {
    await profile(work, {
      folder: folder.path,
      site,
      rounds: 1,
      seconds: Number(seconds),
      peer: 'http-proxy',
    });
  } finally {
    await site.stop();
    folder.remove();
  }
});
