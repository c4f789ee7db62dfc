/** Who takes turns: nginx, http-proxy and gotrack, each a process of its own in front of the same origin. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startGotrack, TEST_SECRET } from '../../test/support/gotrack-process.ts';
import { pinCandidate } from './machine.ts';
import { startNginxCandidate } from './nginx.ts';
import type { PeerOptions } from './peer-process.ts';

export const NAMES = ['nginx', 'http-proxy', 'gotrack'] as const;
export type Name = (typeof NAMES)[number];

export type Setting = {
  /** Where the candidates forward to. */
  origin: string;
  /** Files; `http2` chooses the server that http-proxy gets, the others speak both. */
  tls: { key: string; cert: string; http2: boolean } | null;
  /** Whether the tracker is inserted, and into what. gotrack always looks at HTML. */
  html: 'no' | 'identity' | 'gzip';
  /** More of gotrack's variables. */
  variables?: Record<string, string>;
};

export type Candidate = {
  name: Name;
  url: string;
  /** Of the one process that does the work. */
  pid: number;
  /** Where gotrack's metrics are. */
  admin: string | null;
  stop(): Promise<unknown>;
};

/** Why one of them could not take part. */
export type Absent = { name: Name; absent: string };

export type PeerModule = PeerOptions['module'];

export async function startCandidate(
  name: Name,
  folder: string,
  { setting, peer }: { setting: Setting; peer: PeerModule },
): Promise<Candidate> {
  const own = join(folder, name);
  const candidate = await STARTS[name](own, setting, peer);
  pinCandidate(candidate.pid);
  return candidate;
}

const STARTS = {
  nginx: startNginxCandidate,
  'http-proxy': (_folder: string, setting: Setting, module: PeerModule) => startPeer({ module, setting }),
  gotrack: startGotrackCandidate,
};

async function startPeer(options: PeerOptions): Promise<Candidate> {
  const program = join(import.meta.dirname, 'peer-process.ts');
  const child = fork(program, [JSON.stringify(options)], { execArgv: ['--no-deprecation'] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const scheme = options.setting.tls === null ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${port}`;
  return { name: 'http-proxy', url, pid: child.pid!, admin: null, stop: () => end(child) };
}

/** As a user starts it: tracking on, log sink, metrics, all limits at their defaults. */
async function startGotrackCandidate(folder: string, setting: Setting): Promise<Candidate> {
  const { origin, tls, variables } = setting;
  const gotrack = await startGotrack({
    FORWARD_DESTINATION: origin,
    HMAC_SECRET: TEST_SECRET,
    JOURNAL_DIR: join(folder, 'journal'),
    LOG_PATH: join(folder, 'events.ndjson'),
    METRICS_ENABLED: 'true',
    ...(tls === null ? {} : { ENABLE_HTTPS: 'true', SSL_CERT_FILE: tls.cert, SSL_KEY_FILE: tls.key }),
    ...variables,
  });
  const url = gotrack.site.replace(/^https?/, tls === null ? 'http' : 'https');
  return { name: 'gotrack', url, pid: gotrack.pid, admin: gotrack.admin, stop: gotrack.stop };
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
