/**
 * The first process of an instance with WORKERS: it has the journal, the sinks, the metrics listener and the live
 * view, and no visitor ever reaches it. A worker that dies takes nothing with it that was accepted: the answer to
 * an event is sent when this process has it on the disk.
 */
import type { Config } from '../../config/fields.ts';
import { listeningUrl } from '../../http/listening-url.ts';
import { UNAVAILABLE } from '../../journal/append-queue.ts';
import { sleep } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import type { App } from '../instance.ts';
import { createOperator } from '../operator.ts';
import { type Phase, readinessOf } from '../readiness.ts';
import type { Runtime } from '../runtime.ts';
import { recordSamples } from '../samples.ts';
import { type OwnStore, openStore } from '../store.ts';
import { claimPort } from './claim-port.ts';
import type { StoreStatus, ToPrimary, ToWorker, WorkerProcess } from './messages.ts';
import { createPool } from './pool.ts';

export type PrimaryDeps = { log: Logger; clock: Clock; runtime: Runtime; fork: () => WorkerProcess };

/** How old what a worker says in `/readyz` may be. */
const STATUS_EVERY_MS = 500;
/** On top of DRAIN_MS. */
const STOP_PATIENCE_MS = 1000;

export async function createPrimary(config: Config, deps: PrimaryDeps): Promise<App> {
  const { clock, log, runtime, fork } = deps;
  const metrics = createMetrics({ processMetrics: config.metricsEnabled });
  const store = await openStore(config, { clock, log, metrics, runtime });
  let phase: Phase = 'starting';
  let siteUrl: string | null = null;
  let port = config.serverAddr.port;
  const status = (): StoreStatus => ({ fill: store.fill(), report: store.report() });
  const pool = createPool(
    { workers: config.workers, stopMs: config.drainMs + STOP_PATIENCE_MS },
    {
      ...{ fork, clock, log, sleep },
      random: Math.random,
      greeting: () => ({ kind: 'begin', port, store: status() }),
      append: (message) => appendAll(store, message),
    },
  );
  const operator = config.metricsEnabled
    ? createOperator(config, {
        ...{ clock, log, metrics, store, snapshots: pool.snapshots },
        readiness: () => readinessOf({ phase, ...store.report(), strict: config.readySinks === 'all' }),
        siteUrl: () => siteUrl,
      })
    : null;
  const telling = setInterval(() => pool.broadcast({ kind: 'status', store: status() }), STATUS_EVERY_MS);

  return {
    async listen() {
      const admin = operator && listeningUrl(await operator.listen());
      port = await claimPort(config.serverAddr);
      siteUrl = await pool.start();
      phase = 'serving';
      if (config.testMode) void recordSamples(config, { clock, log, metrics, store });
      return { site: siteUrl, admin };
    },
    reload() {
      store.reload();
      pool.broadcast({ kind: 'reload' });
    },
    async close() {
      phase = 'draining';
      await pool.close();
      clearInterval(telling);
      await store.close();
      await operator?.close();
    },
  };
}

async function appendAll(
  store: Pick<OwnStore, 'append'>,
  { id, lengths, bytes }: ToPrimary & { kind: 'append' },
): Promise<ToWorker> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const cut = (length: number) => {
    at += length;
    return all.subarray(at - length, at);
  };
  const appends = lengths.map((each) => store.append(each.map(cut)).catch(() => UNAVAILABLE));
  return { kind: 'appended', id, outcomes: await Promise.all(appends) };
}
