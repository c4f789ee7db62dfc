/**
 * Builds the parts from a configuration and joins the rooms: each is handed what it needs of its neighbours as
 * functions, so no room knows another.
 */
import type { App } from './app/instance.ts';
import { createOperator } from './app/operator.ts';
import type { Runtime } from './app/runtime.ts';
import { recordSamples } from './app/samples.ts';
import { createServing } from './app/serving.ts';
import { startWarnings } from './app/start-warnings.ts';
import { openStore } from './app/store.ts';
import { createPrimary } from './app/workers/primary.ts';
import { createWorker } from './app/workers/worker.ts';
import type { Config } from './config/fields.ts';
import { listeningUrl } from './http/listening-url.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

export type AppDeps = { log: Logger; clock: Clock; runtime: Runtime };

/** The whole of it in one process; with WORKERS the part of it that this process has. */
export async function createApp(config: Config, deps: AppDeps): Promise<App> {
  const { fork, parent } = deps.runtime;
  if (parent !== undefined) return createWorker(config, { ...deps, parent });
  for (const warning of startWarnings(config)) deps.log.warn(warning);
  if (config.workers > 1 && fork !== undefined) return createPrimary(config, { ...deps, fork });
  return createAlone(config, deps);
}

async function createAlone(config: Config, { log, clock, runtime }: AppDeps): Promise<App> {
  const metrics = createMetrics({ processMetrics: config.metricsEnabled });
  const store = await openStore(config, { clock, log, metrics, runtime });
  const serving = createServing(config, { clock, log, metrics, store });
  let siteUrl: string | null = null;
  const operator = config.metricsEnabled
    ? createOperator(config, {
        ...{ clock, log, metrics, store },
        readiness: serving.readiness,
        snapshots: async () => [],
        siteUrl: () => siteUrl,
      })
    : null;

  return {
    async listen() {
      const admin = operator && listeningUrl(await operator.listen());
      siteUrl = await serving.listen();
      if (config.testMode) void recordSamples(config, { clock, log, metrics, store });
      return { site: siteUrl, admin };
    },
    reload() {
      store.reload();
      serving.reload();
    },
    async close() {
      await serving.close();
      await store.close();
      await operator?.close();
    },
  };
}
