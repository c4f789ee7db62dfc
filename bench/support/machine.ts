/**
 * What a figure needs of the machine: the CPU time and memory of a process, and two cores kept apart, so that
 * the load and the origin do not push the candidate out of its cache. Linux only: all of it is read in /proc.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { findProgram } from '../../test/support/needs.ts';

/** USER_HZ: /proc counts in hundredths of a second. */
const TICK_US = 10_000;
const LOAD_CORE = '0';
const CANDIDATE_CORE = '1';

/** All cores count, not those that this process was left with. */
const canPin = () => cpus().length >= 2 && findProgram('taskset') !== null;

/** utime + stime of all threads, in microseconds. */
export function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Resident memory, in MB of 2^20 bytes. */
export function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Number(kilobytes) / 1024;
}

/** This process and all that it starts from now on share a core: the load, the origin, the bookkeeping. */
export function pinLoad(): void {
  pin(process.pid, LOAD_CORE);
}

/** Every thread of a candidate moves to the core that is its own. */
export function pinCandidate(pid: number): void {
  pin(pid, CANDIDATE_CORE);
}

function pin(pid: number, core: string): void {
  if (canPin()) execFileSync(findProgram('taskset')!, ['-a', '-c', '-p', core, String(pid)]);
}

export function describeMachine(): string {
  const [first] = cpus();
  const pinned = canPin() ? 'candidate on a core of its own' : 'nothing pinned: one core, or no taskset';
  return `${cpus().length} × ${first!.model.trim()}, Node ${process.version}, ${nginxVersion()}, ${pinned}`;
}

/** nginx tells its version on standard error. */
function nginxVersion(): string {
  const { stderr } = spawnSync(findProgram('nginx')!, ['-v'], { encoding: 'utf8' });
  return /nginx\/[\d.]+/.exec(stderr)?.[0].replace('/', ' ') ?? 'nginx';
}
