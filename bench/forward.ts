/**
 * CPU for a forwarded request, beside a real nginx that forwards the same: 1 KB, 64 KB and 10 MB, keep-alive, 64
 * connections, candidates in turn, median of the rounds. Needs nginx and wrk (Debian: nginx-light, wrk) and Linux.
 *
 *   node bench/forward.ts [rounds]
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startGotrack, TEST_SECRET } from '../test/support/gotrack-process.ts';
import { findProgram } from '../test/support/needs.ts';
import { startNginx } from '../test/support/nginx.ts';
import { tempFolder } from '../test/support/temp.ts';

const ROUNDS = Number(process.argv[2] ?? 3);
const SECONDS = 4;
const CONNECTIONS = 64;
/** /proc counts in hundredths of a second. */
const TICK_US = 10_000;
const FILES = { '1 KB': 1024, '64 KB': 64 * 1024, '10 MB': 10 * 1024 * 1024 };
const PROXY_PORT = 19_871;

type Candidate = { name: string; url: string; pid: number };

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Microseconds of CPU a request; the 10 MB row has few of them, so its spread is wide. */
function measure({ url, pid }: Candidate, file: string): number {
  const before = cpuTicks(pid);
  const load = [`-c${CONNECTIONS}`, '-t1', `-d${SECONDS}s`, `${url}/${file}`];
  const said = execFileSync(findProgram('wrk')!, load, { encoding: 'utf8' });
  const requests = Number(/(\d+) requests in/.exec(said)![1]);
  return ((cpuTicks(pid) - before) * TICK_US) / requests;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function startNginxProxy(
  origin: string,
  folder: string,
): Promise<Candidate & { stop(): Promise<void> }> {
  const configuration = join(folder, 'proxy.conf');
  writeFileSync(
    configuration,
    `daemon off; worker_processes 1; pid ${folder}/proxy.pid; error_log stderr error;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000;
  upstream origin { server ${origin.replace('http://', '')}; keepalive 256; keepalive_requests 1000000; }
  server { listen 127.0.0.1:${PROXY_PORT};
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; } } }`,
  );
  const child = spawn(findProgram('nginx')!, ['-c', configuration, '-p', folder, '-e', 'stderr']);
  await pause(500);
  const worker = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' });
  const stop = async () => {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  };
  return { name: 'nginx', url: `http://127.0.0.1:${PROXY_PORT}`, pid: Number(worker), stop };
}

const folder = tempFolder();
const root = join(folder.path, 'www');
mkdirSync(root);
for (const bytes of Object.values(FILES)) writeFileSync(join(root, `${bytes}.bin`), randomBytes(bytes));
const origin = await startNginx(root);
const nginx = await startNginxProxy(origin.url, folder.path);
const gotrack = await startGotrack({
  FORWARD_DESTINATION: origin.url,
  HMAC_SECRET: TEST_SECRET,
  JOURNAL_DIR: join(folder.path, 'journal'),
  LOG_PATH: join(folder.path, 'events.ndjson'),
});
const ours: Candidate = { name: 'gotrack', url: gotrack.site, pid: gotrack.pid };

console.log('| body | nginx µs | gotrack µs | ratio (each round) |\n|---|---|---|---|');
for (const [label, bytes] of Object.entries(FILES)) {
  const rounds = Array.from({ length: ROUNDS }, () =>
    [nginx, ours].map((one) => measure(one, `${bytes}.bin`)),
  );
  const ratios = rounds.map(([theirs, own]) => own! / theirs!);
  const [theirs, own] = [0, 1].map((side) => median(rounds.map((round) => round[side]!)).toFixed(1));
  const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
  console.log(`| ${label} | ${theirs} | ${own} | **${median(ratios).toFixed(2)}** (${each}) |`);
}

await gotrack.stop();
await nginx.stop();
await origin.stop();
folder.remove();
