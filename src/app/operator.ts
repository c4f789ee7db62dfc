/** The operator's side: the metrics listener with the live view, and the gauges that are read when asked for. */
import type { AddressInfo } from 'node:net';
import { createAdmin } from '../admin/admin.ts';
import type { Config } from '../config/fields.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { METRICS, type Metrics } from '../telemetry/metrics.ts';
import { mergeSnapshots, pageOf, type Snapshot, totalsBy } from '../telemetry/snapshots.ts';
import type { ReadinessAnswer } from './readiness.ts';
import type { OwnStore } from './store.ts';

export type OperatorDeps = {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  store: Pick<OwnStore, 'deadLetterBytes' | 'journalBytes' | 'report' | 'subscribe'>;
  readiness(): ReadinessAnswer;
  /** The metrics of the other processes of this instance (WORKERS). */
  snapshots(): Promise<Snapshot[]>;
  siteUrl(): string | null;
};

export type Operator = {
  listen(): Promise<AddressInfo>;
  close(): Promise<void>;
};

export function createOperator(config: Config, deps: OperatorDeps): Operator {
  const { clock, log, metrics, readiness, store, siteUrl } = deps;
  const { host, port } = config.metricsAddr;
  return createAdmin(
    { host, port, allowedHosts: config.metricsHosts },
    {
      clock,
      metrics: { contentType: metrics.contentType, text: () => scrape(deps) },
      readiness,
      counters: () => countersOf(deps),
      subscribe: store.subscribe,
      siteUrl,
      onFault: (cause) => {
        metrics.faults.inc({ room: 'admin' });
        log.error({ err: cause }, 'a fault of ours on the metrics listener');
      },
    },
  );
}

/** Gauges are set when somebody looks: nothing has to run for them while nobody does. */
async function scrape({ metrics, store, snapshots }: OperatorDeps): Promise<string> {
  metrics.journalBytes.set(store.journalBytes());
  metrics.deadLetterBytes.set(store.deadLetterBytes());
  for (const [sink, { lag_events, lag_s }] of Object.entries(store.report().sinks)) {
    if (lag_events !== null) metrics.queueDepth.set({ sink }, lag_events);
    if (lag_s !== null) metrics.lagSeconds.set({ sink }, lag_s);
  }
  const others = await snapshots();
  return others.length === 0 ? metrics.text() : pageOf([await metrics.snapshot(), ...others]);
}

async function countersOf({ metrics, snapshots }: OperatorDeps) {
  const all = await mergeSnapshots([await metrics.snapshot(), ...(await snapshots())]);
  const requests = Object.values(totalsBy(all, METRICS.httpRequests.name, 'endpoint'));
  return {
    requests: requests.reduce((sum, value) => sum + value, 0),
    injections: totalsBy(all, METRICS.injections.name, 'outcome'),
    rejections: totalsBy(all, METRICS.rejections.name, 'reason'),
  };
}
