/** The load: wrk for HTTP/1.1 and TLS, h2load for HTTP/2. Each resolves with the requests that were answered. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from '../../test/support/needs.ts';

const run = promisify(execFile);

/** Where to get them. */
const PACKAGES = { wrk: 'wrk', h2load: 'nghttp2-client' };

export type WrkOptions = {
  connections: number;
  seconds: number;
  headers?: readonly string[];
  /** A Lua file, and what its `init` gets. */
  script?: { file: string; args: readonly string[] };
};

export async function wrk(url: string, options: WrkOptions): Promise<number> {
  const { connections, seconds, headers = [], script } = options;
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, ...headers.flatMap((line) => ['-H', line])];
  const scripted = script === undefined ? [url] : ['-s', script.file, url, '--', ...script.args];
  const { stdout } = await run(programOf('wrk'), [...args, ...scripted]);
  const bad = /Non-2xx or 3xx responses: \d+|Socket errors: .*(?:read|write|connect) [1-9].*/.exec(stdout);
  if (bad !== null) throw new Error(`${url}: ${bad[0]}`);
  return Number(/(\d+) requests in/.exec(stdout)![1]);
}

export type H2Options = { connections: number; streams: number; seconds: number };

export async function h2load(url: string, { connections, streams, seconds }: H2Options): Promise<number> {
  const args = ['-t1', `-c${connections}`, `-m${streams}`, `-D${seconds}`, url];
  const { stdout } = await run(programOf('h2load'), args);
  const [, done, succeeded] = /(\d+) done, (\d+) succeeded/.exec(stdout) ?? [];
  if (done === undefined || done !== succeeded || done === '0') throw new Error(`${url}: ${stdout}`);
  return Number(done);
}

function programOf(name: keyof typeof PACKAGES): string {
  const path = findProgram(name);
  if (path === null) throw new Error(`${name} is not on this machine (Debian: ${PACKAGES[name]})`);
  return path;
}
