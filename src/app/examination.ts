/** From a configuration to what the room `doctor` looks at. */
import { randomBytes, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { type Config, settingsOf } from '../config/fields.ts';
import type { Output } from '../config/outputs.ts';
import type { DeadLetterFile, Examination, Machine, SinkProbe } from '../doctor/examination.ts';
import { createLogProbe } from '../doctor/log-probe.ts';
import { createOriginSide } from '../doctor/origin-side.ts';
import type { PageAddress } from '../doctor/page-address.ts';
import { createProbe } from '../doctor/probe.ts';
import { createPublicSide } from '../doctor/public-side.ts';
import { createServerProbe } from '../doctor/server-probe.ts';
import { createTrialSide } from '../doctor/trial-side.ts';
import { journalHolder } from '../journal/lock.ts';
import type { Clock } from '../lib/clock.ts';
import { nodeFs } from '../lib/fs.ts';
import { readLines } from '../lib/read-lines.ts';
import { readLetter } from '../sinks/dead-letters.ts';
import { createLog } from '../telemetry/log.ts';
import { deadLetterPathOf } from './dead-letter-path.ts';
import { tokensOf } from './secrets.ts';
import { createSink } from './sinks.ts';
import { startTrial } from './trial.ts';

export type ExaminationFacts = {
  readonly page: PageAddress;
  /** The address by which an instance should see this machine; null: nobody said it. */
  readonly ownAddress: string | null;
  readonly version: string;
};

export type ExaminationDeps = {
  readonly clock: Clock;
  /** Ends every request. */
  readonly signal: AbortSignal;
};

const REQUEST_MS = 10_000;
const MIB = 2 ** 20;

/** Whoever calls this closes `trial` at the end. */
export function createExamination(
  config: Config,
  { page, ownAddress, version }: ExaminationFacts,
  { clock, signal }: ExaminationDeps,
): Examination {
  const userAgent = `Mozilla/5.0 (compatible; gotrack-doctor/${version})`;
  const tracker = readFileSync(new URL('../../client/dist/tracker.js', import.meta.url), 'latin1');
  const probe = createProbe({ timeoutMs: REQUEST_MS, signal }, { clock });
  const trusts = config.trustProxy !== false;
  const machine = machineOf(clock);
  return {
    ...{ config, page, ownAddress, tracker, machine },
    origin: createOriginSide(
      { ...originOf(config), forwardedProto: trusts ? page.scheme : 'http', userAgent },
      page,
      probe,
    ),
    trial: createTrialSide({ trusts, userAgent }, page, {
      probe,
      start: () => startTrial(config, { clock }),
    }),
    outside: page.live
      ? createPublicSide({ pathPrefix: config.pathPrefix, userAgent, tracker }, page, probe)
      : null,
    tokens: tokensOf(config, clock).tokens,
    sinks: config.outputs.map((output) => sinkProbe(output, config, machine)),
    deadLetters: deadLetterFile(deadLetterPathOf(config)),
  };
}

function originOf({ forwardDestination, originCa, originCert, originKey, hostHeader }: Config) {
  const { protocol, hostname, port, socketPath, basePath, text } = forwardDestination!;
  const place = { protocol, hostname, port, socketPath, ca: originCa, cert: originCert, key: originKey };
  return { place, basePath, text, hostHeader };
}

/** A log is tried beside its file; a server is asked what a start would ask, and makes what a start would make. */
function sinkProbe(output: Output, config: Config, machine: Machine): SinkProbe {
  const { kind, name } = output;
  if (kind === 'log') {
    const { logBackups, logPath, logRotateMb } = settingsOf(config, output);
    return createLogProbe(
      { name, path: logPath, wantedBytes: logRotateMb * MIB * (1 + logBackups) },
      machine,
    );
  }
  const { sink } = createSink(output, config, {
    clock: machine.clock,
    log: createLog({ level: 'silent' }),
    runtime: { owner: 'gotrack doctor', writeOut: (_bytes, done) => done() },
  });
  return createServerProbe(sink, machine.clock);
}

function deadLetterFile(path: string): DeadLetterFile {
  return {
    path,
    async *read() {
      for await (const { bytes, isWhole } of readLines(nodeFs, path)) {
        const letter = readLetter(bytes);
        // A last line that is not whole was never kept: its event comes again.
        if (letter.ok || isWhole) yield letter.ok ? letter : null;
      }
    },
  };
}

function machineOf(clock: Clock): Machine {
  return {
    fs: nodeFs,
    freeBytes: async (folder) => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
    addresses: () =>
      Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
    resolve: async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address),
    journalHolder,
    clock,
    random48: () => randomBytes(6).readUIntBE(0, 6),
    uuid: () => randomUUID(),
  };
}
