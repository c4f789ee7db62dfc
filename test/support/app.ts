/** The whole app in this process, from an environment as a user writes it, before an origin of the test's. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { tempFolder } from './temp.ts';

export type TestApp = {
  readonly port: number;
  readonly url: string;
  /** The NDJSON of its events. */
  readonly logPath: string;
  close(): Promise<void>;
};

/** Throws where the configuration is none. */
export async function startApp(originUrl: string, env: Record<string, string> = {}): Promise<TestApp> {
  const folder = tempFolder();
  const logPath = join(folder.path, 'events.ndjson');
  const loaded = loadConfig({
    env: {
      SERVER_ADDR: '127.0.0.1:0',
      FORWARD_DESTINATION: originUrl,
      HMAC_SECRET: `${randomUUID()}${randomUUID()}`,
      JOURNAL_DIR: join(folder.path, 'journal'),
      LOG_PATH: logPath,
      DRAIN_MS: '100',
      ...env,
    },
    flags: {},
    readFile: () => {
      throw new Error('no files here');
    },
    now: Date.now,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const log = createLog({ level: 'silent' });
  const runtime = { owner: `test ${process.pid}`, writeOut: () => {} };
  const app = await createApp(loaded.config, { log, clock: systemClock, runtime });
  const { site } = await app.listen();
  return {
    port: Number(new URL(site).port),
    url: site,
    logPath,
    close: async () => {
      await app.close();
      folder.remove();
    },
  };
}
