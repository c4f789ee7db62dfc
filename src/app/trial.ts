/**
 * An instance for a trial: the same configuration on a free port of this machine, with a journal and a log in a
 * temporary folder that goes away with it. It says of each page what was done (DEBUG_HEADERS).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../app.ts';
import type { Config } from '../config/fields.ts';
import { LOG_OUTPUT } from '../config/outputs.ts';
import { sleep } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { createLog } from '../telemetry/log.ts';

export type Trial = {
  readonly port: number;
  /** Whether the event with this id came out of the sink, within a few seconds. */
  delivered(eventId: string): Promise<boolean>;
  close(): Promise<void>;
};

const DELIVERY_MS = 5000;
const LOOK_EVERY_MS = 20;
const DRAIN_MS = 500;

/** Rejects where no folder can be made or no port be had. */
export async function startTrial(config: Config, { clock }: { clock: Clock }): Promise<Trial> {
  const folder = await mkdtemp(join(tmpdir(), 'gotrack-doctor-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const logPath = join(folder, 'events.ndjson');
  try {
    const app = await createApp(trialConfig(config, { folder, logPath }), {
      log: createLog({ level: 'silent' }),
      clock,
      runtime: { owner: 'gotrack doctor', writeOut: (_bytes, done) => done() },
    });
    const close = () => app.close().finally(removeFolder);
    try {
      const { site } = await app.listen();
      return { port: Number(new URL(site).port), delivered: (id) => isInFile(logPath, id), close };
    } catch (cause) {
      await close();
      throw cause;
    }
  } catch (cause) {
    await removeFolder();
    throw cause;
  }
}

function trialConfig(config: Config, { folder, logPath }: { folder: string; logPath: string }): Config {
  return {
    ...config,
    serverAddr: { host: '127.0.0.1', port: 0 },
    // In the clear: nobody but us comes.
    enableHttps: false,
    keyPair: undefined,
    // Where a proxy before us is trusted, doctor stands in for it.
    trustProxy: config.trustProxy === false ? false : ['127.0.0.1'],
    metricsEnabled: false,
    testMode: false,
    debugHeaders: true,
    drainMs: DRAIN_MS,
    journalDir: join(folder, 'journal'),
    outputs: [LOG_OUTPUT],
    logPath,
  };
}

async function isInFile(path: string, text: string): Promise<boolean> {
  for (let waited = 0; waited < DELIVERY_MS; waited += LOOK_EVERY_MS) {
    const content = await readFile(path, 'utf8').catch(() => ''); // not there yet
    if (content.includes(text)) return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}
